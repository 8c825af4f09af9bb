// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * A program of the laptop that measures what others would feel: small requests over many tunnels,
 * names, a stream of datagrams, a QUIC connection, all through the SOCKS port of the near side.
 * It takes a line of JSON for each task, and answers with one.
 */
import { dial } from "../../mod.ts";
import { linesOf } from "./lines.ts";
import { ECHO_PORT, NAME_PORT, NAMED_ADDRESS, ORIGIN_PORT } from "./origin.ts";

/** What is to be measured. */
export type Knock =
  /** Requests of 1 kB over so many tunnels that stay open. */
  | { readonly kind: "requests"; readonly tunnels: number; readonly seconds: number }
  /** A name, asked for so many times. */
  | { readonly kind: "names"; readonly count: number }
  /** Datagrams as of a call, which come back. */
  | { readonly kind: "call"; readonly seconds: number }
  /** Datagrams that come back at once, by one link and without the proxy. */
  | { readonly kind: "ping"; readonly from: string; readonly to: string; readonly seconds: number }
  /** A QUIC connection to a server at that port of the far side's loopback. */
  | { readonly kind: "quic"; readonly port: number };

/** Milliseconds of what was measured, in order, and how many there should be. */
export interface Felt {
  readonly times: readonly number[];
  readonly wanted: number;
}

const SOCKS = { hostname: "127.0.0.1", port: 1080 };
const HOST = [127, 0, 0, 1];
const SMALL = 1_000;
/** Milliseconds between two requests of a tunnel, and two datagrams of a call. */
const THINKING = 1_000;
const FRAME = 20;
const PINGING = 50;
/** Bytes of a datagram of a call: 20 ms of speech, and its head. */
const SPEECH = 172;
/** Bytes before the payload of a datagram through SOCKS, with an address of IPv4. */
const HEAD = 10;
/** Milliseconds to wait for what still may come. */
const LATE = 2_000;

const pause = (milliseconds: number) =>
  new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), milliseconds));

async function take(connection: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) throw new Error("The proxy has ended the connection");
    at += read;
  }
  return bytes;
}

/** RFC 1928: a greeting and a request, and what is answered. */
async function askSocks(command: number, port: number): Promise<[Deno.Conn, Uint8Array]> {
  const connection = await Deno.connect(SOCKS);
  connection.setNoDelay(true);
  await connection.write(Uint8Array.of(5, 1, 0));
  await take(connection, 2);
  await connection.write(Uint8Array.of(5, command, 0, 1, ...HOST, port >> 8, port & 255));
  const answer = await take(connection, HEAD);
  if (answer[1] !== 0) throw new Error(`The proxy answers ${answer[1]}`);
  return [connection, answer];
}

async function requests(tunnels: number, seconds: number): Promise<Felt> {
  const text = `GET /${SMALL} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const opened = [];
  for (let i = 0; i < tunnels; i++) opened.push((await askSocks(1, ORIGIN_PORT))[0]);
  const end = performance.now() + 1_000 * seconds;
  const times: number[] = [];
  await Promise.all(opened.map(async (connection) => {
    await pause(Math.random() * THINKING);
    while (performance.now() < end) {
      const from = performance.now();
      await connection.write(new TextEncoder().encode(text));
      await takeAnswer(connection);
      times.push(performance.now() - from);
      await pause(THINKING * (0.5 + Math.random()));
    }
    connection.close();
  }));
  return { times, wanted: times.length };
}

/** Reads a head, and content of the length that was asked for. */
async function takeAnswer(connection: Deno.Conn): Promise<void> {
  let text = "";
  const bytes = new Uint8Array(4_096);
  for (let length = Infinity; text.length < length;) {
    const read = await connection.read(bytes);
    if (read === null) throw new Error("The host has ended the connection");
    for (const byte of bytes.subarray(0, read)) text += String.fromCharCode(byte);
    const head = text.indexOf("\r\n\r\n");
    if (head >= 0) length = head + 4 + SMALL;
  }
}

/** The socket of a program that speaks UDP through the near side, to one port of the host. */
class Association implements Disposable {
  readonly #control: Deno.Conn;
  readonly #socket: Deno.DatagramConn;
  readonly #relay: Deno.NetAddr;
  readonly #head: readonly number[];

  private constructor(control: Deno.Conn, relay: Deno.NetAddr, port: number) {
    this.#control = control;
    this.#relay = relay;
    this.#head = [0, 0, 0, 1, ...HOST, port >> 8, port & 255];
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  }

  static async open(port: number): Promise<Association> {
    const [control, answer] = await askSocks(3, 0);
    const relay = { ...SOCKS, transport: "udp", port: answer[8]! * 256 + answer[9]! } as const;
    return new Association(control, relay, port);
  }

  async send(payload: Uint8Array): Promise<void> {
    const datagram = new Uint8Array(HEAD + payload.length);
    datagram.set(this.#head);
    datagram.set(payload, HEAD);
    await this.#socket.send(datagram, this.#relay);
  }

  async receive(): Promise<Uint8Array<ArrayBuffer>> {
    const [data] = await this.#socket.receive();
    return data.slice(HEAD);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
    this.#control.close();
  }
}

/** RFC 1035, Section 4.1: a question for the address of `a.example`. */
function question(id: number): Uint8Array {
  const head = [id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Uint8Array.of(...head, 1, 97, 7, ...new TextEncoder().encode("example"), 0, 0, 1, 0, 1);
}

async function names(count: number): Promise<Felt> {
  using association = await Association.open(NAME_PORT);
  const times: number[] = [];
  for (let id = 1; id <= count; id++) {
    const from = performance.now();
    await association.send(question(id));
    const answer = await Promise.race([association.receive(), pause(LATE)]);
    if (answer === undefined) break; // a lost one: what comes later cannot be told apart
    const isRight = answer[0]! * 256 + answer[1]! === id &&
      answer.subarray(-4).join(".") === NAMED_ADDRESS;
    if (isRight) times.push(performance.now() - from);
  }
  return { times, wanted: count };
}

async function call(seconds: number): Promise<Felt> {
  const association = await Association.open(ECHO_PORT);
  const count = 1_000 * seconds / FRAME;
  const sent: number[] = [];
  const times = new Map<number, number>();
  const hearing = (async () => {
    while (times.size < count) {
      const data = await association.receive();
      const number = new DataView(data.buffer).getUint32(0);
      if (!times.has(number)) times.set(number, performance.now() - sent[number]!);
    }
  })().catch(() => {}); // the socket was closed
  const from = performance.now();
  for (let number = 0; number < count; number++) {
    await pause(from + FRAME * number - performance.now());
    const data = new Uint8Array(SPEECH);
    new DataView(data.buffer).setUint32(0, number);
    sent.push(performance.now());
    await association.send(data);
  }
  await Promise.race([hearing, pause(LATE)]);
  association[Symbol.dispose]();
  return { times: [...times.values()], wanted: count };
}

async function ping(hostname: string, to: string, seconds: number): Promise<Felt> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  const target = { transport: "udp", hostname: to, port: ECHO_PORT } as const;
  const times: number[] = [];
  (async () => {
    for await (const [data] of socket) {
      times.push(performance.now() - new DataView(data.buffer, data.byteOffset).getFloat64(0));
    }
  })().catch(() => {}); // the socket was closed
  const count = 1_000 * seconds / PINGING;
  for (let i = 0; i < count; i++) {
    const data = new DataView(new ArrayBuffer(8));
    data.setFloat64(0, performance.now());
    await socket.send(new Uint8Array(data.buffer), target);
    await pause(PINGING);
  }
  await pause(LATE);
  socket.close();
  return { times, wanted: count };
}

/** A relay of the laptop's loopback, over which a connection is made. */
async function quic(port: number): Promise<Felt> {
  const association = await Association.open(port);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  let client: Deno.Addr | undefined;
  const forth = (async () => {
    for await (const [data, from] of socket) {
      client = from;
      await association.send(data);
    }
  })().catch(() => {});
  const back = (async () => {
    for (;;) {
      const data = await association.receive();
      if (client) await socket.send(data, client);
    }
  })().catch(() => {}); // the association was closed
  const from = performance.now();
  const times: number[] = [];
  const url = `https://127.0.0.1:${(socket.addr as Deno.NetAddr).port}`;
  {
    await using connection = await dial(url, { insecure: true, localAddresses: ["127.0.0.1"] });
    await connection.handshake;
    times.push(performance.now() - from);
  }
  socket.close();
  association[Symbol.dispose]();
  await Promise.all([forth, back]);
  return { times, wanted: 1 };
}

function feel(knock: Knock): Promise<Felt> {
  switch (knock.kind) {
    case "requests":
      return requests(knock.tunnels, knock.seconds);
    case "names":
      return names(knock.count);
    case "ping":
      return ping(knock.from, knock.to, knock.seconds);
    case "call":
      return call(knock.seconds);
    case "quic":
      return quic(knock.port);
  }
}

if (import.meta.main) {
  console.log("ready");
  for await (const line of linesOf(Deno.stdin.readable)) {
    console.log(JSON.stringify(await feel(JSON.parse(line))));
  }
  Deno.exit();
}
