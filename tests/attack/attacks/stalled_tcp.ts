import { type Attack, type AttackContext, honestBounds, type Numbers } from "../attack.ts";
import { pause } from "../honest_client.ts";
import { readSite } from "../site.ts";

/** Milliseconds that one look at a connection takes. */
const TICK = 50;

/** What stalls: the TCP connection itself, a TLS handshake, the fields of a request. */
const beginnings = ["nothing", "handshake", "fields"] as const;

/** Connections over TCP that begin something and do not go on. */
export const stalledTcp: Attack = {
  name: "TCP connections that do not go on",
  row: "B6",
  victim: "server",
  full: { connections: 400, patience: 45_000 },
  short: { connections: 90, patience: 0 },
  run,
  bounds: (result) => [
    ...honestBounds(result),
    { what: "requests over TCP that fail", value: result.tally.failed!, most: 0 },
    { what: "stalled connections at a time", value: result.tally.most!, most: 80 },
    ...result.size.patience === 0
      ? []
      : [{ what: "stalled connections at the end", value: result.tally.left!, most: 0 }],
  ],
};

async function run({ size, port, folder, stopped, ready }: AttackContext): Promise<Numbers> {
  const { authority } = readSite(folder, "server");
  const stalled = new Set<Deno.Conn>();
  for (let i = 0; i < size.connections!; i++) {
    const conn = await stall(beginnings[i % beginnings.length]!, port, authority);
    if (conn === undefined) continue;
    stalled.add(conn);
    conn.read(new Uint8Array(65_536)).catch(() => null).then((length) => {
      if (length === null) stalled.delete(conn);
    });
  }
  const most = stalled.size;
  ready();
  const failed = await askOthers(port, authority);
  for (let time = 0; time < size.patience! && stalled.size > 0; time += TICK) await pause(TICK);
  const tally = { most, left: stalled.size, failed };
  while (!stopped.aborted) await pause(TICK);
  return tally;
}

async function stall(
  how: (typeof beginnings)[number],
  port: number,
  authority: string,
): Promise<Deno.Conn | undefined> {
  try {
    if (how === "fields") {
      const options = { hostname: "localhost", port, caCerts: [authority] };
      const conn = await Deno.connectTls({ ...options, alpnProtocols: ["http/1.1"] });
      await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: localhost\r\nx-a: "));
      return conn;
    }
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    if (how === "handshake") await conn.write(new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]));
    return conn;
  } catch {
    return undefined; // the server has had enough
  }
}

/** How many of 10 requests fail that come from other addresses. */
async function askOthers(port: number, authority: string): Promise<number> {
  let failed = 0;
  for (let i = 0; i < 10; i++) {
    const localAddress = `127.13.${i}.1`;
    using client = Deno.createHttpClient({ caCerts: [authority], localAddress });
    try {
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(`https://localhost:${port}/small.txt`, { client, signal });
      if ((await response.text()).length === 0) failed++;
    } catch {
      failed++;
    }
  }
  return failed;
}
