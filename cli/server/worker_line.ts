// What the program and its workers tell each other: metrics, and that logs are opened again.

import { SummedMetrics } from "./summed_metrics.ts";

/** The name of the channel; only threads of one process hear each other. */
const CHANNEL = "mpquic serve";
/** Milliseconds between two reports of a worker. */
const INTERVAL = 1_000;

/** A word on the line. */
type Word =
  | { readonly kind: "metrics"; readonly worker: string; readonly text: string }
  | { readonly kind: "reopen" };

/** The end of a worker. */
export interface WorkerEnd {
  /** The text of its metrics; undefined if it keeps none. */
  metrics(): string | undefined;
  /** Opens its logs again. */
  reopen(): void;
}

/** The line between the program and its workers. */
export class WorkerLine {
  /** What workers count. */
  readonly metrics: SummedMetrics = new SummedMetrics();
  readonly #channel = new BroadcastChannel(CHANNEL);

  /** The program's end. */
  constructor() {
    this.#channel.onmessage = ({ data }: MessageEvent<Word>) => {
      if (data.kind === "metrics") this.metrics.note(data.worker, data.text, performance.now());
    };
  }

  /**
   * The end of a worker, which reports from now on.
   *
   * @param end What it can do.
   */
  static toProgram(end: WorkerEnd): void {
    const channel = new BroadcastChannel(CHANNEL);
    const worker = crypto.randomUUID();
    channel.onmessage = ({ data }: MessageEvent<Word>) => {
      if (data.kind === "reopen") end.reopen();
    };
    if (end.metrics() === undefined) return;
    const report = () => {
      const word: Word = { kind: "metrics", worker, text: end.metrics()! };
      channel.postMessage(word);
    };
    Deno.unrefTimer(setInterval(report, INTERVAL));
  }

  /** Has all workers open their logs again. */
  reopen(): void {
    const word: Word = { kind: "reopen" };
    this.#channel.postMessage(word);
  }

  close(): void {
    this.#channel.close();
  }
}
