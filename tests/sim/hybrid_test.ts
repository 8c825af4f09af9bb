import { makeDevelopmentCertificate } from "../../src/io/development_certificate.ts";
import assert from "node:assert/strict";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";
import { Credential } from "../../src/tls/credential.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";
import { linkOf, Pair } from "./pair.ts";

const { X25519, X25519MlKem768 } = NamedGroup;
/** What clients offer by default; other simulations spare themselves the second datagram. */
const DEFAULT = { groups: undefined };

/** Client datagrams of a handshake are dropped by index; the others pass. */
function dropFromClient(pair: Pair, indices: readonly number[]): void {
  let count = 0;
  const port = pair.clientPorts[0]!;
  const send = port.send.bind(port);
  port.send = (size, to) => {
    if (indices.includes(count++)) port.onSendError = () => {};
    send(size, to);
    port.onSendError = undefined;
  };
}

Deno.test("X25519MLKEM768 is what both ends agree on, in two round trips like the others", () => {
  const pair = new Pair({ clientTls: DEFAULT });
  pair.start();
  const transfer = pair.client.app.download(1_000);
  pair.run({ until: 1_000, when: () => transfer.isDone });
  assert.equal(pair.client.connection.handshake.tls.group, X25519MlKem768);
  assert.ok(transfer.duration < 95, `${transfer.duration} ms`);
});

Deno.test("A server without X25519MLKEM768 takes the share beside it, and loses no time", () => {
  const pair = new Pair({ clientTls: DEFAULT, serverTls: { groups: [X25519] } });
  pair.start();
  pair.run({ until: 1_000, when: () => pair.client.has("handshakeCompleted") });
  assert.equal(pair.client.connection.handshake.tls.group, X25519);
  assert.ok(pair.now < 50, `${pair.now} ms`);
});

Deno.test("A client without X25519MLKEM768 is served as well", () => {
  const pair = new Pair({ clientTls: { groups: [X25519] } }).connect();
  assert.equal(pair.server.connection.handshake.tls.group, X25519);
});

// RFC 9000, Section 8.1: both datagrams of the ClientHello count, and nothing else.
Deno.test("A server stays within three times what the ClientHello brought", async () => {
  const { certPem } = await makeDevelopmentCertificate(["other.test"], { keyType: "RSA-2048" });
  const credential = Credential.fromPem(TEST_CERTIFICATE + certPem.repeat(14), TEST_KEY);
  const pair = new Pair({
    clientTls: { ...DEFAULT, compressions: [] },
    serverTls: { credential: () => credential },
  });
  let received = 0;
  let sent = 0;
  pair.world.network.capture = (_time, event, from, _to, data) => {
    if (from.port === 443 && event === "send") {
      sent += data.length;
      if (!pair.server.connection.paths.find(0)!.current.validated) {
        assert.ok(sent <= 3 * received, `${sent} for ${received}`);
      }
    } else if (from.port !== 443 && event === "deliver") received += data.length;
  };
  pair.start();
  pair.run({ until: 32 });
  assert.equal(received, 2_400);
  assert.ok(sent > 6_000, `${sent}`);
  pair.run({ until: 2_000 });
  const { handshake, closing } = pair.client.connection;
  assert.ok(handshake.confirmed, closing.reason?.reason);
  assert.ok(sent > 8_500);
});

Deno.test("Either datagram of the ClientHello may be lost, or both may come the wrong way round", () => {
  for (const lost of [[0], [1], [0, 1], [0, 2], [1, 2, 3]]) {
    const pair = new Pair({ clientTls: DEFAULT });
    dropFromClient(pair, lost);
    pair.start();
    pair.run({ until: 10_000, when: () => pair.client.has("handshakeCompleted") });
    assert.ok(pair.client.has("handshakeCompleted"), `${lost}`);
  }
  for (let seed = 1; seed <= 20; seed++) {
    const link = linkOf(10, 40, { reorder: 0.5, reorderDelay: 15, keepOrder: false });
    new Pair({ seed, links: [link], clientTls: DEFAULT }).connect();
  }
});

Deno.test("50 of 50 handshakes succeed although 30 % of all datagrams are lost", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const pair = new Pair({ seed, links: [linkOf(10, 30, { loss: 0.3 })], clientTls: DEFAULT });
    pair.start();
    const transfer = pair.client.app.download(1_024);
    pair.run({ until: 60_000, when: () => transfer.isDone });
    assert.ok(transfer.isDone, `seed ${seed}`);
  }
});
