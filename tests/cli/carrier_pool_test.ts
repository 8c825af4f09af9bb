import assert from "node:assert/strict";
import type { Carrier } from "../../cli/client/carrier.ts";
import { CarrierPool } from "../../cli/get/carrier_pool.ts";

Deno.test("CarrierPool opens one connection in the place of one that has ended, and closes it", async () => {
  const url = new URL("https://localhost/");
  const open = new Set<number>();
  let made = 0;
  const pool = new CarrierPool((): Promise<Carrier> => {
    const number = made++;
    open.add(number);
    return Promise.resolve({
      protocolOf: () => "HTTP/3",
      rows: [],
      get isOpen() {
        return open.has(number);
      },
      send: () => Promise.reject(new Error("not asked")),
      [Symbol.asyncDispose]: () => Promise.resolve(void open.delete(number)),
    });
  });
  await pool.carrierFor(url);
  open.clear(); // the server has closed it
  const [one, other] = await Promise.all([pool.carrierFor(url), pool.carrierFor(url)]);
  assert.equal(one, other);
  assert.deepEqual([pool.count, made], [2, 2]);
  await pool[Symbol.asyncDispose]();
  assert.deepEqual([...open], []);
});
