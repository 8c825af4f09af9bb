import { type Attack, type AttackContext, effort, honestBounds, type Numbers } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { RawConnection } from "../raw_connection.ts";
import { headersFrame } from "../../http3/raw_peer.ts";
import { Kind } from "../../../src/stream/connection_credit.ts";

/** RFC 9114, Section 8.1: H3_REQUEST_CANCELLED. */
const CANCELLED = 0x10c;

const request = headersFrame([
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "localhost"],
  [":path", "/many/"],
]);

/** Listings of a folder with many entries, asked for and given up at once. */
export const resetListings: Attack = {
  name: "listings asked for and reset",
  row: "B5",
  victim: "server",
  full: { requests: 90, entries: 4_000 },
  short: { requests: 90, entries: 1_500 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    { what: "processor time of the listings, ms", value: effort(result), most: 1_000 },
  ],
};

async function run({ size, port, stopped, ready }: AttackContext): Promise<Numbers> {
  const raw = await RawConnection.connect({ port, from: "127.6.1.1" });
  if (raw === undefined) throw new Error("the server took no connection");
  const streams = Array.from({ length: size.requests! }, () => {
    const stream = raw.connection.streams.open(Kind.Bidirectional)!;
    stream.send!.write(request);
    stream.send!.finish();
    return stream;
  });
  raw.hub.wake(raw.connection);
  ready();
  await pause(50);
  for (const { receive } of streams) receive!.stop(CANCELLED);
  raw.hub.wake(raw.connection);
  while (!stopped.aborted) await pause(50);
  raw.abandon();
  return { requests: streams.length };
}
