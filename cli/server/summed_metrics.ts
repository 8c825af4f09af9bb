// The metrics of several workers, added up.

/** Milliseconds after which a worker that says nothing is gone. */
const SILENCE = 5_000;
/** Workers that are gone and whose last words are kept. */
const MOST_GONE = 64;

/** What belongs to the process, or is a state: the largest value stands for all. */
const LARGEST = /^(?:process_|mpquic_draining)/;

/** One family of samples. */
interface Family {
  readonly type: string;
  readonly comments: readonly string[];
  readonly samples: Map<string, number>;
}

/** What a worker has told. */
interface Told {
  readonly text: string;
  readonly time: number;
}

/**
 * The metrics of several workers, added up. A worker that is gone holds nothing any more; what it has
 * counted stays in the sum, so that no counter falls.
 */
export class SummedMetrics {
  readonly #workers = new Map<string, Told>();
  /** The last words of workers that are gone, as one that was stopped for a while may go on. */
  readonly #gone = new Map<string, string>();
  /** The counters of those that were gone before them. */
  readonly #past = new Map<string, Family>();

  /**
   * A worker tells its metrics.
   *
   * @param worker Its name.
   * @param text In the text format of Prometheus.
   * @param now Milliseconds of a monotonic clock.
   */
  note(worker: string, text: string, now: number): void {
    this.#gone.delete(worker);
    this.#workers.set(worker, { text, time: now });
    for (const [name, told] of this.#workers) {
      if (now - told.time <= SILENCE) continue;
      this.#workers.delete(name);
      this.#gone.set(name, told.text);
    }
    for (const [name, text] of this.#gone) {
      if (this.#gone.size <= MOST_GONE) break;
      this.#gone.delete(name);
      add(this.#past, countersOf(text));
    }
  }

  /**
   * The sum of all.
   *
   * @param own What the main thread counts.
   */
  text(own: string): string {
    const sum = copyOf(this.#past);
    for (const text of this.#gone.values()) add(sum, countersOf(text));
    for (const text of [own, ...[...this.#workers.values()].map(({ text }) => text)]) {
      add(sum, familiesOf(text));
    }
    const lines: string[] = [];
    for (const { comments, samples } of sum.values()) {
      lines.push(...comments);
      for (const [name, value] of samples) lines.push(`${name} ${value}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

/** What stays of a worker that is gone: it holds nothing any more. */
function countersOf(text: string): Map<string, Family> {
  return new Map([...familiesOf(text)].filter(([, { type }]) => type !== "gauge"));
}

function copyOf(families: Map<string, Family>): Map<string, Family> {
  const copies = [...families].map((
    [name, family],
  ): [string, Family] => [name, { ...family, samples: new Map(family.samples) }]);
  return new Map(copies);
}

function add(sum: Map<string, Family>, families: Map<string, Family>): void {
  for (const [name, { comments, samples, type }] of families) {
    let family = sum.get(name);
    if (family === undefined) sum.set(name, family = { type, comments, samples: new Map() });
    for (const [sample, value] of samples) {
      const before = family.samples.get(sample) ?? 0;
      const next = LARGEST.test(name) ? Math.max(before, value) : before + value;
      family.samples.set(sample, next);
    }
  }
}

/** Reads a text: each family has its comments before its samples. */
function familiesOf(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let help = "";
  let family: Family | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("# HELP ")) help = line;
    else if (line.startsWith("# TYPE ")) {
      const [, , name, type] = line.split(" ");
      family = { type: type!, comments: [help, line], samples: new Map() };
      families.set(name!, family);
    } else if (line !== "") {
      const at = line.lastIndexOf(" ");
      family?.samples.set(line.slice(0, at), Number(line.slice(at + 1)));
    }
  }
  return families;
}
