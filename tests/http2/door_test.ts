import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import { Door } from "../../src/http2/door.ts";
import { cert, key } from "../http3/deno_quic.ts";

const HOST = "127.0.0.1";
const INTERVAL = 50;

/** A door, and the servers that were made for it, of which some first ones hear nothing. */
async function openDoor(deaf: number) {
  const servers: Http2SecureServer[] = [];
  const make = () => {
    const server = createSecureServer({ cert, key });
    server.on("tlsClientError", () => {});
    if (servers.length < deaf) {
      const emit = server.emit.bind(server);
      server.emit = (event: string, ...args: unknown[]) =>
        event !== "connection" && emit(event, ...args);
    }
    servers.push(server);
    return server;
  };
  return { door: await Door.open(make, HOST, 0, INTERVAL), servers };
}

/** Listens, and accepts no connection, as a listener of the runtime without a descriptor. */
class HungServer extends EventEmitter {
  readonly #opened: Promise<void>;
  #listener: Deno.TcpListener | undefined;
  isClosed = false;

  /** @param opened When the listener has opened. */
  constructor(opened = Promise.resolve()) {
    super();
    this.#opened = opened;
  }

  async listen(port: number, hostname: string, onListening: () => void): Promise<void> {
    this.#listener = Deno.listen({ hostname, port });
    await this.#opened;
    onListening();
  }

  address(): Deno.Addr {
    return this.#listener!.addr;
  }

  close(onClosed: () => void): void {
    this.#listener!.close();
    this.isClosed = true;
    onClosed();
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail("waited for ten seconds");
}

Deno.test("Door keeps a listener that hears", async () => {
  const { door, servers } = await openDoor(0);
  let knocks = 0;
  servers[0]!.on("connection", () => knocks++);
  await until(() => knocks === 3);
  assert.equal(servers.length, 1);
  await door.close();
});

Deno.test("Door replaces a listener that is deaf, or gone", async () => {
  const { door, servers } = await openDoor(1);
  const { port } = door;
  await until(() => servers.length === 2);
  assert.equal(door.port, port);
  const comes = async () => {
    try {
      (await Deno.connect({ hostname: HOST, port })).close();
      return true;
    } catch {
      return false;
    }
  };
  await until(comes);
  servers[1]!.close();
  await until(() => servers.length === 3);
  await until(comes);
  await door.close();
  assert.equal(await comes(), false);
});

Deno.test("Door replaces a listener that is deaf before which too many clients wait", async () => {
  let count = 0;
  const make = () =>
    count++ === 0
      ? new HungServer() as unknown as Http2SecureServer
      : createSecureServer({ cert, key });
  const door = await Door.open(make, HOST, 0, INTERVAL);
  const waiting: Deno.TcpConn[] = [];
  for (let isFull = false; !isFull;) {
    const signal = AbortSignal.timeout(500);
    const place = { hostname: HOST, port: door.port, signal };
    await Deno.connect(place).then((conn) => waiting.push(conn), () => isFull = true);
  }
  await until(() => count === 2);
  assert.ok(waiting.length > 0);
  for (const conn of waiting) conn.close();
  await door.close();
});

Deno.test("Door closes a listener that is just opening, too", async () => {
  const opened = Promise.withResolvers<void>();
  const servers = [new HungServer(), new HungServer(opened.promise)];
  let count = 0;
  const make = () => servers[count++] as unknown as Http2SecureServer;
  const door = await Door.open(make, HOST, 0, INTERVAL);
  await until(() => count === 2);
  let isOver = false;
  const closing = door.close().then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(isOver, false);
  opened.resolve();
  await closing;
  assert.deepEqual(servers.map(({ isClosed }) => isClosed), [true, true]);
});
