import {
  type Attack,
  type AttackContext,
  effort,
  honestBounds,
  type Numbers,
  type Result,
} from "../attack.ts";
import { pause } from "../honest_client.ts";
import { InitialForge } from "../initial_forge.ts";

const TICK = 10;
/** RFC 9000, Section 14.1: a first packet is dropped in a datagram that is shorter than 1,200. */
const RUNT = 1_199;
/** Datagrams that are made once and sent over and over: they differ in what cannot be opened. */
const VARIETY = 512;

/** First packets of connections that no key opens. */
export const garbageInitials: Attack = {
  name: "garbage for Initials",
  row: "B6",
  victim: "server",
  full: { rate: 2_000, runts: 6_000 },
  short: { rate: 2_000, runts: 3_000 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    {
      what: "processor time of a datagram, as a multiple of that of taking one in",
      value: effort(result, "runts") / result.tally.sent! / ofRunt(result),
      most: 8,
    },
  ],
};

/** Milliseconds of processor time for a datagram that is too short to be looked at. */
function ofRunt({ size, marks }: Result): number {
  return (marks.get("runts")!.cpu - marks.get("start")!.cpu) / size.runts!;
}

async function run({ size, port, stopped, mark, ready }: AttackContext): Promise<Numbers> {
  const forge = new InitialForge();
  const datagrams = Array.from({ length: VARIETY }, () => {
    const datagram = forge.make();
    crypto.getRandomValues(datagram.subarray(-1_000));
    return datagram;
  });
  const sender = new Sender(port, size.rate!);
  await mark("start");
  const runts = datagrams.map((datagram) => datagram.subarray(0, RUNT));
  await sender.send(runts, (sent) => sent >= size.runts!);
  await mark("runts");
  ready();
  const sent = await sender.send(datagrams, () => stopped.aborted);
  sender.close();
  return { sent };
}

/** Sends datagrams at a rate, from many addresses. */
class Sender {
  readonly #rate: number;
  readonly #target: Deno.NetAddr;
  readonly #sockets = Array.from(
    { length: 50 },
    (_, i) => Deno.listenDatagram({ transport: "udp", hostname: `127.7.${i}.1`, port: 0 }),
  );

  constructor(port: number, rate: number) {
    this.#target = { transport: "udp", hostname: "127.0.0.1", port };
    this.#rate = rate / 1_000;
  }

  /** Sends them in turn until it is enough; returns how many. */
  async send(
    datagrams: readonly Uint8Array[],
    isEnough: (sent: number) => boolean,
  ): Promise<number> {
    const start = performance.now();
    let sent = 0;
    while (!isEnough(sent)) {
      const due = (performance.now() - start) * this.#rate;
      for (; sent < due && !isEnough(sent); sent++) {
        const socket = this.#sockets[sent % this.#sockets.length]!;
        socket.send(datagrams[sent % datagrams.length]!, this.#target).catch(() => {});
      }
      await pause(TICK);
    }
    return sent;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }
}
