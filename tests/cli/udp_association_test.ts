import assert from "node:assert/strict";
import type { Gateway } from "../../cli/proxy/gateway.ts";
import { UdpAssociation } from "../../cli/proxy/udp_association.ts";
import { ProxyError } from "../../src/proxy/proxy_client.ts";
import { within } from "../http3/raw_peer.ts";

const HOSTNAME = "127.0.0.1";

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A datagram of a program to the last byte of 192.0.2.0/24. */
function datagramTo(host: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0, 0, 0, 1, 192, 0, 2, host, 0, 9, 7);
}

Deno.test("the gateway is asked once, not for each datagram, where it refuses a host", async () => {
  const asked: string[] = [];
  const connectUdp = (target: string) => {
    asked.push(target);
    return Promise.reject(new ProxyError(403, "gw; error=destination_ip_prohibited"));
  };
  const gateway = { connectUdp } as unknown as Gateway;
  const association = new UdpAssociation(HOSTNAME, HOSTNAME, gateway, () => {});
  const program = Deno.listenDatagram({ transport: "udp", hostname: HOSTNAME, port: 0 });
  const to = { transport: "udp", hostname: HOSTNAME, port: association.port } as const;
  const until = async (count: number) => {
    while (asked.length < count) await pause(5);
  };
  await program.send(datagramTo(1), to);
  await within(until(1));
  const start = performance.now();
  for (let i = 0; i < 10; i++) {
    await program.send(datagramTo(1), to);
    await pause(5);
  }
  await program.send(datagramTo(2), to); // comes behind them
  await within(until(2));
  assert.deepEqual(asked, ["192.0.2.1:9", "192.0.2.2:9"]);
  // Later the host is asked for again.
  const knock = setInterval(() => program.send(datagramTo(1), to), 50);
  await within(until(3));
  clearInterval(knock);
  assert.equal(asked[2], "192.0.2.1:9");
  assert.ok(performance.now() - start > 1_500);
  association.close();
  program.close();
});
