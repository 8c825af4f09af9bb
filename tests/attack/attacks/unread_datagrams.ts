import { writeDatagram } from "../../../src/frame/datagram.ts";
import { type Attack, type AttackContext, growth, honestBounds, type Numbers } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { RawConnection } from "../raw_connection.ts";

/** Nearly the largest datagram that goes over the loopback interface. */
const SIZE = 60_000;
/** What a process's memory moves by itself while it takes in large datagrams. */
const NOISE = 40e6;

/** DATAGRAM frames for a server that reads none. */
export const unreadDatagrams: Attack = {
  name: "DATAGRAM frames that nobody reads",
  row: "B6",
  victim: "server",
  full: { connections: 12, datagrams: 260, time: 30_000 },
  short: { connections: 6, datagrams: 260, time: 10_000 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    {
      what: "growth of memory, kB per connection",
      value: (growth(result, "connected") - NOISE) / 1e3 / result.tally.connections!,
      most: 128,
    },
  ],
};

async function run({ size, port, stopped, mark, ready }: AttackContext): Promise<Numbers> {
  const all: RawConnection[] = [];
  for (let i = 0; i < size.connections!; i++) {
    const raw = await RawConnection.connect({ port, from: `127.9.${i}.1` });
    if (raw !== undefined) all.push(raw);
  }
  await mark("connected");
  const data = new Uint8Array(SIZE - 100);
  const end = performance.now() + size.time!;
  for (let i = 0; i < size.datagrams! && performance.now() < end; i++) {
    for (const raw of all) await raw.sendAlone((writer) => writeDatagram(writer, data), SIZE);
    if (i % 10 === 0) await pause(5);
  }
  ready();
  while (!stopped.aborted) await pause(50);
  const alive = all.filter(({ isClosed }) => !isClosed).length;
  const sent = all.reduce((sum, raw) => sum + raw.sent, 0);
  for (const raw of all) raw.abandon();
  return { connections: all.length, sent, alive };
}
