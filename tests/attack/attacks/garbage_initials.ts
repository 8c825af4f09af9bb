import { type Attack, type AttackContext, effort, honestBounds, type Numbers } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { InitialForge } from "../initial_forge.ts";

const TICK = 10;
/** Datagrams that are made once and sent over and over: they differ in what nobody can open. */
const VARIETY = 512;

/** First packets of connections that no key opens. */
export const garbageInitials: Attack = {
  name: "garbage for Initials",
  row: "B6",
  victim: "server",
  full: { rate: 2_000 },
  short: { rate: 2_000 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    {
      what: "processor time of a datagram, µs",
      value: effort(result) * 1e3 / result.tally.sent!,
      most: 100,
    },
  ],
};

async function run({ size, port, stopped, ready }: AttackContext): Promise<Numbers> {
  const forge = new InitialForge();
  const datagrams = Array.from({ length: VARIETY }, () => {
    const datagram = forge.make();
    crypto.getRandomValues(datagram.subarray(-1_000));
    return datagram;
  });
  const target = { transport: "udp", hostname: "127.0.0.1", port } as const;
  const sockets = Array.from(
    { length: 50 },
    (_, i) => Deno.listenDatagram({ transport: "udp", hostname: `127.7.${i}.1`, port: 0 }),
  );
  const start = performance.now();
  let sent = 0;
  ready();
  while (!stopped.aborted) {
    const due = (performance.now() - start) / 1_000 * size.rate!;
    for (; sent < due; sent++) {
      sockets[sent % sockets.length]!.send(datagrams[sent % VARIETY]!, target).catch(() => {});
    }
    await pause(TICK);
  }
  for (const socket of sockets) socket.close();
  return { sent };
}
