import type { Sample } from "./process_meter.ts";

/** Numbers by name: how large an attack is, or what came of it at the attacker's end. */
export type Numbers = Readonly<Record<string, number>>;

/** What an attacker is given. */
export interface AttackContext {
  /** How large the attack is. */
  readonly size: Numbers;
  /** The server's port on 127.0.0.1; 0 where a client is attacked. */
  readonly port: number;
  /** A folder with the certificates of the site; see `Site`. */
  readonly folder: string;
  /** The attack has to end. */
  readonly stopped: AbortSignal;
  /** Has the victim measured now, under this name. */
  mark(name: string): Promise<void>;
  /** Says that the attack is in force: the honest clients come now. A hostile server adds its port. */
  ready(port?: number): void;
}

/** Something that must hold while a victim is attacked. */
export interface Bound {
  readonly what: string;
  readonly value: number;
  /** The largest value that is allowed. */
  readonly most: number;
}

/** How the requests of honest clients went. */
export interface Latencies {
  /** Milliseconds that those took which were answered. */
  readonly times: readonly number[];
  /** Why the others failed. */
  readonly failures: readonly string[];
}

/** What was seen of an attack. */
export interface Result {
  readonly size: Numbers;
  /** Milliseconds in which 19 of 20 honest requests are to be answered. */
  readonly limit: number;
  /** The victim before the attack, at its end, and some seconds later. */
  readonly before: Sample;
  readonly end: Sample;
  readonly after: Sample;
  /** The victim at the moments that the attacker chose. */
  readonly marks: ReadonlyMap<string, Sample>;
  /** The most memory that it held, in bytes. */
  readonly peak: number;
  /** Milliseconds that the attack took. */
  readonly duration: number;
  readonly honestBefore: Latencies;
  /** Milliseconds of processor time that an honest request cost the victim then. */
  readonly honestEffort: number;
  readonly honest: Latencies;
  /** What the attacker counted. */
  readonly tally: Numbers;
}

/** One attack: the attacker's part, which runs in a process of its own, and what must hold. */
export interface Attack {
  readonly name: string;
  /** The row of the table of faults that it stands for. */
  readonly row: string;
  /** What is attacked: the program `server`, a server that asks for certificates, or a client. */
  readonly victim: "server" | "mutual server" | "client";
  /** How large it is in the full run. */
  readonly full: Numbers;
  /** How large it is where time is short; without it, it is left out there. */
  readonly short?: Numbers;
  /** Does it; returns when it is over, or soon after `stopped`. */
  run(context: AttackContext): Promise<Numbers>;
  /** What must hold besides what always must: see `honestBounds`. */
  bounds(result: Result): readonly Bound[];
}

/**
 * No request of an honest client may fail, and 19 of 20 are answered within a second, or ten where
 * other tests may run: on a machine that is busy, within ten times what they take without an attack.
 */
export function honestBounds({ honest, honestBefore, limit }: Result): Bound[] {
  const most = Math.max(limit, 10 * percentile(honestBefore.times, 50));
  return [
    { what: "honest requests that fail", value: honest.failures.length, most: 0 },
    { what: "95th percentile of the others, ms", value: percentile(honest.times, 95), most },
  ];
}

/** A percentile of some numbers, 0 if there are none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)] ?? 0;
}

/** Bytes that the victim's memory grew by at most, from a mark on or from before the attack. */
export function growth({ before, marks, peak }: Result, mark?: string): number {
  return peak - ((mark && marks.get(mark)) || before).memory;
}

/**
 * Milliseconds of processor time that the victim spent on the attack, from a mark on or from before
 * it: what honest requests cost is taken off.
 */
export function effort(result: Result, mark?: string): number {
  const { before, marks, end, honest, honestEffort } = result;
  const asked = honest.times.length + honest.failures.length;
  return end.cpu - ((mark && marks.get(mark)) || before).cpu - asked * honestEffort;
}
