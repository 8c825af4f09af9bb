import assert from "node:assert/strict";
import { LastAddresses } from "../../cli/get/last_addresses.ts";
import type { Carrier } from "../../cli/client/carrier.ts";

const carrierTo = (remote: string) => ({ rows: [{ remote }] }) as unknown as Carrier;

Deno.test("LastAddresses gives what was good while name servers are silent or say no, once it is known", async () => {
  const asked: string[] = [];
  let answer: () => Promise<readonly string[] | undefined> = () => Promise.resolve(undefined);
  const addresses = new LastAddresses((hostname) => {
    asked.push(hostname);
    return answer();
  });
  assert.equal(await addresses.of("h.example"), undefined);
  assert.deepEqual(asked, [], "the library looks up what is not known");
  addresses.take("h.example", carrierTo("192.0.2.7:443"));
  addresses.take("six.example", carrierTo("[2001:db8::7]:443"));
  addresses.take("tcp.example", { rows: [] });
  assert.equal(await addresses.of("h.example"), "192.0.2.7");
  assert.equal(await addresses.of("six.example"), "2001:db8::7");
  assert.equal(await addresses.of("tcp.example"), undefined);
  answer = () => Promise.reject(new Error("no such host"));
  assert.equal(await addresses.of("h.example"), "192.0.2.7");
  answer = () => Promise.resolve(["192.0.2.8"]);
  assert.equal(await addresses.of("h.example"), undefined, "what is looked up counts");
});
