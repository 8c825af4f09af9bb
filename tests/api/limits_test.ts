import assert from "node:assert/strict";
import {
  exemptPrefixes,
  ledgerLimits,
  type PeerLimits,
} from "../../src/api/options/limit_options.ts";
import { CLIENT_DEFAULTS } from "../../src/connection/config.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { SystemRandom } from "../../src/io/random.ts";
import { SERVER_LIMITS } from "../../src/limits/limits.ts";
import { ORDINARY_GROUPS } from "../sim/pair.ts";
import { dialHere, listenHere } from "./loopback.ts";

Deno.test("A listener refuses more connections than its limits allow, and counts them", async () => {
  await using listener = listenHere({ limits: { connections: { total: 2 } } });
  assert.deepEqual(listener.stats.connections, { held: 0, peak: 0, refused: 0, evicted: 0 });
  await using first = await dialHere(listener);
  await using second = await dialHere(listener);
  await assert.rejects(dialHere(listener), (error) => {
    assert.ok(error instanceof TransportError);
    assert.equal(error.code, ErrorCode.ConnectionRefused);
    return true;
  });
  const { connections, handshakes, retriesSent } = listener.stats;
  // A ClientHello may take two datagrams, and each is answered.
  assert.ok(connections.refused >= 1 && connections.refused <= 2);
  assert.deepEqual({ ...connections, refused: 0 }, { held: 2, peak: 2, refused: 0, evicted: 0 });
  assert.equal(handshakes.held, 0);
  assert.ok(retriesSent >= 1, "who could make somebody go proves its address first");
  assert.notEqual(first, second);
});

Deno.test("Limits of connections are those of an address, unless it is a balancer's", async () => {
  const limits = { connections: { perAddress: 1 } };
  {
    await using listener = listenHere({ limits });
    await using _first = await dialHere(listener);
    await assert.rejects(dialHere(listener), { code: ErrorCode.ConnectionRefused });
  }
  await using listener = listenHere({ limits, exemptNetworks: ["127.0.0.0/8"] });
  await using _first = await dialHere(listener);
  await using second = await dialHere(listener);
  assert.equal(second.protocol, "echo");
});

Deno.test("Handshakes that are not complete take no place of connections that wait to be accepted", async () => {
  await using listener = listenHere({ exemptNetworks: ["127.0.0.1"] });
  const attack = 280;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  for (const datagram of firstDatagrams(attack)) {
    await socket.send(datagram, listener.addrs[0]!);
    // The receiver's buffer holds a few of them only.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  socket.close();
  assert.ok(listener.stats.handshakes.held > 260, `${listener.stats.handshakes.held}`);
  await using connection = await dialHere(listener);
  const refused = connection.closed.then(({ reason }) => assert.fail(`closed: ${reason}`));
  refused.catch(() => {});
  await using accepted = await Promise.race([listener.accept(), refused]);
  assert.equal(accepted.remoteAddr.port, connection.paths[0]!.localAddr.port);
});

/** What clients say first that say nothing more. */
function firstDatagrams(count: number): Uint8Array[] {
  const port = {
    address: { transport: "udp", hostname: "127.0.0.1", port: 1 } as const,
    buffer: new Uint8Array(1_500),
  };
  const endpoint = new Endpoint({ random: new SystemRandom(), wallTime: () => 0 });
  return Array.from({ length: count }, () => {
    const tls = { serverName: "server.test", alpn: ["echo"], groups: ORDINARY_GROUPS };
    const connection = endpoint.connect(
      { transport: CLIENT_DEFAULTS, tls: { ...tls, verification: "insecure" } },
      port,
      port.address,
      0,
    );
    const { size } = connection.transmit(0)!;
    return port.buffer.slice(0, size);
  });
}

Deno.test("Limits that are left out stay as they are, and others must be numbers from 1 on", () => {
  assert.deepEqual(ledgerLimits(), SERVER_LIMITS);
  const limits = ledgerLimits({ files: { total: 5 }, bytes: { perAddress: Infinity } });
  assert.deepEqual(limits.files, { ...SERVER_LIMITS.files, total: 5 });
  assert.deepEqual(limits.bytes, { ...SERVER_LIMITS.bytes, perAddress: Infinity });
  assert.deepEqual(limits.connections, SERVER_LIMITS.connections);
  for (const value of [0, -1, NaN]) {
    assert.throws(() => ledgerLimits({ connections: { total: value } }), {
      name: "TypeError",
      message: `Cannot use ${value} for limits.connections.total: it must be a number from 1 on`,
    });
  }
  assert.throws(() => ledgerLimits({ conections: {} } as PeerLimits), {
    name: "TypeError",
    message: "Cannot limit conections: it must be one of bytes, files, handshakes, connections",
  });
});

Deno.test("Networks that cannot be read are named", () => {
  assert.equal(exemptPrefixes(["192.0.2.0/24", "2001:db8::/32", "10.1.2.3"]).length, 3);
  for (const text of ["192.0.2.0/33", "balancer.example", ""]) {
    assert.throws(() => exemptPrefixes(["10.0.0.0/8", text]), {
      name: "TypeError",
      message:
        `Cannot exempt "${text}": write a network as an address and its bits, such as 192.0.2.0/24`,
    });
  }
});
