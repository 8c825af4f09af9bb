import { type Operation, play, type Scenario } from "./scenario.ts";

const folder = new URL("found/", import.meta.url);

/*
 * Scenarios that `deno task fuzz` found to fail once, each with a name for what was wrong.
 */
const harmless: Scenario = {
  seed: 0,
  paths: 1,
  loss: 0,
  reorder: 0,
  duplicate: 0,
  corrupt: 0,
  rtt: 2,
  megabits: 1,
  operations: [],
};

const nothing = { wait: 0, byServer: false, which: 0, much: 0 };

function found(
  name: string,
  scenario: Partial<Scenario>,
  ...operations: Partial<Operation>[]
): void {
  Deno.test(name, () => {
    const all = operations.map((one): Operation => ({ kind: "open", ...nothing, ...one }));
    play({ ...harmless, ...scenario, operations: all });
  });
}

found(
  "Connection.closePath() keeps the only path that is validated",
  { seed: 111885, paths: 3 },
  { kind: "openPath", which: 4 },
  { kind: "outage", which: 16, much: 2_249 },
  { kind: "updateKeys", byServer: true },
  { kind: "open" },
  { kind: "closePath", wait: 37 },
  { kind: "updateKeys", byServer: true },
);

found(
  "Validation asks again when the peer is heard, and does not give its path up",
  { seed: 573580, paths: 2, loss: 0.1, rtt: 52 },
  { kind: "closePath", wait: 5 },
  { kind: "open", wait: 11 },
  { kind: "outage", wait: 25, which: 13, much: 1_357 },
);

found(
  "Validation asks again soon when the peer is heard right after a challenge",
  { seed: 296041, paths: 2, loss: 0.01, rtt: 73 },
  { kind: "closePath", wait: 5 },
  { kind: "open" },
  { kind: "finish", wait: 71 },
  { kind: "outage", wait: 25, which: 13, much: 1_654 },
);

found(
  "An address that is not proven yet is challenged again when its packets come after a long outage",
  { loss: 0.01, reorder: 0.07, duplicate: 0.07, corrupt: 0.01, rtt: 7, megabits: 3 },
  { kind: "open", wait: 5 },
  { kind: "open", wait: 5 },
  { kind: "rebind", wait: 23 },
  { kind: "reset", which: 1 },
  { kind: "open", wait: 79 },
  { kind: "open", wait: 21 },
  { kind: "finish", wait: 3, byServer: true },
  { kind: "rebind", wait: 33 },
  { kind: "openPath" },
  { kind: "move", wait: 4 },
  { kind: "datagram", wait: 62, byServer: true },
  { kind: "stop", wait: 93, byServer: true },
  { kind: "open", wait: 69 },
  { kind: "rebind", wait: 61 },
  { kind: "outage", wait: 83, much: 13886 },
  { kind: "damage", byServer: true, much: 187 },
  { kind: "open", wait: 54 },
  { kind: "damage", wait: 93, byServer: true, much: 34455 },
);

// Longer ones, each in a file of its own.
for (const { name } of Deno.readDirSync(folder)) {
  Deno.test(`Found: ${name.replace(".json", "").replaceAll("_", " ")}`, () => {
    play(JSON.parse(Deno.readTextFileSync(new URL(name, folder))) as Scenario);
  });
}
