// Decides whether and when a request is made again.

import { CurlCode } from "../console/curl_code.ts";
import type { Failure } from "../console/failure.ts";
import { StatusFailure } from "./status_failure.ts";

/** What the user has chosen about attempts. */
export interface RetryChoices {
  /** How many further attempts there may be; undefined leaves it to the circumstances. */
  readonly retry: number | undefined;
  /** Milliseconds between two attempts; undefined lets the pauses grow. */
  readonly retryDelay: number | undefined;
  /** Milliseconds for which attempts may go on; 0 is no limit. */
  readonly retryMaxTime: number | undefined;
  /** Whether refused connections are tried again as well. */
  readonly retryRefused: boolean;
  /** Whether all failures are. */
  readonly retryAll: boolean;
}

/** Milliseconds for which a download goes on without a byte, if the user has not said so. */
const USUAL_MAX_TIME = 600_000;
/** Milliseconds before the second attempt, and the longest pause of those that double. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;

/** Failures behind which a way may be free again. */
const lost: ReadonlySet<number> = new Set([
  CurlCode.Resolve,
  CurlCode.Connect,
  CurlCode.Partial,
  CurlCode.Timeout,
  CurlCode.Receive,
  CurlCode.Stream,
]);

/**
 * Tells of a failure that it is not the end: what the user could do gives way to what is done.
 *
 * @param failure Why the last attempt ended.
 * @param wait Milliseconds until the next one.
 */
export function againLine({ message }: Failure, wait: number): string {
  return `${message.replace(/; [^;]*$/, "")}; trying again in ${wait / 1000} s`;
}

/** How often, when and after which failures one transfer is tried again. */
export class Retry {
  readonly #choices: RetryChoices;
  readonly #signal: AbortSignal | undefined;
  readonly #now: () => number;
  #since: number;
  #count = 0;

  /**
   * @param choices What the user has chosen.
   * @param signal Ends the run: after that, nothing is tried again.
   * @param now Tells the time in milliseconds.
   */
  constructor(
    choices: RetryChoices,
    signal?: AbortSignal,
    now: () => number = () => performance.now(),
  ) {
    this.#choices = choices;
    this.#signal = signal;
    this.#now = now;
    this.#since = now();
  }

  /** How many further attempts there were since the last byte. */
  get count(): number {
    return this.#count;
  }

  /** A byte has come: what failed before is over. */
  progress(): void {
    this.#count = 0;
    this.#since = this.#now();
  }

  /**
   * Milliseconds to wait before the next attempt; undefined if there shall be none.
   *
   * @param failure Why the last attempt ended.
   * @param isUnderWay Whether a part has come, with which a further attempt goes on.
   */
  next(failure: Failure, isUnderWay: boolean): number | undefined {
    const { retry, retryDelay, retryMaxTime } = this.#choices;
    if (this.#signal?.aborted || !this.#mayRepeat(failure, isUnderWay)) return undefined;
    if (this.#count >= (retry ?? (isUnderWay ? Infinity : 0))) return undefined;
    const growing = Math.min(FIRST_PAUSE * 2 ** this.#count, LONGEST_PAUSE);
    const asked = failure instanceof StatusFailure ? failure.retryAfter ?? 0 : 0;
    const pause = Math.max(retryDelay ?? growing, asked);
    const usual = isUnderWay ? USUAL_MAX_TIME : 0;
    const limit = (retryMaxTime ?? usual) || Infinity;
    if (this.#now() + pause - this.#since > limit) return undefined;
    this.#count++;
    return pause;
  }

  #mayRepeat(failure: Failure, isUnderWay: boolean): boolean {
    const { retryAll, retryRefused } = this.#choices;
    if (retryAll && failure.curlCode !== CurlCode.Write) return true;
    if (failure instanceof StatusFailure) return failure.isTransient;
    if (isUnderWay) return lost.has(failure.curlCode);
    if (failure.curlCode === CurlCode.Connect) return retryRefused;
    return failure.curlCode === CurlCode.Timeout;
  }
}
