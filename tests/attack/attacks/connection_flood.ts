import { MAX_SHARE_FACTOR, SERVER_LIMITS } from "../../../src/limits/limits.ts";
import { Kind } from "../../../src/stream/connection_credit.ts";
import {
  type Attack,
  type AttackContext,
  honestBounds,
  type Numbers,
  type Result,
} from "../attack.ts";
import { pause } from "../honest_client.ts";
import { RawConnection } from "../raw_connection.ts";

/** What an address may have, however many handshakes it has completed. */
const MOST = SERVER_LIMITS.connections.perAddress * MAX_SHARE_FACTOR;
/** Connections that are under way at a time. */
const AT_ONCE = 8;
/** So many are opened before memory is looked at: a server's heap grows by itself at first. */
const WARM = 100;

/** A client without an answer tries again soon. */
const config = { handshakeTimeout: 3_000 };
/** What HTTP/3 clients say first: the type of their control stream, and empty SETTINGS. */
const settings = new Uint8Array([0x00, 0x04, 0x00]);

/** As many connections as a server lets one address have, with nothing asked over them. */
export const connectionFlood: Attack = {
  name: "connections without end, one address",
  row: "B4",
  victim: "server",
  full: { connections: 1_500, time: 60_000 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    {
      what: "memory of an idle connection, kB",
      value: kept(result) / 1e3 / Math.max(1, result.tally.open! - WARM),
      most: 150,
    },
    { what: "connections of one address", value: result.tally.open!, most: MOST },
  ],
};

/** Bytes that the victim has grown by when garbage has had time to go. */
function kept({ marks, after }: Result): number {
  return after.memory - marks.get("warm")!.memory;
}

async function run({ size, port, stopped, mark, ready }: AttackContext): Promise<Numbers> {
  const all: RawConnection[] = [];
  let begun = 0;
  let refused = 0;
  const end = performance.now() + size.time!;
  const openSome = async (most: number) => {
    while (begun < most && !stopped.aborted && performance.now() < end) {
      begun++;
      const raw = await RawConnection.connect({ port, from: "127.5.1.1", config });
      if (raw === undefined) {
        refused++;
        continue;
      }
      all.push(raw);
      raw.connection.streams.open(Kind.Unidirectional)?.send?.write(settings);
      raw.hub.wake(raw.connection);
    }
  };
  const open = (most: number) => Promise.all(Array.from({ length: AT_ONCE }, () => openSome(most)));
  await open(WARM);
  await mark("warm");
  await open(size.connections!);
  ready();
  while (!stopped.aborted) await pause(50);
  const alive = all.filter(({ isClosed }) => !isClosed).length;
  for (const raw of all) raw.abandon();
  return { begun, refused, open: alive };
}
