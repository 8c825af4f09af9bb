import type { MultipathConnection } from "../../mod.ts";

/** Small messages that one end sends to the other. */
export interface DripPlan {
  readonly from: "client" | "server";
  readonly kind: "stream" | "datagram";
  /** Milliseconds between two messages. */
  readonly period: number;
}

/** All that run side by side, each on a connection of its own. */
export const PLANS: readonly DripPlan[] = (["client", "server"] as const).flatMap((from) =>
  (["stream", "datagram"] as const).flatMap((kind) =>
    [20, 50].map((period) => ({ from, kind, period }))
  )
);

/** Milliseconds that it takes. */
const DURATION = 1_600;
/** Milliseconds without a datagram after which none is waited for. */
const PATIENCE = 500;
/** Bytes of a message: when it left, its number, and nothing. */
const SIZE = 60;
const NUMBER_AT = 8;

/** What to call it. */
export function nameOf({ from, kind, period }: DripPlan): string {
  return `${kind} of the ${from}, every ${period} ms`;
}

/** Sends all messages, each at its time. */
export async function sendDrip(connection: MultipathConnection, plan: DripPlan): Promise<void> {
  const { kind, period } = plan;
  const start = performance.now();
  const stream = kind === "stream" ? await connection.createUnidirectionalStream() : undefined;
  const writer = stream?.getWriter();
  for (let number = 0; number < countOf(plan); number++) {
    const wait = start + number * period - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const message = new Uint8Array(SIZE);
    const view = new DataView(message.buffer);
    view.setFloat64(0, clock());
    view.setUint32(NUMBER_AT, number);
    // No message waits for the one before: a path that dies must not change when messages leave.
    const sent = writer?.write(message) ?? connection.sendDatagram(message);
    sent.catch(() => {}); // the receiver misses them
  }
  await writer?.close();
}

/**
 * Hears all messages.
 *
 * @returns The longest delay in milliseconds. Datagrams may be lost: of those that are it is how long
 * it took from the first of them until one left that arrived.
 */
export async function hearDrip(connection: MultipathConnection, plan: DripPlan): Promise<number> {
  const messages = plan.kind === "stream" ? recordsOf(connection) : datagramsOf(connection);
  let longest = 0;
  let next = 0;
  for await (const message of messages) {
    const now = clock();
    const view = new DataView(message.buffer, message.byteOffset, message.length);
    const sentAt = view.getFloat64(0);
    const number = view.getUint32(NUMBER_AT);
    if (message.length !== SIZE || number >= countOf(plan)) throw new Error("Not what was sent");
    if (plan.kind === "stream" && number !== next) throw new Error("Not the next message");
    const lost = Math.max(0, number - next);
    longest = Math.max(longest, now - sentAt, lost * plan.period);
    next = Math.max(next, number + 1);
  }
  return Math.max(longest, (countOf(plan) - next) * plan.period);
}

function countOf({ period }: DripPlan): number {
  return DURATION / period;
}

/** Messages on a stream, one after the other. */
async function* recordsOf(connection: MultipathConnection): AsyncGenerator<Uint8Array> {
  for await (const stream of connection.incomingUnidirectionalStreams) {
    let rest = new Uint8Array();
    for await (const chunk of stream) {
      const data = new Uint8Array([...rest, ...chunk]);
      const end = data.length - data.length % SIZE;
      for (let at = 0; at < end; at += SIZE) yield data.subarray(at, at + SIZE);
      rest = data.subarray(end);
    }
    return;
  }
}

/** Datagrams, until none comes. */
async function* datagramsOf(connection: MultipathConnection): AsyncGenerator<Uint8Array> {
  for (;;) {
    let timer: ReturnType<typeof setTimeout>;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE);
    });
    const datagram = await Promise.race([
      connection.readDatagram().catch(() => undefined),
      timeout,
    ]);
    clearTimeout(timer!);
    if (datagram === undefined) return;
    yield datagram;
  }
}

/** Milliseconds of a clock that all programs of a machine share. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}
