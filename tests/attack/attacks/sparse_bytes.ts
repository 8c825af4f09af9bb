import { Credential } from "../../../src/tls/credential.ts";
import { type Attack, type AttackContext, growth, honestBounds, type Numbers } from "../attack.ts";
import { HostileServer } from "../hostile_server.ts";
import { pause } from "../honest_client.ts";
import { type Frames, RawConnection, streamFrame } from "../raw_connection.ts";
import { readSite } from "../site.ts";

/** Bytes between two that are sent. */
const STEP = 65_536;
/** Rounds of 10 ms in which a window that is used up may yet widen. */
const ROUNDS = 200;
/** Frames of a packet. */
const PER_PACKET = 16;
/** Streams that a peer lets us open. */
const STREAMS = 100;
/** What a process's memory moves by itself while it serves a handful of requests. */
const NOISE = 40e6;

const byte = new Uint8Array(1);

/** RFC 9000, Section 2.1: the first ID of a client's, and of a server's, unidirectional streams. */
const FIRST_OF_CLIENT = 2;
const FIRST_OF_SERVER = 3;

const bounds = (mark?: string): Attack["bounds"] => (result) => [
  ...honestBounds(result),
  {
    what: "growth of memory, kB per connection beyond twice what it sent",
    value: (growth(result, mark) - NOISE - 2 * result.tally.sent!) / 1e3 /
      result.tally.connections!,
    most: 64,
  },
];

/** One byte for each 64 KiB of streams whose beginning never comes. */
export const sparseClient: Attack = {
  name: "one byte per 64 KiB",
  row: "B3",
  victim: "server",
  full: { connections: 40 },
  short: { connections: 12 },
  run: attackServer,
  bounds: bounds("connected"),
};

/** The same from a server, to a client whose windows are wider. */
export const sparseServer: Attack = {
  name: "one byte per 64 KiB, of a server",
  row: "B3",
  victim: "client",
  full: {},
  short: {},
  run: attackClient,
  bounds: bounds(),
};

async function attackServer(context: AttackContext): Promise<Numbers> {
  const all: Sparse[] = [];
  for (let i = 0; i < context.size.connections!; i++) {
    const raw = await RawConnection.connect({ port: context.port, from: `127.4.${i}.1` });
    if (raw !== undefined) all.push(new Sparse(raw, FIRST_OF_CLIENT));
  }
  await context.mark("connected");
  for (let round = 0; round < ROUNDS && !context.stopped.aborted; round++) {
    for (const one of all) one.send();
    await pause(10);
  }
  context.ready();
  while (!context.stopped.aborted) await pause(50);
  const tally = tallyOf(all);
  for (const { raw } of all) raw.abandon();
  return tally;
}

async function attackClient({ folder, stopped, ready }: AttackContext): Promise<Numbers> {
  const { cert, key } = readSite(folder, "server");
  const credential = Credential.fromPem(cert, key);
  const server = new HostileServer(() => credential);
  const all = new Map<RawConnection, Sparse>();
  ready(server.port);
  while (!stopped.aborted) {
    for (const raw of server.accepted) {
      if (!all.has(raw)) all.set(raw, new Sparse(raw, FIRST_OF_SERVER));
      all.get(raw)!.send();
    }
    await pause(5);
  }
  server.close();
  return tallyOf([...all.values()]);
}

function tallyOf(all: readonly Sparse[]): Numbers {
  const sent = all.reduce((sum, { raw }) => sum + raw.sent, 0);
  const streams = all.reduce((sum, one) => sum + one.streams, 0);
  const alive = all.filter(({ raw }) => !raw.isClosed).length;
  return { connections: all.length, streams, sent, alive };
}

/** One connection that is used up as far as its windows go. */
class Sparse {
  readonly raw: RawConnection;
  streams = 0;
  readonly #first: number;
  readonly #perStream: number;
  /** The chunk that comes next, and what the ones before use of the connection's window. */
  #chunk: number;
  #used = 0;

  constructor(raw: RawConnection, first: number) {
    this.raw = raw;
    this.#first = first;
    const { initialMaxStreamDataUni } = raw.connection.peer.parameters;
    this.#chunk = this.#perStream = Math.floor(initialMaxStreamDataUni / STEP);
  }

  /** Sends what the windows allow, all but the first byte of each chunk, in one packet. */
  send(): void {
    const frames: Frames[] = [];
    while (frames.length < PER_PACKET && this.#hasRoom()) frames.push(this.#next());
    if (frames.length > 0) this.raw.send((writer) => frames.forEach((write) => write(writer)));
  }

  #hasRoom(): boolean {
    const { limit } = this.raw.connection.streams.credit.send;
    const isFull = this.#chunk === this.#perStream;
    return this.#used + (isFull ? 2 : STEP) <= limit && !(isFull && this.streams === STREAMS);
  }

  #next(): Frames {
    if (this.#chunk === this.#perStream) {
      this.#chunk = 0;
      this.streams++;
    }
    const id = this.#first + 4 * (this.streams - 1);
    this.#used += this.#chunk === 0 ? 2 : STEP;
    return streamFrame(id, this.#chunk++ * STEP + 1, byte);
  }
}
