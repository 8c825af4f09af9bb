import type { Attack, AttackContext, Numbers } from "../attack.ts";
import { honestBounds } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { RawConnection } from "../raw_connection.ts";

/** The largest payload of a UDP datagram over IPv4. */
const LARGEST = 65_507;
/** Bytes of the connection ID behind the first byte of a short header. */
const ID_LENGTH = 8;

/** Datagrams of noise with the ID of another's connection, from a socket that has no key of it. */
export const noise: Attack = {
  name: "noise with a connection's ID",
  row: "F1",
  victim: "server",
  full: { connections: 10, from: 1, step: 1 },
  short: { connections: 10, from: 64_900, step: 1 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    { what: "connections that died", value: result.tally.died!, most: 0 },
  ],
};

async function run({ size, port, stopped, ready }: AttackContext): Promise<Numbers> {
  const all: RawConnection[] = [];
  for (let i = 0; i < size.connections!; i++) {
    const raw = await RawConnection.connect({ port, from: `127.10.${i}.1` });
    if (raw === undefined) throw new Error("the server took no connection");
    all.push(raw);
  }
  ready();
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.10.99.1", port: 0 });
  const target = { transport: "udp", hostname: "127.0.0.1", port } as const;
  const datagram = crypto.getRandomValues(new Uint8Array(65_536));
  let sent = 0;
  for (let length = size.from!; length <= LARGEST && !stopped.aborted; length += size.step!) {
    const { current: id } = all[length % all.length]!.connection.paths.slot(0)!.remote;
    datagram[0] = 0x40 | datagram[0]! & 0x3f;
    if (length > ID_LENGTH) datagram.set(id, 1);
    await socket.send(datagram.subarray(0, length), target);
    sent++;
    if (sent % 20 === 0) await pause(1);
  }
  while (!stopped.aborted) await pause(50);
  socket.close();
  const died = all.filter(({ isClosed }) => isClosed).length;
  for (const raw of all) raw.abandon();
  return { sent, died };
}
