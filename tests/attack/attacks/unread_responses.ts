import { type Attack, type AttackContext, growth, honestBounds, type Numbers } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { RawConnection } from "../raw_connection.ts";
import { headersFrame } from "../../http3/raw_peer.ts";
import { Kind } from "../../../src/stream/connection_credit.ts";

/** Bytes of a response that a client lets come before it reads nothing more. */
const WINDOW = 16_384;

/** The fewest bytes in which a big file can be asked for. */
const request = headersFrame([
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [":path", "/big.bin"],
]);

/** Requests for a big file whose responses are not read. */
export const unreadResponses: Attack = {
  name: "responses that nobody reads",
  row: "B2",
  victim: "server",
  full: { connections: 25, requests: 100 },
  short: { connections: 10, requests: 100 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    { what: "growth of memory, MB", value: growth(result) / 1e6, most: 150 },
  ],
};

async function run({ size, port, stopped, ready }: AttackContext): Promise<Numbers> {
  let requests = 0;
  const all: RawConnection[] = [];
  for (let i = 0; i < size.connections!; i++) {
    const config = { streamWindow: WINDOW, connectionWindow: WINDOW, maxConnectionWindow: WINDOW };
    const raw = await RawConnection.connect({ port, from: `127.3.${i}.1`, config });
    if (raw === undefined) continue;
    all.push(raw);
    for (let i = 0; i < size.requests!; i++) {
      const stream = raw.connection.streams.open(Kind.Bidirectional);
      if (stream === undefined) break;
      stream.send!.write(request);
      stream.send!.finish();
      requests++;
    }
    raw.hub.wake(raw.connection);
  }
  ready();
  while (!stopped.aborted) await pause(50);
  const alive = all.filter(({ isClosed }) => !isClosed).length;
  for (const raw of all) raw.abandon();
  return { requests, alive };
}
