import { families } from "./scenarios.ts";

/** Where the digests stand. */
const file = new URL("./recorded.txt", import.meta.url);

/** Digests by the name and the seed of their scenario. */
export type Recording = ReadonlyMap<string, string>;

/** Runs the scenarios of one family, whichever seed `SIM_SEED` names. */
export function run(family: string): Recording {
  const { seeds, scenarios } = families[family]!;
  const single = Deno.env.get("SIM_SEED");
  Deno.env.delete("SIM_SEED");
  try {
    const digests = new Map<string, string>();
    for (const [name, scenario] of Object.entries(scenarios)) {
      for (let seed = 1; seed <= seeds; seed++) digests.set(`${name} ${seed}`, scenario(seed));
    }
    return digests;
  } finally {
    if (single !== undefined) Deno.env.set("SIM_SEED", single);
  }
}

/** The digests as they were recorded; none if there is no record. */
export function recorded(): Recording {
  const lines = Deno.readTextFileSync(file).split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => line.split(": ") as [string, string]));
}

/** Records digests again: one a line. */
export function record(digests: Recording): void {
  const lines = [...digests].map(([name, digest]) => `${name}: ${digest}\n`);
  Deno.writeTextFileSync(file, lines.join(""));
}

/** A line for each digest of `now` that is another one in `before`, or not there. */
export function differences(before: Recording, now: Recording): string[] {
  const lines: string[] = [];
  for (const [name, digest] of now) {
    const old = before.get(name) ?? "nothing";
    if (old !== digest) lines.push(`${name}: ${digest}, recorded was ${old}`);
  }
  return lines;
}
