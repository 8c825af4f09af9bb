import assert from "node:assert/strict";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import {
  type DevelopmentKeyType,
  type IssuedCertificate,
  makeIssuedCertificate,
} from "../../mod.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { type Made, make, type Unusual } from "../tls/authority.ts";
import {
  connectTheirs,
  DenoPair,
  type DenoPairOptions,
  issued,
  listenTheirs,
  type OurRole,
} from "./deno_pair.ts";
import { connectOurs, OurServer } from "./our_end.ts";
import { collect, digest, sendAll } from "./streams.ts";

const roles: readonly OurRole[] = ["client", "server"];
const DAY = 86_400_000;

/** Connects in the given way and sees that data pass. */
async function works(role: OurRole, options: DenoPairOptions): Promise<DenoPair> {
  const pair = await DenoPair.make(role, options);
  await echoOnce(pair, 100_000);
  return pair;
}

/** The runtime's end sends back what ours sends. */
async function echoOnce({ ours, theirs }: DenoPair, size: number): Promise<void> {
  const incoming = theirs.incomingBidirectionalStreams.getReader();
  const echoing = incoming.read().then(({ value }) => value!.readable.pipeTo(value!.writable));
  const data = patternBytes(size, 0, size);
  const { readable, writable } = await ours.createBidirectionalStream();
  const [received] = await Promise.all([collect(readable), sendAll(writable, data), echoing]);
  assert.equal(digest(received), digest(data));
  incoming.releaseLock();
}

for (const role of roles) {
  for (const [name, suite] of Object.entries(CipherSuite)) {
    Deno.test(`As ${role} of the runtime's QUIC, MultipathConnection uses ${name}`, async () => {
      await using pair = await works(role, { tls: { suites: [suite] } });
      assert.equal(pair.core.handshake.tls.suite, suite);
    });
  }

  for (const keyType of ["P-384", "Ed25519", "RSA-2048"] satisfies DevelopmentKeyType[]) {
    Deno.test(`As ${role} of the runtime's QUIC, MultipathConnection signs or verifies with ${keyType}`, async () => {
      const certificate = await makeIssuedCertificate(["localhost"], { keyType });
      await using _ = await works(role, { certificate });
    });
  }

  Deno.test(`As ${role} of the runtime's QUIC, MultipathConnection passes a chain of nine certificates`, async () => {
    await using _ = await works(role, { certificate: await longChain() });
  });

  for (const lost of ["toServer", "toClient"] as const) {
    Deno.test(`As ${role} of the runtime's QUIC, MultipathConnection survives the loss of the first two datagrams ${lost}`, async () => {
      const loss = (direction: string, index: number) => direction === lost && index < 2;
      await using _ = await works(role, { loss });
    });
  }

  Deno.test(`As ${role} of the runtime's QUIC, MultipathConnection survives the loss of every seventh datagram`, async () => {
    const loss = (_: string, index: number) => index % 7 === 1;
    await using pair = await DenoPair.make(role, { loss });
    await echoOnce(pair, 100_000);
  });

  Deno.test(`As ${role} of the runtime's QUIC, MultipathConnection updates keys during a transfer`, async () => {
    await using pair = await DenoPair.make(role);
    const keys = pair.core.keys.oneRtt!;
    keys.retainFor(0);
    const timer = setInterval(() => keys.requestUpdate(), 20);
    // How many updates there are in one transfer depends on how fast the machine is.
    for (let i = 0; i < 20 && keys.generation <= 2; i++) await echoOnce(pair, 10_000_000);
    clearInterval(timer);
    assert.ok(keys.generation > 2, `${keys.generation} updates`);
  });
}

Deno.test("As server of the runtime's QUIC, MultipathConnection can ask for another key share", async () => {
  // The runtime sends a share of another group, so there is a HelloRetryRequest.
  const SECP384R1 = 24;
  await using pair = await works("server", { tls: { groups: [SECP384R1] } });
  assert.equal(pair.core.handshake.tls.group, SECP384R1);
});

Deno.test("As server of the runtime's QUIC, MultipathConnection can ask for the address first", async () => {
  await using _ = await works("server", { retry: "always" });
});

Deno.test("Clients of the runtime's QUIC resume sessions with our server, and send before the handshake", async () => {
  await using stack = new AsyncDisposableStack();
  const { certPem: cert, keyPem: key, caPem } = issued;
  const server = stack.use(new OurServer({ cert, key, alpn: ["test"], earlyData: true }));
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  stack.defer(() => endpoint.close());
  for (const resumed of [false, true, true]) {
    const connecting = Deno.connectQuic({
      hostname: "127.0.0.1",
      port: server.port,
      serverName: "localhost",
      alpnProtocols: ["test"],
      caCerts: [caPem],
      endpoint,
      zeroRtt: true,
    });
    // It is a promise if there is nothing to resume.
    assert.equal(connecting instanceof Promise, !resumed);
    const theirs = await connecting;
    theirs.closed.catch(() => {});
    const data = patternBytes(5, 0, 5_000);
    const sent = theirs.createUnidirectionalStream().then((stream) => sendAll(stream, data));
    const { connection, core } = await server.accept();
    const { value } = await connection.incomingUnidirectionalStreams.getReader().read();
    assert.deepEqual(await collect(value!), data);
    assert.equal(core.handshake.tls.isResumed, resumed);
    assert.equal(core.handshake.tls.isEarlyDataAccepted ?? false, resumed);
    // What comes back comes after the tickets.
    await Promise.all([
      sent,
      connection.createUnidirectionalStream().then((s) => sendAll(s, data)),
    ]);
    await theirs.incomingUnidirectionalStreams.getReader().read();
    theirs.close({ closeCode: 0, reason: "" });
    await connection.closed;
  }
});

Deno.test("Our server serves fifty clients of the runtime's QUIC at once", async () => {
  await using stack = new AsyncDisposableStack();
  const { certPem: cert, keyPem: key, caPem } = issued;
  const server = stack.use(new OurServer({ cert, key, alpn: ["test"] }));
  const clients = Array.from({ length: 50 }, async (_, i) => {
    const theirs = await connectTheirs(stack, server.port, caPem);
    theirs.closed.catch(() => {});
    const data = patternBytes(i, 0, 1_000 * i);
    await sendAll(await theirs.createUnidirectionalStream(), data);
    return theirs;
  });
  const lengths: number[] = [];
  for (const _ of clients) {
    const { connection } = await server.accept();
    const { value } = await connection.incomingUnidirectionalStreams.getReader().read();
    lengths.push((await collect(value!)).length);
  }
  lengths.sort((a, b) => a - b);
  assert.deepEqual(lengths, clients.map((_, i) => 1_000 * i));
  for (const theirs of await Promise.all(clients)) theirs.close({ closeCode: 0, reason: "" });
});

Deno.test("Our client refuses a server of the runtime's QUIC with a certificate of another authority", async () => {
  await using stack = new AsyncDisposableStack();
  const listener = listenTheirs(stack, issued);
  listener.accept().catch(() => {});
  const { caPem } = await makeIssuedCertificate(["localhost"]);
  const { port } = listener.endpoint.addr;
  const UNKNOWN_CA = 0x100 + 48;
  await assert.rejects(connectOurs({ port, caPem, alpn: ["test"] }), {
    name: "TransportError",
    code: UNKNOWN_CA,
  });
});

Deno.test("Our client refuses a server of the runtime's QUIC with a certificate for another name", async () => {
  await using stack = new AsyncDisposableStack();
  const certificate = await makeIssuedCertificate(["elsewhere.test"]);
  const listener = listenTheirs(stack, certificate);
  listener.accept().catch(() => {});
  const { caPem } = certificate;
  const { port } = listener.endpoint.addr;
  await assert.rejects(connectOurs({ port, caPem, alpn: ["test"] }), /localhost/);
});

Deno.test("A client of the runtime's QUIC refuses our server with a certificate of another authority", async () => {
  await using stack = new AsyncDisposableStack();
  const { certPem: cert, keyPem: key } = issued;
  const server = stack.use(new OurServer({ cert, key, alpn: ["test"] }));
  const { caPem } = await makeIssuedCertificate(["localhost"]);
  await assert.rejects(connectTheirs(stack, server.port, caPem), /UnknownIssuer|unknown ?issuer/i);
  assert.equal(server.begun, 1);
});

Deno.test("Ends without a common protocol refuse each other", async () => {
  await using stack = new AsyncDisposableStack();
  const { certPem: cert, keyPem: key, caPem } = issued;
  const server = stack.use(new OurServer({ cert, key, alpn: ["ours"] }));
  await assert.rejects(connectTheirs(stack, server.port, caPem), /protocol/i);
  const listener = listenTheirs(stack, issued);
  listener.accept().catch(() => {});
  const { port } = listener.endpoint.addr;
  const NO_APPLICATION_PROTOCOL = 0x100 + 120;
  await assert.rejects(connectOurs({ port, caPem, alpn: ["ours"] }), {
    name: "TransportError",
    code: NO_APPLICATION_PROTOCOL,
  });
});

/** A root, five authorities below each other, a leaf, and two superfluous ones: 12 kB in all. */
async function longChain(): Promise<IssuedCertificate> {
  const unusual = (): Unusual => ({
    notBefore: Date.now() - DAY,
    notAfter: Date.now() + DAY,
    // RFC 5737 has no counterpart for object identifiers: this arc is for examples.
    extensions: [new x509.Extension("2.999.1", false, new Uint8Array(1_000))],
  });
  const root = await make(undefined, unusual());
  const chain: Made[] = [root];
  for (let i = 0; i < 5; i++) chain.unshift(await make(chain[0], unusual()));
  const names = [{ type: "dns", value: "localhost" }] as const;
  chain.unshift(await make(chain[0], { ...unusual(), names, authority: false }));
  chain.push(await make(undefined, unusual()), await make(undefined, unusual()));
  const key = await crypto.subtle.exportKey("pkcs8", chain[0]!.keys.privateKey);
  const base64 = new Uint8Array(key).toBase64();
  return {
    certPem: chain.map(({ pem }) => pem).join("\n"),
    keyPem: `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`,
    caPem: root.pem,
    spkiSha256Base64: "",
  };
}
