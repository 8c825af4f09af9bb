// The transfers of one run of get, one after the other or at once.

import type { Progress } from "../client/progress.ts";
import { draw, report } from "../console/output.ts";
import { printable } from "../console/printable.ts";
import { whyNot } from "../console/why_not.ts";
import { writeAll } from "../console/write_all.ts";
import type { GetContext } from "./get_context.ts";
import type { GetJob } from "./get_job.ts";
import { GetTransfer } from "./get_transfer.ts";
import { fetchPage } from "./page_fetch.ts";
import { type TransferReport, writeOut } from "./write_out.ts";

/** How many transfers there are at once with -Z, as with curl. */
const PARALLEL = 50;

/** Runs transfers, tells what becomes of them, and counts. */
export class GetRun {
  readonly #context: GetContext;
  readonly #begun = performance.now();
  readonly #running = new Set<GetTransfer>();
  /** Of transfers that are over. */
  #bytes = 0;
  #expected = 0;
  readonly #pages = { bytes: 0 };
  #isOpenEnded = false;
  #exitCode = 0;

  /** @param context What the transfers have in common. */
  constructor(context: GetContext) {
    this.#context = context;
  }

  /** The exit code that curl would have: that of the last transfer that failed. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** How far it is. */
  get progress(): Progress {
    const running = [...this.#running];
    const known = running.map(({ expected }) => expected);
    const isKnown = !this.#isOpenEnded && known.every((length) => length !== undefined);
    const expected = this.#pages.bytes + this.#expected +
      known.reduce((sum: number, length) => sum + (length ?? 0), 0);
    return {
      elapsed: performance.now() - this.#begun,
      bytes: this.#pages.bytes + this.#bytes + running.reduce((sum, { length }) => sum + length, 0),
      expected: isKnown && expected > 0 ? expected : undefined,
      paths: this.#context.pool.carriers.flatMap(({ rows }) => rows),
    };
  }

  /**
   * Runs the transfers of the command line.
   *
   * @param jobs What to do, in this order.
   */
  async run(jobs: readonly GetJob[]): Promise<void> {
    const { options } = this.#context;
    const atOnce = options.has("parallel") ? options.parallelMax ?? PARALLEL : 1;
    const waiting = [...jobs];
    const worker = async () => {
      for (let job; (job = waiting.shift());) {
        await this.transfer(job);
        if (this.#exitCode !== 0 && options.has("fail-early")) return void waiting.splice(0);
        if (this.#context.signal.aborted) return;
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, worker));
  }

  /**
   * Runs one transfer.
   *
   * @param job What to do.
   * @returns What has become of it.
   */
  async transfer(job: GetJob): Promise<TransferReport> {
    const transfer = new GetTransfer(job, this.#context);
    this.#running.add(transfer);
    const outcome = await transfer.run();
    this.#running.delete(transfer);
    this.#bytes += transfer.length;
    if (outcome.exitCode === 0) this.#expected += transfer.length;
    else this.#isOpenEnded = true;
    this.fail(outcome.exitCode, outcome.error);
    const { page } = transfer;
    if (outcome.exitCode === 0 && page !== undefined) {
      const fail = (exitCode: number, message: string) => this.fail(exitCode, message);
      await fetchPage(page, outcome.finalUrl, this.#context, this.#pages, fail);
    }
    const { format } = this.#context;
    if (format !== undefined) await print(format, outcome);
    return outcome;
  }

  /**
   * Takes note of a failure, and tells it.
   *
   * @param exitCode What the shell sees; 0 for none.
   * @param message The sentence about it.
   */
  fail(exitCode: number, message: string): void {
    if (exitCode === 0) return;
    this.#exitCode = exitCode;
    const { has } = this.#context.options;
    const { signal } = this.#context;
    // What has stopped the whole run is told once, at the end.
    if (signal.aborted || (has("silent") && !has("show-error"))) return;
    this.#context.tellError(`mpquic: ${printable(message)}`);
  }
}

async function print(format: string, outcome: TransferReport): Promise<void> {
  for (const [stream, text] of writeOut(format, outcome)) {
    if (stream === "stderr") draw(text);
    else {
      await writeAll(Deno.stdout, new TextEncoder().encode(text)).catch((error) => {
        report(`mpquic: Cannot print what -w asks for: ${whyNot(error)}`);
      });
    }
  }
}
