// deno-lint-ignore-file no-console -- it tells the harness what it does
import { attacks } from "./attacks.ts";

/*
 * The attacker's part of an attack in a process of its own, so that neither the victim nor an honest
 * client shares its event loop: `deno run -A tests/attack/attacker.ts NAME SIZE PORT FOLDER`. It is
 * told to go on, line by line, and to stop by the end of its standard input.
 */
const [name, size, port, folder] = Deno.args as [string, string, string, string];
const attack = attacks.find((one) => one.name === name)!;
const stop = new AbortController();
const waiting: (() => void)[] = [];

async function listen(): Promise<void> {
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    for (const _ of piece.matchAll(/\n/g)) waiting.shift()?.();
  }
  stop.abort();
}

listen();
const tally = await attack.run({
  size: JSON.parse(size),
  port: Number(port),
  folder,
  stopped: stop.signal,
  mark: (mark) => {
    console.log(JSON.stringify({ mark }));
    return new Promise((resolve) => waiting.push(resolve));
  },
  ready: (own = 0) => console.log(JSON.stringify({ ready: own })),
});
console.log(JSON.stringify({ tally }));
Deno.exit(0);
