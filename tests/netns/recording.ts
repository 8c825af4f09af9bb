// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Makes the moving picture of the README from a real run: `deno task recording` (Linux, root, tmux).
 *
 * A laptop of two links of 20 Mbit/s fetches a file with `mpquic get`. One link is cut and comes back
 * meanwhile. What the terminal shows is kept four times a second.
 */
import { dirname } from "node:path";
import { Terminal } from "../cli/terminal.ts";
import { exactly } from "../permissions/permission_line.ts";
import { laptop, laptopLinks } from "./laptop.ts";
import { type Frame, movingPicture } from "./moving_picture.ts";
import { PORT, serverAddress } from "./testbed.ts";

const COLUMNS = 80;
const ROWS = 12;
const SIZE = 50_000_000;
const INTERVAL = 250;
const target = new URL("../../docs/get.svg", import.meta.url);

async function record(folder: string): Promise<Frame[]> {
  await using testbed = await laptop();
  await Deno.mkdir(`${folder}/www`);
  await Deno.writeFile(`${folder}/www/film.mp4`, new Uint8Array(SIZE));
  const args = ["serve", `${folder}/www`, "-p", `${PORT}`, "-n", "s"];
  const server = testbed.program(testbed.server, "cli/main.ts", args).spawn();
  const { args: run } = exactly("cli/main.ts", []);
  const words = ["ip", "netns", "exec", testbed.client, Deno.execPath(), ...run];
  await Deno.writeTextFile(
    `${folder}/mpquic`,
    `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`,
    { mode: 0o755 },
  );
  await using terminal = await Terminal.open(COLUMNS, ROWS);
  await terminal.type(`cd ${folder}; PATH=${folder}:${dirname(Deno.execPath())}:$PATH; clear`);
  await terminal.until((lines) => lines.length === 1 && lines[0] === Terminal.PROMPT);
  const frames: Frame[] = [];
  const started = performance.now();
  const url = `https://${serverAddress(0)}:${PORT}/film.mp4`;
  await terminal.type(`mpquic get -k -n ${laptopLinks.join(",")} -O ${url}`);
  const cuts: [time: number, cut: boolean][] = [[5_000, true], [9_000, false]];
  for (let isOver = false; !isOver;) {
    const time = performance.now() - started;
    if (cuts[0] && time > cuts[0][0]) await testbed.order({ link: 0, cut: cuts.shift()![1] });
    const lines = await terminal.lines();
    isOver = lines.length > 2 && lines.at(-1) === Terminal.PROMPT;
    if (time > 120_000) throw new Error(`the terminal shows:\n${lines.join("\n")}`);
    frames.push({ time, lines: lines.map((line) => line.replace(Terminal.PROMPT, "$")) });
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
  server.kill("SIGKILL");
  await Promise.all([server.stdout.cancel(), server.stderr.cancel(), server.status]);
  return frames;
}

const folder = await Deno.makeTempDir();
try {
  const frames = await record(folder);
  await Deno.writeTextFile(target, movingPicture(frames, COLUMNS, ROWS));
  console.log(`${frames.length} pictures of ${(frames.at(-1)!.time / 1000).toFixed(1)} s`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
