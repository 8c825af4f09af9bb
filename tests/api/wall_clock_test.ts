import assert from "node:assert/strict";
import type { SavedSession } from "../../src/api/options/session.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { makeIssuedCertificate } from "../../src/io/development_certificate.ts";
import { dialHere, listenHere } from "./loopback.ts";

const DAY = 86_400_000;
const EXPIRED = 0x12d;

/** The wall clock goes on by so much, and the monotonic one stands still: the machine has slept. */
async function sleeping<T>(milliseconds: number, action: () => Promise<T>): Promise<T> {
  const awake = Date.now;
  Date.now = () => awake() + milliseconds;
  try {
    return await action();
  } finally {
    Date.now = awake;
  }
}

const made = await makeIssuedCertificate(["server.test"], { days: 1 });
const certificate = { cert: made.certPem, key: made.keyPem };
const trusted = { caCerts: [made.caPem] };

Deno.test("dial() judges a server's certificate by the wall clock of the moment", async () => {
  await using listener = listenHere(certificate);
  await using _early = await dialHere(listener, trusted);
  for (const time of [2 * DAY, -2 * DAY]) {
    await sleeping(time, () =>
      assert.rejects(dialHere(listener, trusted), (error) => {
        assert.ok(error instanceof TransportError);
        return error.code === EXPIRED;
      }));
  }
  await using _late = await dialHere(listener, trusted);
});

Deno.test("listen() judges a client's certificate by the wall clock of the moment", async () => {
  const clients = await makeIssuedCertificate(["client.test"], { days: 1 });
  await using listener = listenHere({ clientCertificates: { caCerts: [clients.caPem] } });
  const own = { cert: clients.certPem, key: clients.keyPem };
  await using early = await dialHere(listener, own);
  await using _accepted = await listener.accept();
  await early.handshake;
  await sleeping(2 * DAY, async () => {
    const late = await dialHere(listener, own);
    await assert.rejects(late.closed, { code: EXPIRED });
  });
});

Deno.test("Tickets and tokens age by the wall clock, also while the machine sleeps", async () => {
  await using listener = listenHere({ retry: "always" });
  const sessions: SavedSession[] = [];
  const two = Promise.withResolvers<void>();
  await using _first = await dialHere(listener, {
    onSession(session) {
      if (sessions.push(session) === 2) two.resolve();
    },
  });
  await two.promise;
  await using soon = await dialHere(listener, { session: sessions[0] });
  assert.equal(soon.resumed, true);
  // A server that takes a ticket of two days ago for one of today would resume here.
  const [, session] = sessions;
  await sleeping(2 * DAY, async () => {
    await using late = await dialHere(listener, { session });
    assert.equal(late.resumed, false);
  });
});
