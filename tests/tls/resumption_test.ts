import assert from "node:assert/strict";
import { chooseEngine } from "../../src/crypto/engine.ts";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { Level } from "../../src/crypto/level.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TokenBox } from "../../src/crypto/token_box.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";
import type { Session } from "../../src/tls/session.ts";
import type { EarlyDataOffer, ServerTlsOptions, TicketOptions } from "../../src/tls/tls.ts";
import { writeNewSessionTicket } from "../../src/tls/message/session_ticket.ts";
import { EPOCH, Pair, type PairOptions, storeFor } from "./pair.ts";

const box = new TokenBox(chooseEngine(), new SeededRandom(5));

function ticketsWith(options: Partial<TicketOptions> = {}): TicketOptions {
  return { box, applicationState: () => Uint8Array.of(7, 7), ...options };
}

/** The sessions of a first connection. */
function firstSessions(server: Partial<ServerTlsOptions>, options: PairOptions = {}): Session[] {
  const sessions: Session[] = [];
  new Pair({
    ...options,
    client: { ...options.client, onSession: (session) => sessions.push(session) },
    server,
  }).run();
  return sessions;
}

function acceptAll(): boolean {
  return true;
}

Deno.test("ServerTls gives tickets that resume without certificates, for every suite", () => {
  for (const suite of Object.values(CipherSuite)) {
    const server = { tickets: ticketsWith({ count: 3 }) };
    const sessions = firstSessions(server, { client: { suites: [suite] } });
    assert.equal(sessions.length, 3);
    assert.equal(new Set(sessions.map(({ secret }) => secret.toHex())).size, 3);
    assert.equal(sessions[0]!.earlyData, false);
    // The server would rather have another suite, but the ticket's is kept.
    const pair = new Pair({ client: { session: sessions[0] }, server, seed: 2 }).run();
    assert.ok(pair.client.isComplete && pair.server.isComplete);
    assert.ok(pair.client.isResumed && pair.server.isResumed);
    assert.equal(pair.client.suite, suite);
    assert.deepEqual(pair.client.peerCertificates, sessions[0]!.peerCertificates);
    assert.equal(
      pair.clientSink.secrets.get("3 read"),
      pair.serverSink.secrets.get("3 write"),
    );
  }
});

Deno.test("ServerTls resumes over a HelloRetryRequest", () => {
  const server = {
    tickets: ticketsWith({ acceptEarlyData: acceptAll }),
    groups: [NamedGroup.P256],
  };
  const [session] = firstSessions(server);
  const pair = new Pair({ client: { session, earlyData: true }, server, seed: 2 }).run();
  assert.ok(pair.client.isResumed && pair.server.isComplete);
  // RFC 9846, Section 4.2.10: no early data after a HelloRetryRequest.
  assert.equal(pair.client.isEarlyDataAccepted, false);
  assert.equal(pair.clientSink.rejected, 1);
});

Deno.test("ServerTls reads 0-RTT data when its hook says so", () => {
  const offers: EarlyDataOffer[] = [];
  const server = {
    tickets: ticketsWith({
      acceptEarlyData(offer) {
        offers.push(offer);
        return true;
      },
    }),
  };
  const [session] = firstSessions(server);
  assert.deepEqual(session!.transportParameters, Uint8Array.of(4, 5));
  const pair = new Pair({ client: { session, earlyData: true }, server, seed: 2 });
  pair.now = 5000;
  pair.run();
  assert.equal(pair.client.isEarlyDataAccepted, true);
  assert.equal(pair.server.isEarlyDataAccepted, true);
  assert.ok(pair.clientSink.secrets.get("1 write"));
  assert.equal(pair.clientSink.secrets.get("1 write"), pair.serverSink.secrets.get("1 read"));
  assert.equal(pair.clientSink.order[1], "secrets 1 write");
  const [offer] = offers;
  assert.deepEqual(offer!.applicationState, Uint8Array.of(7, 7));
  assert.deepEqual(offer!.transportParameters, Uint8Array.of(4, 5));
  assert.equal(offer!.ageSkew, 0);
  assert.equal(offer!.id.length, 32);
});

Deno.test("ServerTls rejects 0-RTT data when its hook refuses a replay", () => {
  const seen = new Set<string>();
  const acceptEarlyData = (offer: EarlyDataOffer) => {
    const key = offer.id.toHex();
    const fresh = !seen.has(key);
    seen.add(key);
    return fresh;
  };
  const server = { tickets: ticketsWith({ acceptEarlyData }) };
  const [session] = firstSessions(server);
  const again = { client: { session, earlyData: true }, server, seed: 2 };
  const first = new Pair(again).run();
  const replay = new Pair(again).run();
  assert.equal(first.client.isEarlyDataAccepted, true);
  assert.equal(replay.client.isEarlyDataAccepted, false);
  assert.equal(replay.clientSink.rejected, 1);
  assert.equal(replay.serverSink.rejected, 1);
  assert.equal(replay.serverSink.secrets.get("1 read"), undefined);
  assert.ok(replay.client.isComplete && replay.client.isResumed);
});

Deno.test("ServerTls rejects 0-RTT data when the ticket's age does not fit", () => {
  const server = { tickets: ticketsWith({ acceptEarlyData: acceptAll }) };
  const [session] = firstSessions(server);
  const skewed = { ...session!, ageAdd: (session!.ageAdd + 11_000) % 2 ** 32 };
  const pair = new Pair({ client: { session: skewed, earlyData: true }, server, seed: 2 }).run();
  assert.equal(pair.client.isEarlyDataAccepted, false);
  assert.ok(pair.client.isResumed);
});

Deno.test("ServerTls rejects 0-RTT data of another protocol", () => {
  const server = { tickets: ticketsWith({ acceptEarlyData: acceptAll }), alpn: ["h3", "other"] };
  const [session] = firstSessions(server, { client: { alpn: ["other"] } });
  assert.equal(session!.alpn, "other");
  const client = { alpn: ["h3", "other"], session, earlyData: true };
  const pair = new Pair({ client, server, seed: 2 }).run();
  assert.equal(pair.client.alpn, "h3");
  assert.equal(pair.client.isEarlyDataAccepted, false);
});

Deno.test("ClientTls does not offer sessions that are too old or for another name", () => {
  const server = { tickets: ticketsWith({ lifetime: 10 }) };
  const [session] = firstSessions(server);
  const old = new Pair({ client: { session }, server, seed: 2 });
  old.now = 12_000;
  old.run();
  assert.equal(old.client.isResumed, false);
  const client = { session, serverName: "a.example.test" };
  assert.equal(new Pair({ client, server, seed: 2 }).run().client.isResumed, false);
});

Deno.test("ServerTls makes a full handshake of tickets it cannot use", () => {
  const server = { tickets: ticketsWith({ lifetime: 10 }) };
  const [session] = firstSessions(server);
  const forged = { ...session!, ticket: session!.ticket.slice() };
  forged.ticket[20]! ^= 1;
  const foreign = new TokenBox(chooseEngine(), new SeededRandom(6));
  const expired = { ...session!, lifetime: 1000 };
  const renamed = { ...session!, serverName: "a.example.test" };
  const cases: [Session, Partial<ServerTlsOptions>, string, number][] = [
    [forged, server, "localhost", 1000],
    [session!, { tickets: ticketsWith({ box: foreign }) }, "localhost", 1000],
    [session!, {}, "localhost", 1000],
    [expired, server, "localhost", 60_000],
    [renamed, server, "a.example.test", 1000],
    [session!, { ...server, suites: [CipherSuite.Aes256GcmSha384] }, "localhost", 1000],
  ];
  for (const [used, options, serverName, now] of cases) {
    const client = { session: used, serverName };
    const pair = new Pair({ client, server: options, seed: 2 });
    pair.now = now;
    pair.run();
    assert.ok(pair.client.isComplete && pair.server.isComplete);
    assert.equal(pair.server.isResumed, false);
  }
});

Deno.test("ServerTls refuses a binder made without the key", () => {
  const server = { tickets: ticketsWith() };
  const [session] = firstSessions(server);
  const thief = { ...session!, secret: new Uint8Array(32) };
  assert.throws(() => new Pair({ client: { session: thief }, server, seed: 2 }).run(), {
    code: 0x133,
  });
});

Deno.test("ServerTls gives no tickets to clients that must show certificates", () => {
  const clientCertificates = { verification: storeFor(), required: false };
  assert.deepEqual(firstSessions({ tickets: ticketsWith(), clientCertificates }), []);
});

Deno.test("ClientTls refuses a ticket that limits 0-RTT data by bytes", () => {
  const pair = new Pair({ client: { onSession() {} } }).run();
  const fields = { lifetime: 100, ageAdd: 1, nonce: Uint8Array.of(0), ticket: Uint8Array.of(1) };
  const message = writeNewSessionTicket({ ...fields, earlyData: true });
  message[message.length - 1] = 0;
  assert.throws(() => pair.client.receive(Level.OneRtt, message, 0), (error) => {
    return error instanceof TransportError && error.code === 0x0a;
  });
});

Deno.test("ClientTls passes over tickets without lifetime and beyond its limit", () => {
  let count = 0;
  const pair = new Pair({ client: { onSession: () => count++ } }).run();
  const fields = { ageAdd: 1, nonce: Uint8Array.of(0), ticket: Uint8Array.of(1), earlyData: false };
  pair.client.receive(Level.OneRtt, writeNewSessionTicket({ ...fields, lifetime: 0 }), 0);
  assert.equal(count, 0);
  const ticket = writeNewSessionTicket({ ...fields, lifetime: 5 });
  for (let i = 0; i < 100; i++) pair.client.receive(Level.OneRtt, ticket, 0);
  assert.equal(count, 16);
});

// A resumed session shows no certificates, so those of the first connection must pass again.
Deno.test("ClientTls offers no session whose certificates it would not believe today [attack session-authority]", () => {
  const server = { tickets: ticketsWith() };
  const [careless] = firstSessions(server, { client: { verification: "insecure" } });
  const [careful] = firstSessions(server);
  const stranger = storeFor("RSA-2048");
  const resumes = (session: Session, client: PairOptions["client"], more: PairOptions = {}) => {
    const pair = new Pair({ client: { session, ...client }, server, seed: 2, ...more });
    try {
      pair.run();
    } catch {
      return "refused";
    }
    return pair.client.isResumed;
  };
  assert.equal(resumes(careless!, { verification: "insecure" }), true);
  // The store believes this certificate, whichever connection looked at it before.
  assert.equal(resumes(careless!, {}), true);
  assert.equal(resumes(careful!, {}), true);
  for (const session of [careless!, careful!]) {
    assert.equal(resumes(session, { verification: stranger }), "refused");
    assert.equal(resumes({ ...session, peerCertificates: [] }, {}), false);
    const onCertificates = () => {
      throw new Error("not this one");
    };
    assert.equal(resumes(session, { onCertificates }), "refused");
  }
  // Half a year on the certificate has expired, if not the ticket.
  const later = { clientContext: { wallTime: () => EPOCH + 200 * 86_400_000 } };
  const receivedAt = EPOCH + 200 * 86_400_000;
  assert.equal(resumes({ ...careful!, receivedAt }, {}, later), "refused");
});
