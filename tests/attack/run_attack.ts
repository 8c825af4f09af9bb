import { type Attack, type Numbers, percentile, type Result } from "./attack.ts";
import { pause } from "./honest_client.ts";
import { ProcessMeter, type Sample } from "./process_meter.ts";
import type { Site } from "./site.ts";
import { SpokenProcess } from "./spoken_process.ts";
import { startVictim, type Victim } from "./victim.ts";

/** How honest clients come while an attack goes on. */
export interface Pace {
  readonly count: number;
  /** Milliseconds between two. */
  readonly interval: number;
  /** Milliseconds in which 19 of 20 are to be answered. */
  readonly limit: number;
  /** Milliseconds after the attack until the victim is looked at for the last time. */
  readonly rest: number;
}

/** How `deno task attack` does it, and how it is done where time is short. */
export const FULL: Pace = { count: 20, interval: 500, limit: 1_000, rest: 10_000 };
export const SHORT: Pace = { count: 20, interval: 50, limit: 10_000, rest: 0 };

/** Honest requests after which a victim has read and compiled what it needs. */
const WARM = 5;
/** Honest requests by which the others are measured. */
const FEW = 5;
/** Milliseconds until an attack must be in force. */
const START = 120_000;
/** Milliseconds until an attacker that was told to stop must have ended. */
const STOP = 60_000;
/** Bytes of growth at which an attack is broken off: it has shown what there is to see. */
const ENOUGH = 2_500_000_000;

/** Starts a victim, attacks it, and looks how it and honest clients fare. */
export async function runAttack(
  attack: Attack,
  size: Numbers,
  site: Site,
  pace: Pace,
): Promise<Result> {
  await using victim = await startVictim(attack.victim, site);
  using meter = new ProcessMeter(victim.id);
  await victim.honest(WARM, pace.interval);
  const warm = meter.read();
  const honestBefore = await victim.honest(FEW, pace.interval);
  await pause(500);
  const before = meter.restart();
  const honestEffort = (before.cpu - warm.cpu) / FEW;
  const start = performance.now();
  const run = new AttackerRun(attack, size, victim, site, meter);
  using _guard = watch(meter, before, () => run.stop());
  await run.begin();
  const usual = percentile(honestBefore.times, 50);
  const honest = await victim.honest(pace.count, pace.interval, usual);
  const tally = { ...victim.tally, ...await run.stop() };
  const duration = performance.now() - start;
  await pause(1_000);
  const end = meter.read();
  const { peak } = meter;
  await pause(pace.rest);
  const after = meter.read();
  const { marks } = run;
  const seen = { before, end, after, marks, peak, duration };
  return { size, limit: pace.limit, ...seen, honestBefore, honestEffort, honest, tally };
}

/** Calls back once when a process has grown so much that there is nothing more to learn. */
function watch(meter: ProcessMeter, before: Sample, onEnough: () => void): Disposable {
  const timer = setInterval(() => {
    if (meter.peak < before.memory + ENOUGH) return;
    clearInterval(timer);
    onEnough();
  }, 100);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The attacker's process, from its start to its end. */
class AttackerRun {
  readonly marks = new Map<string, Sample>();
  readonly #victim: Victim;
  readonly #process: SpokenProcess;
  #tally: Numbers = {};
  #stopping: Promise<Numbers> | undefined;

  constructor(
    attack: Attack,
    size: Numbers,
    victim: Victim,
    { folder }: Site,
    meter: ProcessMeter,
  ) {
    this.#victim = victim;
    const url = new URL("./attacker.ts", import.meta.url);
    const args = [attack.name, JSON.stringify(size), String(victim.port), folder];
    this.#process = new SpokenProcess(url, args);
    this.#process.onLine((line) => {
      const said = JSON.parse(line) as { mark?: string; tally?: Numbers };
      if (said.tally) this.#tally = said.tally;
      if (said.mark === undefined) return;
      this.marks.set(said.mark, meter.restart());
      this.#process.tell("go on");
    });
  }

  /** Waits until the attack is in force. */
  async begin(): Promise<void> {
    const [, port] = await this.#process.line(/^\{"ready":(\d+)\}$/, START);
    await this.#victim.meet(Number(port));
  }

  /** Ends it; tells what the attacker counted. */
  stop(): Promise<Numbers> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<Numbers> {
    const { code, errors } = await this.#process.finish(STOP);
    if (code !== 0) throw new Error(`the attacker failed: ${errors}`);
    return this.#tally;
  }
}
