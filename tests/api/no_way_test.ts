import assert from "node:assert/strict";
import { TransportError } from "../../src/error/quic_error.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { moreTelling } from "../../src/api/close_error.ts";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { mayFallBackToTcp } from "../../src/http3/client/tcp_fallback.ts";
import type { NativeMode } from "../../src/io/native/native_mode.ts";
import { within } from "../http3/raw_peer.ts";

/** No system sends from loopback of IPv6 to an address of IPv4. */
const local = "::1";
const nowhere = "::ffff:192.0.2.1";
const LONG = 60_000;

/** What comes of connecting to addresses, all on one port. */
async function failureOf(
  hostnames: readonly string[],
  port: number,
  options: { native: NativeMode; handshakeTimeout: number },
): Promise<Error & { cause?: unknown }> {
  const remoteAddresses = hostnames.map((hostname) =>
    ({ transport: "udp", hostname, port }) as const
  );
  const connecting = MultipathConnection.connect({
    hostname: hostnames[0]!,
    port,
    alpnProtocols: ["x"],
    insecure: true,
    paths: [{ localAddress: local, remoteAddresses }],
    ...options,
  });
  return await within(connecting.then(() => assert.fail("it connects"), (error) => error), 20_000);
}

for (const native of ["auto", "off"] as const) {
  const sockets = native === "auto" ? "sockets of the system" : "sockets of the runtime";
  Deno.test(`dial() fails at once where the system has no way, with ${sockets}`, async () => {
    const error = await failureOf([nowhere], 443, { native, handshakeTimeout: LONG });
    assert.ok(error instanceof TransportError, `${error}`);
    assert.equal(error.code, ErrorCode.NoViablePath);
    assert.match(
      error.message,
      /^Cannot reach ::ffff:192\.0\.2\.1: this machine has no way there now$/,
    );
    assert.match((error.cause as Error).message, /unreachable/);
    assert.ok(mayFallBackToTcp(error), "TCP may have a way");
  });

  Deno.test(`dial() waits for the addresses to which there is a way, with ${sockets}`, async () => {
    const silent = Deno.listenDatagram({ transport: "udp", hostname: local, port: 0 });
    const { port } = silent.addr as Deno.NetAddr;
    const error = await failureOf([nowhere, local], port, { native, handshakeTimeout: 1_500 });
    assert.equal(error.name, "TimeoutError", "silence says more");
    silent.close();
  });
}

Deno.test("of two failures, that there is no way says the least", () => {
  const noWay = new TransportError(ErrorCode.NoViablePath, "no way");
  const silence = new DOMException("late", "TimeoutError");
  assert.equal(moreTelling(undefined, noWay), noWay);
  assert.equal(moreTelling(noWay, silence), silence);
  assert.equal(moreTelling(silence, noWay), silence);
});
