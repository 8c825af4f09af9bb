import assert from "node:assert/strict";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { Level } from "../../src/crypto/level.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";
import { writeRetryRequest } from "../../src/tls/message/server_hello.ts";
import { assertAgreed, failure } from "./outcome.ts";
import { credentialFor, Pair, Recorder, storeFor } from "./pair.ts";

const suites = Object.values(CipherSuite);
const groups = Object.values(NamedGroup);

Deno.test("Handshake.receive() completes for every suite, group and kind of key", () => {
  for (const keyType of ["P-256", "P-384", "Ed25519", "RSA-2048"] as const) {
    for (const suite of suites) {
      for (const group of groups) {
        const pair = new Pair({
          keyType,
          client: { suites: [suite], groups: [group] },
          server: { groups },
        })
          .run();
        assertAgreed(pair);
        assert.equal(pair.client.suite, suite);
        assert.equal(pair.server.group, group);
        assert.equal(pair.client.group, group);
        assert.equal(pair.client.isResumed, false);
      }
    }
  }
});

Deno.test("Handshake.receive() completes when bytes come one at a time", () => {
  assertAgreed(new Pair({ chunk: 1 }).run());
  assertAgreed(new Pair({ chunk: 7, client: { groups } }).run());
});

Deno.test("ServerTls chooses by its own preference", () => {
  const server = { suites: [CipherSuite.Aes256GcmSha384, CipherSuite.Aes128GcmSha256] };
  assert.equal(new Pair({ server }).run().client.suite, CipherSuite.Aes256GcmSha384);
  assert.equal(new Pair().run().client.suite, CipherSuite.ChaCha20Poly1305Sha256);
});

Deno.test("ServerTls goes by its engine, but a client that likes ChaCha20 best has its way", () => {
  const { Aes128GcmSha256: aes, ChaCha20Poly1305Sha256: chaCha } = CipherSuite;
  const suiteFor = (client: readonly number[], server: readonly number[], wish?: number[]) =>
    new Pair({ client: { suites: client }, server: { engineSuites: server, suites: wish } })
      .run().client.suite;
  assert.equal(suiteFor([CipherSuite.Aes256GcmSha384, chaCha, aes], [aes, chaCha]), aes);
  assert.equal(suiteFor([aes, chaCha], [chaCha, aes]), chaCha);
  assert.equal(suiteFor([0x1304, chaCha, aes], [aes, chaCha]), chaCha);
  assert.equal(suiteFor([chaCha, aes], [aes]), aes);
  assert.equal(suiteFor([chaCha, aes], [chaCha, aes], [aes, chaCha]), aes);
});

Deno.test("ServerTls asks for another key share when none fits", () => {
  for (const group of [NamedGroup.P256, NamedGroup.P384, NamedGroup.X25519MlKem768]) {
    for (const suite of suites) {
      const pair = new Pair({
        client: { groups: [NamedGroup.X25519, group], suites: [suite] },
        server: { groups: [group] },
      }).run();
      assertAgreed(pair);
      assert.equal(pair.server.group, group);
    }
  }
});

Deno.test("ServerTls takes the share at hand before the group it likes best", () => {
  const pair = new Pair({ server: { groups: [NamedGroup.P256, NamedGroup.X25519] } }).run();
  assert.equal(pair.server.group, NamedGroup.X25519);
  const both = new Pair({
    client: { shares: 2, groups: [NamedGroup.X25519, NamedGroup.P256] },
    server: { groups: [NamedGroup.P256, NamedGroup.X25519] },
  }).run();
  assert.equal(both.server.group, NamedGroup.P256);
});

Deno.test("ClientTls echoes the cookie of a HelloRetryRequest", () => {
  const pair = new Pair();
  pair.client.start(0);
  const cookie = Uint8Array.of(0xc0, 0x0c, 0x1e, 0x55);
  const request = writeRetryRequest(CipherSuite.Aes128GcmSha256, NamedGroup.P256, cookie);
  pair.clientSink.flights.length = 0;
  pair.client.receive(Level.Initial, request, 0);
  const [second] = pair.clientSink.flights;
  assert.ok(second && second.data.toHex().includes("002c00060004c00c1e55"));
});

Deno.test("ClientTls refuses a HelloRetryRequest that changes nothing, or a second one", () => {
  const retry = (group: number) => writeRetryRequest(CipherSuite.Aes128GcmSha256, group);
  for (const group of [NamedGroup.X25519, 0x6a6a, 0]) {
    const pair = new Pair();
    pair.client.start(0);
    assert.throws(() => pair.client.receive(Level.Initial, retry(group), 0), { code: 0x12f });
  }
  const pair = new Pair();
  pair.client.start(0);
  pair.client.receive(Level.Initial, retry(NamedGroup.P256), 0);
  assert.throws(() => pair.client.receive(Level.Initial, retry(NamedGroup.P384), 0), {
    code: 0x10a,
  });
});

Deno.test("ServerTls refuses a second ClientHello that changes more than it may [attack tls-out-of-turn]", () => {
  let hellos = 0;
  const code = failure({
    client: { groups: [NamedGroup.X25519, NamedGroup.P256] },
    server: { groups: [NamedGroup.P256] },
    tamper(flight, fromClient) {
      if (!fromClient || ++hellos < 2) return flight.data;
      const data = flight.data.slice();
      data[10]! ^= 1; // the random value
      return data;
    },
  });
  assert.equal(code, 0x12f);
});

Deno.test("ServerTls answers no_application_protocol when nothing matches", () => {
  assert.equal(failure({ client: { alpn: ["hq-interop"] } }), 0x178);
  assert.throws(() => new Pair({ client: { alpn: [] } }).run(), TypeError);
});

Deno.test("ServerTls finds no common suite, group or signature", () => {
  assert.equal(failure({ client: { suites: [0x1301] }, server: { suites: [0x1302] } }), 0x128);
  assert.equal(
    failure({ client: { groups: [NamedGroup.X25519] }, server: { groups: [NamedGroup.P256] } }),
    0x128,
  );
});

Deno.test("ServerTls answers unrecognized_name when it has no certificate for the name", () => {
  assert.equal(failure({ server: { credential: () => undefined } }), 0x170);
});

Deno.test("ServerTls tells the peer nothing of what the application throws", () => {
  const cause = new Error("/etc/keys/other.example.pem is not there");
  const credential = () => {
    throw cause;
  };
  assert.throws(() => new Pair({ server: { credential } }).run(), (error) => {
    assert.ok(error instanceof TransportError);
    assert.deepEqual([error.code, error.cause], [0x150, cause]);
    assert.doesNotMatch(error.message, /pem/);
    return true;
  });
});

Deno.test("ServerTls refuses a session ID", () => {
  const code = failure({
    tamper(flight, fromClient) {
      if (!fromClient) return flight.data;
      const data = new Uint8Array(flight.data.length + 1);
      data.set(flight.data.subarray(0, 38));
      data.set([1, 0xaa], 38);
      data.set(flight.data.subarray(39), 40);
      new DataView(data.buffer).setUint16(2, data.length - 4);
      return data;
    },
  });
  assert.equal(code, 0x0a);
});

Deno.test("Handshake.receive() refuses messages that QUIC forbids once complete [attack post-handshake-messages]", () => {
  const keyUpdate = Uint8Array.of(24, 0, 0, 1, 0);
  const endOfEarlyData = Uint8Array.of(5, 0, 0, 0);
  const request = Uint8Array.of(13, 0, 0, 3, 0, 0, 0);
  for (const message of [keyUpdate, endOfEarlyData, request]) {
    const pair = new Pair().run();
    for (const side of [pair.client, pair.server]) {
      // RFC 9001, Section 4.4: a client calls a late request a violation.
      const code = message === request && side === pair.client ? 0x0a : 0x10a;
      assert.throws(() => side.receive(Level.OneRtt, message, 0), { code });
    }
  }
});

Deno.test("ServerTls refuses EndOfEarlyData and KeyUpdate within the handshake", () => {
  for (const message of [Uint8Array.of(5, 0, 0, 0), Uint8Array.of(24, 0, 0, 1, 0)]) {
    const code = failure({
      tamper: (flight, fromClient) =>
        fromClient && flight.level === Level.Handshake ? message : flight.data,
    });
    assert.equal(code, 0x10a);
  }
});

Deno.test("Handshake.receive() refuses data left over when keys change", () => {
  for (const sender of [true, false]) {
    const code = failure({
      tamper(flight, fromClient) {
        if (fromClient !== sender) return flight.data;
        const data = new Uint8Array(flight.data.length + 1);
        data.set(flight.data);
        data[flight.data.length] = 24;
        return data;
      },
    });
    assert.equal(code, 0x10a);
  }
});

Deno.test("Handshake.receive() refuses data of a level that is through or not yet there [attack tls-out-of-turn]", () => {
  const hello = Uint8Array.of(1, 0, 0, 0);
  const pair = new Pair().run();
  assert.throws(() => pair.server.receive(Level.Initial, hello, 0), { code: 0x0a });
  const fresh = new Pair();
  fresh.client.start(0);
  assert.throws(() => fresh.client.receive(Level.Handshake, hello, 0), { code: 0x10a });
});

Deno.test("Handshake.receive() refuses messages longer than the limits [attack post-handshake-messages]", () => {
  const fresh = new Pair();
  assert.throws(() => fresh.server.receive(Level.Initial, Uint8Array.of(1, 1, 0, 0), 0), {
    code: 0x0d,
  });
  const late = new Pair().run();
  assert.throws(() => late.client.receive(Level.OneRtt, Uint8Array.of(4, 0, 0x40, 0), 0), {
    code: 0x0d,
  });
});

Deno.test("Handshake.receive() stays failed", () => {
  const pair = new Pair();
  assert.throws(() => pair.server.receive(Level.Initial, Uint8Array.of(2, 0, 0, 0), 0), {
    code: 0x10a,
  });
  pair.client.start(0);
  const [hello] = pair.clientSink.flights;
  assert.throws(() => pair.server.receive(Level.Initial, hello!.data, 0), { code: 0x10a });
});

Deno.test("Handshake refuses a changed Finished on both sides", () => {
  for (const sender of [true, false]) {
    const code = failure({
      tamper(flight, fromClient) {
        if (fromClient !== sender || flight.level !== Level.Handshake) return flight.data;
        const data = flight.data.slice();
        data[data.length - 1]! ^= 1;
        return data;
      },
    });
    assert.equal(code, 0x133);
  }
});

Deno.test("ClientTls refuses the signature of another key", () => {
  const credential = credentialFor();
  const other = credentialFor("P-384");
  const forged = Object.create(credential, {
    sign: { value: (_: number, content: Uint8Array) => other.sign(0x0503, content) },
    certificateMessage: { value: () => credential.certificateMessage([]) },
    schemes: { value: [0x0403] },
  });
  assert.equal(failure({ server: { credential: () => forged } }), 0x133);
});

Deno.test("ServerTls asks for a client certificate and judges it", () => {
  const clientCertificates = { verification: storeFor("Ed25519") };
  const pair = new Pair({
    client: { credential: credentialFor("Ed25519") },
    server: { clientCertificates },
  }).run();
  assertAgreed(pair);
  assert.deepEqual(pair.server.peerCertificates, credentialFor("Ed25519").chain);
  assert.equal(failure({ server: { clientCertificates } }), 0x174);
  assert.equal(
    failure({ client: { credential: credentialFor("P-256") }, server: { clientCertificates } }),
    0x130,
  );
  const optional = { ...clientCertificates, required: false };
  assertAgreed(new Pair({ server: { clientCertificates: optional } }).run());
  const hook = {
    ...clientCertificates,
    onCertificates() {
      throw new Error("not on the list");
    },
  };
  assert.equal(
    failure({
      client: { credential: credentialFor("Ed25519") },
      server: { clientCertificates: hook },
    }),
    0x12e,
  );
});

Deno.test("Handshake writes key log lines that both sides agree on", () => {
  const lines: string[][] = [[], []];
  new Pair({
    client: { keyLog: (line) => lines[0]!.push(line) },
    server: { keyLog: (line) => lines[1]!.push(line) },
  }).run();
  assert.deepEqual(lines[0], lines[1]);
  assert.deepEqual(lines[0]!.map((line) => line.split(" ")[0]), [
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
    "EXPORTER_SECRET",
  ]);
  for (const line of lines[0]!) assert.match(line, /^[A-Z_0]+ [0-9a-f]{64} [0-9a-f]{64}$/);
});

Deno.test("TlsSink hears of a server's 1-RTT reading secret only when the handshake is complete", () => {
  const { order } = new Pair().run().serverSink;
  assert.deepEqual(order.slice(-2), ["secrets 3 read", "complete"]);
  assert.ok(order.indexOf("secrets 3 write") < order.indexOf("secrets 3 read"));
});

Deno.test("TlsSink may refuse transport parameters", () => {
  const sink = new Recorder();
  sink.onPeerTransportParameters = () => {
    throw new TransportError(0x08, "Cannot accept them");
  };
  assert.equal(failure({ serverContext: { sink } }), 0x08);
});
