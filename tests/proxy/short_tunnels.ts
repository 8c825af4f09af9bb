// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Many short connections through both programs of the proxy: `deno task tunnels [COUNT [WARM]]`.
 *
 * It tells what the programs have open, and how large they are, before and after, and fails if they
 * keep descriptors, or grow by more than a tenth of what they were when they were warm.
 */
import { mainCommand, RunningServer } from "../cli/program_runner.ts";
import { hashOf, says, TcpHost } from "./far_side.ts";

const TOKEN = "a-token-of-this-run";
/** Connections at a time, and those after which a program counts as warm. */
const TURN = 25;
const WARM = 10_000;
/** Milliseconds for what has ended to be given back. */
const PATIENCE = 20_000;

/** What a program holds. */
export interface Holding {
  readonly descriptors: number;
  /** Bytes of memory. */
  readonly memory: number;
}

/** What both programs held when they were warm, and at the end. */
export type Holdings = Readonly<Record<"near" | "far", readonly [warm: Holding, end: Holding]>>;

/** How programs ask: by SOCKS, by CONNECT, and for a URL. */
function questions(target: string): readonly Uint8Array[] {
  const [hostname, port] = target.split(":");
  const ends = [Number(port) >> 8, Number(port) & 255];
  const socks = [5, 1, 0, 5, 1, 0, 1, ...hostname!.split(".").map(Number), ...ends];
  const text = (line: string) => new TextEncoder().encode(`${line} HTTP/1.1\r\n\r\n`);
  return [Uint8Array.from(socks), text(`CONNECT ${target}`), text(`GET http://${target}/`)];
}

/** One connection of a program, to the end of all that the host says. */
async function ask(port: number, question: Uint8Array): Promise<void> {
  for (let isHeard = false; !isHeard;) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(question);
    await connection.closeWrite();
    const text = await new Response(connection.readable).text().catch(() => "");
    isHeard = text.endsWith("hello");
    // More than the rate that a user has are refused for a moment.
    if (!isHeard) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function holdingOf(pid: number): Promise<Holding> {
  const descriptors = [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))!;
  return { descriptors, memory: 1_024 * Number(kilobytes) };
}

/** The same, when it has no more descriptors than before, or after a while. */
async function restOf(pid: number, before: Holding): Promise<Holding> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const holding = await holdingOf(pid);
    if (holding.descriptors <= before.descriptors || performance.now() > deadline) return holding;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Runs the programs, and makes so many connections through them.
 *
 * @param warm How many of them are made before the first look.
 */
export async function shortTunnels(count: number, warm: number): Promise<Holdings> {
  await using host = new TcpHost(says("hello"));
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/www`);
  await Deno.writeTextFile(`${folder}/token`, TOKEN);
  await Deno.writeTextFile(`${folder}/users`, `anna:${await hashOf(TOKEN)}`);
  const rules = ["--proxy", "--users", `${folder}/users`, "--proxy-allow", "127.0.0.1"];
  const place = ["--host", "127.0.0.1", "--port", "0"];
  await using far = await RunningServer.start(...place, ...rules, `${folder}/www`);
  const via = ["--via", `https://127.0.0.1:${far.port}`, "--token-file", `${folder}/token`];
  const listen = ["--listen", "127.0.0.1:0", "--insecure"];
  await using near = await RunningServer.of(mainCommand(["proxy", ...via, ...listen]));
  const all = questions(host.target);
  let made = 0;
  const make = async (most: number) => {
    await Promise.all(Array.from({ length: TURN }, async () => {
      while (made < most) await ask(near.port, all[made++ % all.length]!);
    }));
    // The last ones are still under way at the host when the program has read all.
    while (host.open.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const look = async (before?: readonly [Holding, Holding]) => {
    const idle = { descriptors: 0, memory: 0 };
    const [one, other] = before ?? [idle, idle];
    const rest = before ? restOf : holdingOf;
    return [await rest(near.pid, one), await rest(far.pid, other)] as const;
  };
  await make(1);
  const [nearFirst, farFirst] = await look();
  await make(warm);
  const before = await look([nearFirst, farFirst]);
  await make(count);
  const after = await look(before);
  await Deno.remove(folder, { recursive: true });
  return { near: [before[0], after[0]], far: [before[1], after[1]] };
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 2 * WARM);
  const warm = Number(Deno.args[1] ?? Math.min(WARM, count / 2));
  const holdings = await shortTunnels(count, warm);
  let isKept = false;
  for (const [name, [warm, end]] of Object.entries(holdings)) {
    const sizes = [warm, end].map(({ memory }) => `${(memory / 1e6).toFixed(0)} MB`).join(" -> ");
    console.log(`${name} side: descriptors ${warm.descriptors} -> ${end.descriptors}, ${sizes}`);
    isKept ||= end.descriptors > warm.descriptors || end.memory > 1.1 * warm.memory;
  }
  Deno.exit(isKept ? 1 : 0);
}
