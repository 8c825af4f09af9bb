import assert from "node:assert/strict";
import type { ConnectionReport, LiveEvent, ThreadReport } from "../../src/live/live_report.ts";
import { LiveStore } from "../../src/live/live_store.ts";
import { Viewer } from "../../src/live/viewer.ts";

const START = 1_700_000_000_000;
const INTERVAL = 250;

/** What a viewer is told. */
interface Update {
  readonly title: string;
  readonly isAnother: boolean;
  readonly hidden: number;
  readonly connections: { readonly key: string; readonly end?: string }[];
  readonly shown?: {
    readonly key: string;
    readonly events: LiveEvent[];
  };
  readonly samples: [time: number, ...paths: number[][]][];
}

function connection(number: number, some: Partial<ConnectionReport> = {}): ConnectionReport {
  return {
    number,
    facts: {
      role: "client",
      peer: `192.0.2.${number}:443`,
      serverName: undefined,
      protocol: "h3",
      beganAt: START + number,
    },
    paths: [],
    morePaths: 0,
    sample: [[0, number, 0, 20, 12_000, 0, 0], [1, number, 0, 40, 12_000, 0, 0]],
    received: 0,
    sent: 0,
    lost: 0,
    streams: 1,
    events: [],
    end: undefined,
    hasFailed: false,
    ...some,
  };
}

/** A store that gets reports, a quarter of a second apart. */
class Reports {
  readonly store = new LiveStore();
  now = START;

  take(connections: ConnectionReport[], hidden = 0, thread = ""): void {
    this.now += INTERVAL;
    const report: ThreadReport = { time: this.now, connections, hidden };
    this.store.take(thread, report, this.now);
  }
}

/** Reads messages of a viewer, one at a time. */
class Reading {
  readonly viewer: Viewer;
  hasLeft = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(store: LiveStore, wanted?: string) {
    const facts = { title: "test", interval: INTERVAL };
    this.viewer = new Viewer(store, facts, wanted, () => this.hasLeft = true);
    this.#reader = this.viewer.open().getReader();
  }

  async text(): Promise<string | undefined> {
    const { value } = await this.#reader.read();
    return value && new TextDecoder().decode(value);
  }

  async update(): Promise<Update> {
    const [, data] = /^event: update\ndata: (.*)\n\n$/.exec((await this.text())!)!;
    return JSON.parse(data!);
  }

  /** The next message, once there is something to tell. */
  async after(change: () => void): Promise<Update> {
    const next = this.update();
    await new Promise((resolve) => setTimeout(resolve));
    change();
    return await next;
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

const timesOf = ({ samples }: Update) => samples.map(([time]) => (time - START) / INTERVAL);

Deno.test("A viewer gets what is kept at first, then what is new", async () => {
  const reports = new Reports();
  for (let i = 0; i < 3; i++) reports.take([connection(1)]);
  const reading = new Reading(reports.store);
  const first = await reading.update();
  assert.deepEqual([first.isAnother, first.title, timesOf(first)], [true, "test", [1, 2, 3]]);
  const next = await reading.after(() => reports.take([connection(1)], 7));
  assert.deepEqual([next.isAnother, next.hidden, timesOf(next)], [false, 7, [4]]);
});

Deno.test("Nothing is kept for a viewer that does not read, and nothing is told twice [attack live-view-load]", async () => {
  const reports = new Reports();
  reports.take([connection(1)]);
  const reading = new Reading(reports.store);
  await reading.update();
  for (let i = 0; i < 400; i++) reports.take([connection(1)]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(reading.viewer.count, 1, "no message was made meanwhile");
  const all = await reading.after(() => reports.take([connection(1)]));
  assert.equal(reading.viewer.count, 2);
  assert.deepEqual(timesOf(all), Array.from({ length: 401 }, (_, i) => i + 2));
});

Deno.test("The last five minutes are kept, however long a viewer did not read", async () => {
  const reports = new Reports();
  reports.take([connection(1)]);
  const reading = new Reading(reports.store);
  await reading.update();
  for (let i = 0; i < 2_000; i++) reports.take([connection(1)]);
  const all = await reading.after(() => reports.take([connection(1)]));
  assert.equal(all.samples.length, 300_000 / INTERVAL + 1);
  assert.equal(timesOf(all).at(-1), 2_002);
});

Deno.test("Many connections of many paths share the room there is", () => {
  const reports = new Reports();
  const sample = Array.from({ length: 16 }, (_, id) => [id, 0, 0, 0, 0, 0, 0] as const);
  const all = Array.from({ length: 32 }, (_, number) => connection(number, { sample }));
  for (let i = 0; i < 400; i++) for (const thread of ["a", "b", "c"]) reports.take(all, 0, thread);
  const kept = reports.store.summaries.map(({ key }) =>
    reports.store.choose(key, undefined)!.samplesFrom(0).length * 16
  );
  const total = kept.reduce((sum, one) => sum + one, 0);
  assert.ok(kept.length === 96 && total <= 200_000 && total > 150_000, `${total}`);
});

Deno.test("Events are kept for a while, and a flood of them pushes the oldest out", async () => {
  const reports = new Reports();
  const event = (i: number): LiveEvent => ({ time: START, path: 0, tone: "plain", text: `${i}` });
  const events = Array.from({ length: 1_000 }, (_, i) => event(i));
  reports.take([connection(1, { events })]);
  const { shown } = await new Reading(reports.store).update();
  assert.equal(shown!.events.length, 200);
  assert.equal(shown!.events.at(-1)!.text, "999");
});

Deno.test("A viewer sees the newest open connection, stays with it, and goes on to the next", async () => {
  const reports = new Reports();
  reports.take([connection(1)]);
  const reading = new Reading(reports.store);
  assert.equal((await reading.update()).shown!.key, "1");
  const two = await reading.after(() => reports.take([connection(1), connection(2)]));
  assert.deepEqual([two.shown!.key, two.isAnother], ["1", false], "it is still open");
  const end = { end: "closed", events: [], hasFailed: false };
  const next = await reading.after(() => reports.take([connection(1, end), connection(2)]));
  assert.deepEqual([next.shown!.key, next.isAnother, timesOf(next)], ["2", true, [2, 3]]);
  const last = await reading.after(() => reports.take([connection(2, end)]));
  assert.deepEqual([last.shown!.key, last.isAnother], ["2", false], "there is no other");
  assert.deepEqual(last.connections.map(({ key }) => key), ["2", "1"]);
});

Deno.test("A viewer sees the connection that it asks for, and another if there is none", async () => {
  const reports = new Reports();
  reports.take([connection(1), connection(2)]);
  assert.equal((await new Reading(reports.store, "1").update()).shown!.key, "1");
  assert.equal((await new Reading(reports.store, "9").update()).shown!.key, "2");
  assert.equal((await new Reading(new LiveStore()).update()).shown, undefined);
});

Deno.test("Connections that are over are kept, but not all of them", () => {
  const reports = new Reports();
  for (let i = 0; i < 100; i++) reports.take([connection(i, { end: "closed" })]);
  const keys = reports.store.summaries.map(({ key }) => key);
  assert.deepEqual(keys, Array.from({ length: 16 }, (_, i) => `${99 - i}`));
});

Deno.test("Threads are told apart; what a thread had is over when it says nothing more", () => {
  const reports = new Reports();
  reports.take([connection(1)], 3, "a-");
  reports.take([connection(1)], 4, "b-");
  assert.deepEqual(reports.store.summaries.map(({ key }) => key).sort(), ["a-1", "b-1"]);
  assert.equal(reports.store.hidden, 7);
  for (let i = 0; i < 30; i++) reports.take([connection(1)], 4, "b-");
  const states = reports.store.summaries.map(({ key, end }) => [key, end]);
  assert.deepEqual(states, [["b-1", undefined], ["a-1", "its thread has ended"]]);
  assert.equal(reports.store.hidden, 4);
});

Deno.test("The end of the program is told to viewers, even to those that have not read", async () => {
  const reports = new Reports();
  reports.take([connection(1)]);
  const [waiting, late] = [new Reading(reports.store), new Reading(reports.store)];
  for (const one of [waiting, late]) await one.update();
  const next = waiting.update();
  await new Promise((resolve) => setTimeout(resolve));
  for (const { viewer } of [waiting, late]) viewer.end();
  reports.store.tell();
  await next;
  assert.equal(await waiting.text(), "event: end\ndata: {}\n\n");
  assert.equal(await waiting.text(), undefined, "the answer is over");
  await late.update();
  assert.equal(await late.text(), "event: end\ndata: {}\n\n");
  assert.ok(waiting.hasLeft && late.hasLeft);
});

Deno.test("A viewer that leaves is gone", async () => {
  const reports = new Reports();
  reports.take([connection(1)]);
  const reading = new Reading(reports.store);
  await reading.update();
  await reading.leave();
  assert.ok(reading.hasLeft);
});
