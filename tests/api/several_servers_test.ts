import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import type { MultipathListener } from "../../src/api/listen.ts";
import type { ListenOptions } from "../../src/api/options/options.ts";
import type { SavedSession } from "../../src/api/options/session.ts";
import { dialHere, listenHere } from "./loopback.ts";
import { answerAll, ask, firstVisit } from "./visits.ts";

const secret = new Uint8Array(32).fill(9);

/** A server of a service: one secret for all, and a name of its own. */
function serverNamed(name: number, options: Partial<ListenOptions> = {}): MultipathListener {
  const serverId = Uint8Array.of(0, 0, 0, name);
  const listener = listenHere({
    secret,
    connectionIds: [{ id: 0, serverId, nonceLength: 12, key: new Uint8Array(16) }],
    earlyData: true,
    ...options,
  });
  answerAll(listener);
  return listener;
}

/** Comes again with a session and 0-RTT data: whether it was resumed, and the data taken early. */
async function visitAgain(listener: MultipathListener, session: SavedSession) {
  await using connection = await dialHere(listener, { session, earlyData: true });
  const text = await ask(connection, "hello");
  await connection.handshake;
  const { earlyDataAccepted: isEarly, resumed } = connection;
  assert.equal(text, `hello ${isEarly}`);
  return { resumed, isEarly };
}

const EARLY = { resumed: true, isEarly: true };
const LATE = { resumed: true, isEarly: false };

Deno.test("A session of one server resumes at another, and only its own takes 0-RTT data", async () => {
  await using one = serverNamed(1);
  await using two = serverNamed(2);
  const [session, next] = await firstVisit(one);
  assert.deepEqual(await visitAgain(two, session!), LATE);
  assert.deepEqual(await visitAgain(one, session!), EARLY);
  assert.deepEqual(await visitAgain(two, session!), LATE);
  assert.deepEqual(await visitAgain(two, next!), LATE);
  assert.deepEqual(await visitAgain(one, next!), EARLY);
});

Deno.test("A server that starts again resumes its sessions, without their 0-RTT data", async () => {
  const first = serverNamed(1);
  await using other = serverNamed(2);
  const [session, next] = await firstVisit(first);
  assert.deepEqual(await visitAgain(first, session!), EARLY);
  await first[Symbol.asyncDispose]();
  await using again = serverNamed(1);
  // What it has taken early before is known to nothing any more.
  assert.deepEqual(await visitAgain(again, session!), LATE);
  assert.deepEqual(await visitAgain(again, next!), LATE);
  assert.deepEqual(await visitAgain(other, next!), LATE);
});

Deno.test("A token of one server spares a Retry at another", async () => {
  await using one = serverNamed(1, { retry: "always" });
  await using two = serverNamed(2, { retry: "always" });
  const [session] = await firstVisit(one);
  assert.ok(session!.token !== undefined);
  assert.ok(one.stats.retriesSent > 0);
  await using connection = await dialHere(two, { session });
  assert.equal(await ask(connection, "again"), "again false");
  assert.ok(connection.resumed);
  assert.equal(two.stats.retriesSent, 0);
  // Of a server with another secret it is worth nothing.
  await using stranger = serverNamed(3, { retry: "always", secret: new Uint8Array(32).fill(8) });
  await using third = await dialHere(stranger, { session });
  assert.equal(await ask(third, "again"), "again false");
  assert.ok(!third.resumed && stranger.stats.retriesSent > 0);
});

/** A balancer that moves clients: what comes first goes to one server, the rest to another. */
class MovingBalancer implements AsyncDisposable {
  readonly port: number;
  readonly #outer: Socket;
  readonly #inner: Socket;

  private constructor(outer: Socket, inner: Socket, servers: readonly number[]) {
    this.#outer = outer;
    this.#inner = inner;
    this.port = outer.address().port;
    let client = 0;
    let count = 0;
    outer.on("message", (datagram, { port }) => {
      client = port;
      inner.send(datagram, servers[Math.min(count++, servers.length - 1)]!, "127.0.0.1");
    });
    inner.on("message", (datagram) => outer.send(datagram, client, "127.0.0.1"));
  }

  static async open(servers: readonly number[]): Promise<MovingBalancer> {
    const bound = async () => {
      const socket = createSocket("udp4");
      await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
      return socket;
    };
    return new MovingBalancer(await bound(), await bound(), servers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#outer, this.#inner]) {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    }
  }
}

Deno.test("A Retry of one server is answered at another", async () => {
  await using one = serverNamed(1, { retry: "always" });
  await using two = serverNamed(2, { retry: "always" });
  const ports = [one, two].map(({ addrs }) => addrs[0]!.port);
  // The client hello fills two datagrams, so the first server may send two Retries.
  await using balancer = await MovingBalancer.open([ports[0]!, ports[0]!, ports[1]!]);
  await using connection = await dialHere(one, { port: balancer.port });
  assert.equal(await ask(connection, "hello"), "hello false");
  assert.ok(one.stats.retriesSent >= 1, "one asked");
  assert.deepEqual([two.stats.retriesSent, two.stats.connections.held], [0, 1], "two believed");
  assert.equal(one.stats.connections.peak, 0);
});
