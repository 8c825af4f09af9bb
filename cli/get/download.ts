// One download, over as many answers as there must be, never of two versions.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { readContentRange } from "../http/content_range.ts";
import {
  conditionOf,
  lengthOf,
  type Representation,
  representationOf,
  whyOther,
} from "../http/representation.ts";
import { againLine, type Retry } from "./retry.ts";
import type { Sink } from "./sink.ts";
import { StatusFailure } from "./status_failure.ts";

/**
 * Bytes that are fetched a second time, to see that an answer goes on with the same file: a server
 * may not know of a change that kept length and date.
 */
const OVERLAP = 64 * 1024;

/** An answer, and where it came from. */
export interface Answer {
  /** The answer. */
  readonly response: Response;
  /** The URL, redirects followed. */
  readonly url: URL;
}

/** What a download needs from outside. */
export interface DownloadOptions {
  /** Asks for the file, with further fields. */
  readonly ask: (fields: Readonly<Record<string, string>>) => Promise<Answer>;
  /** Where the bytes go. */
  readonly sink: Sink;
  /** When it is tried again. */
  readonly retry: Retry;
  /** Makes a failure of what ended an attempt. */
  readonly explain: (error: unknown) => Failure;
  /** Waits; rejects if the user does not want to. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Takes a line for people. */
  readonly say: (line: string) => void;
  /** Hears of each piece before it is kept, and may hold it back. */
  readonly onBytes: (count: number) => Promise<void> | void;
  /** Whether answers without success are kept as well, as a program that shows them may want. */
  readonly keepsAll: boolean;
  /** Looks at what has come before it gets its name; rejects if it is not what it should be. */
  readonly verify?: () => Promise<void>;
}

/** Fetches one representation into a sink. */
export class Download {
  readonly #options: DownloadOptions;
  /** Whether ranges are of no use here, as the server has shown. */
  #isWholeOnly = false;
  /** The most bytes that there were, before it had to start over. */
  #most: number;

  /** @param options What it needs. */
  constructor(options: DownloadOptions) {
    this.#options = options;
    this.#most = options.sink.length;
  }

  /**
   * Runs to the end.
   *
   * @returns The last answer, whose body has been read.
   * @throws {Failure} If it cannot be completed now; what has come is kept.
   */
  async run(): Promise<Answer> {
    const { sink, retry, explain, pause, say, verify } = this.#options;
    for (;;) {
      try {
        const answer = await this.#attempt();
        if (answer === undefined) continue;
        await verify?.();
        await sink.finish();
        return answer;
      } catch (error) {
        const failure = explain(error);
        const wait = retry.next(failure, this.#most > 0);
        if (wait === undefined) throw failure;
        const at = sink.length > 0 ? `, going on at byte ${sink.length}` : "";
        say(`${againLine(failure, wait)}${at}`);
        await pause(wait);
      }
    }
  }

  /** One request; undefined if another one must follow at once. */
  async #attempt(): Promise<Answer | undefined> {
    const { ask, sink } = this.#options;
    const { known } = sink;
    const condition = known && sink.length > 0 && !this.#isWholeOnly
      ? conditionOf(known)
      : undefined;
    if (condition === undefined) return await this.#takeWhole(await ask({}));
    const first = Math.max(0, sink.length - OVERLAP);
    const answer = await ask({ range: `bytes=${first}-`, "if-range": condition });
    return await this.#takeRest(answer, known!, first);
  }

  async #takeWhole(answer: Answer): Promise<Answer | undefined> {
    const { sink, say, keepsAll } = this.#options;
    const { response, url } = answer;
    const isWhole = response.status !== 206 && (response.ok || keepsAll);
    if (!isWhole) {
      await response.body?.cancel();
      throw new StatusFailure(url, response);
    }
    if (sink.length > 0 && !this.#isWholeOnly) {
      say(`Starting over with ${url.href}: the server does not tell its versions apart`);
    }
    this.#isWholeOnly = false;
    await sink.restart(response.ok ? representationOf(url, response.headers) : { url: url.href });
    return await this.#read(answer, 0);
  }

  /** Of an answer to a range: goes on with it if it is certain that it is of the same bytes. */
  async #takeRest(
    answer: Answer,
    known: Representation,
    first: number,
  ): Promise<Answer | undefined> {
    const { sink, say } = this.#options;
    const { response, url } = answer;
    const { status, headers } = response;
    if (status === 200) {
      say(
        `Starting over with ${url.href}: ${
          whyOther(known, url, headers) ?? "the server sends all of it"
        }`,
      );
      await sink.restart(representationOf(url, headers));
      return await this.#read(answer, 0);
    }
    if (status !== 206 && status !== 416) {
      await response.body?.cancel();
      throw new StatusFailure(url, response);
    }
    const reason = whyOther(known, url, headers) ?? whyWrong(answer, known, first);
    if (reason === undefined) return await this.#read(answer, sink.length - first);
    await response.body?.cancel();
    say(`Starting over with ${url.href}: ${reason}`);
    this.#isWholeOnly = true;
    return undefined;
  }

  /** Reads a body: first what is there already, then what is new. */
  async #read(answer: Answer, overlap: number): Promise<Answer | undefined> {
    const { sink, say, retry, onBytes } = this.#options;
    const { response, url } = answer;
    const expected = await sink.tail(overlap);
    let compared = 0;
    for await (const chunk of response.body ?? []) {
      await onBytes(chunk.length);
      const same = Math.min(expected.length - compared, chunk.length);
      for (let i = 0; i < same; i++) {
        if (chunk[i] === expected[compared + i]) continue;
        say(`Starting over with ${url.href}: the file has changed, though its length has not`);
        this.#isWholeOnly = true;
        return undefined; // what leaves the loop cancels the body
      }
      compared += same;
      if (same === chunk.length) continue;
      await this.#keep(same === 0 ? chunk : chunk.subarray(same), url);
      if (sink.length <= this.#most) continue; // what had come before brings nothing new
      this.#most = sink.length;
      retry.progress();
    }
    if (compared < expected.length) throw tooShort(url);
    const whole = sink.known?.length ?? this.#wholeOf(answer);
    if (whole !== undefined && sink.length < whole) throw tooShort(url);
    return answer;
  }

  async #keep(bytes: Uint8Array, url: URL): Promise<void> {
    const { sink } = this.#options;
    const { length } = sink.known ?? {};
    if (length !== undefined && sink.length + bytes.length > length) {
      throw new Failure(
        `Cannot get ${url.href}: more bytes come than the ${length} that were announced; try again`,
        1,
        CurlCode.Stream,
      );
    }
    await sink.write(bytes);
  }

  #wholeOf({ response }: Answer): number | undefined {
    const { status, headers } = response;
    return status === 206
      ? readContentRange(headers.get("content-range"))?.size
      : lengthOf(headers);
  }
}

/** Why an answer with a part does not go on with what is there; undefined if it does. */
function whyWrong(
  { response: { status, headers } }: Answer,
  known: Representation,
  first: number,
): string | undefined {
  if (status === 416) return "the server has no such part of it";
  const range = readContentRange(headers.get("content-range"));
  if (range?.first === undefined) return "the server does not say which part it sends";
  if (range.first !== first) return "the server sends another part of it";
  const isOther = known.length !== undefined && range.size !== undefined &&
    range.size !== known.length;
  return isOther ? "its length is another one" : undefined;
}

function tooShort(url: URL): Failure {
  return new Failure(
    `Cannot get all of ${url.href}: the server ends before all bytes have come; try again`,
    1,
    CurlCode.Partial,
  );
}
