/** One measured case: what every policy reached, and what it is held against. */
export interface Row {
  /** Such as `T1`. */
  readonly scenario: string;
  /** Such as `1 MiB, RTT 44 ms`. */
  readonly name: string;
  readonly unit: "s" | "ms" | "x" | "";
  /** The result of each policy, the default first. */
  readonly results: ReadonlyMap<string, number>;
  /** What others published, in words, where it is no figure of the two that follow. */
  readonly published?: string;
  /** What the 2018 `mp-quic` reached by its author's thesis, and MPTCP of the kernel beside it. */
  readonly thesis?: number;
  readonly mptcp?: number;
  /** What no implementation can beat (`B0`: rates and round trips alone). */
  readonly floor?: number;
  /** The best that is possible (`Bw`: with slow start, without loss). */
  readonly bound?: number;
  /** What our own first path reaches alone. */
  readonly alone?: number;
  /** Of the default's result, what passed before the first byte of the request left. */
  readonly handshake?: number;
  /** What the default has to reach. */
  readonly target?: number;
  /** Whether the target is a least value rather than a largest. */
  readonly atLeast?: boolean;
  /** Whether every policy has to reach it. */
  readonly everybody?: boolean;
}

/** The policy that a row is judged by. */
export const OURS = "earliestCompletion";

/** Whether the default, or every policy, reaches the target; true where there is none. */
export function reaches({ results, target, atLeast = false, everybody = false }: Row): boolean {
  if (target === undefined) return true;
  const judged = everybody ? [...results.values()] : [results.get(OURS)!];
  return judged.every((value) => atLeast ? value >= target : value <= target);
}

/** The middle of the values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.ceil(place);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (place - low);
}

/** Rows as JSON, to be read again by {@linkcode fromJson}. */
export function toJson(rows: readonly Row[]): string {
  const plain = rows.map((row) => ({ ...row, results: Object.fromEntries(row.results) }));
  return `${JSON.stringify(plain, undefined, 1)}\n`;
}

/** Rows that {@linkcode toJson} wrote. */
export function fromJson(text: string): Row[] {
  const plain: (Row & { readonly results: object })[] = JSON.parse(text);
  return plain.map((row) => ({ ...row, results: new Map(Object.entries(row.results)) }));
}
