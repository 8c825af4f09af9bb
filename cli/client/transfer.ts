// Fetches the URLs of the client, and the resources of pages.

import { Failure } from "../console/failure.ts";
import { findResources } from "../http/html_resources.ts";
import { pause } from "../console/pause.ts";
import { whyNot } from "../console/why_not.ts";
import { writeAll } from "../console/write_all.ts";

/** Pages up to this size are searched for resources. */
const LARGEST_PAGE = 4 * 1024 * 1024;

/** How many resources of a page are under way at once. */
const RESOURCES_AT_ONCE = 32;

/** One answer that has come completely. */
export interface Answer {
  /** What was asked for. */
  readonly url: URL;
  /** The status of the answer. */
  readonly status: number;
  /** Bytes of its body. */
  readonly length: number;
  /** Whether the user named the URL; a page did otherwise. */
  readonly isNamed: boolean;
}

/** A URL whose answer did not come completely. */
export interface Breakdown {
  /** What was asked for. */
  readonly url: URL;
  /** Why. */
  readonly error: unknown;
  /** Whether the user named the URL; a page did otherwise. */
  readonly isNamed: boolean;
}

/** What a transfer needs from outside. */
export interface TransferOptions {
  /** What to fetch. */
  readonly urls: readonly URL[];
  /** Milliseconds that the second request, and those behind it, wait. */
  readonly delay: number;
  /** Sends one request; what a page loads is asked for without being named. */
  readonly fetch: (url: URL, isNamed: boolean) => Promise<Response>;
  /** Makes the place for the first body, once there is one worth keeping. */
  readonly openOutput?: (() => Promise<WritableStream<Uint8Array>>) | undefined;
  /** What is written before a body; then answers without success are worth keeping, too. */
  readonly head?: ((response: Response) => Uint8Array) | undefined;
  /** Is told what came with success, and what pages load, however it came. */
  readonly onAnswer: (answer: Answer) => void;
  /** Stops it all. */
  readonly signal: AbortSignal;
}

/** Fetches URLs, and what their pages load, and keeps count. */
export class Transfer {
  /** Bytes of bodies so far. */
  bytes = 0;
  /** URLs that were named and not answered with success. */
  readonly failed: Answer[] = [];
  /** URLs whose responses did not come completely, including those that pages load. */
  readonly broken: Breakdown[] = [];
  readonly #options: TransferOptions;
  #announced = 0;
  #unannounced = 0;

  /** @param options What to fetch, and how. */
  constructor(options: TransferOptions) {
    this.#options = options;
  }

  /** Bytes of all bodies that were begun, if the server has said it of each. */
  get expected(): number | undefined {
    return this.#unannounced > 0 || this.#announced === 0 ? undefined : this.#announced;
  }

  /** Runs to the end; a URL that fails stops no other. Rejects only if the signal says so. */
  async run(): Promise<void> {
    const { urls, delay, signal } = this.#options;
    await Promise.all(urls.map(async (url, i) => {
      if (i > 0 && delay > 0) await pause(delay, signal);
      await this.#attempt(url, true, () => this.#fetchNamed(url));
    }));
  }

  async #attempt(url: URL, isNamed: boolean, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      this.broken.push({ url, error, isNamed });
    }
  }

  async #fetchNamed(url: URL): Promise<void> {
    const response = await this.#request(url, true);
    const { head, openOutput } = this.#options;
    const output = response.ok || head ? await openOutput?.() : undefined;
    const { length, text } = await this.#readBody(response, output, head?.(response));
    const answer = { url, status: response.status, length, isNamed: true };
    // RFC 9110, Section 15.4.5: the answer to a condition that the user gave.
    if (!response.ok && response.status !== 304) {
      this.failed.push(answer);
      return;
    }
    this.#options.onAnswer(answer);
    if (!isHtml(response) || text === undefined) return;
    await this.#fetchResources(findResources(text, URL.parse(response.url) ?? url));
  }

  async #fetchResources(urls: readonly URL[]): Promise<void> {
    const waiting = [...urls];
    const worker = async () => {
      for (let url; (url = waiting.shift());) {
        const one = url;
        await this.#attempt(one, false, () => this.#fetchResource(one));
      }
    };
    await Promise.all(Array.from({ length: RESOURCES_AT_ONCE }, worker));
  }

  async #fetchResource(url: URL): Promise<void> {
    const response = await this.#request(url, false);
    const { length } = await this.#readBody(response);
    this.#options.onAnswer({ url, status: response.status, length, isNamed: false });
  }

  async #request(url: URL, isNamed: boolean): Promise<Response> {
    this.#options.signal.throwIfAborted();
    const response = await this.#options.fetch(url, isNamed);
    if (response.body === null) return response;
    const length = Number(response.headers.get("content-length") ?? NaN);
    if (Number.isNaN(length)) this.#unannounced++;
    else this.#announced += length;
    return response;
  }

  /** Takes a body in, as fast as the output goes, and keeps it if it is a page. */
  async #readBody(
    response: Response,
    output?: WritableStream<Uint8Array>,
    head?: Uint8Array,
  ): Promise<{ length: number; text: string | undefined }> {
    const decoder = isHtml(response) ? new TextDecoder() : undefined;
    const writer = output?.getWriter();
    let text: string | undefined = "";
    let length = 0;
    try {
      if (head) await writer?.write(head).catch(cannotWrite);
      for await (const chunk of response.body ?? []) {
        length += chunk.length;
        this.bytes += chunk.length;
        if (length > LARGEST_PAGE) text = undefined;
        else if (decoder) text += decoder.decode(chunk, { stream: true });
        await writer?.write(chunk).catch(cannotWrite);
      }
      await writer?.close().catch(cannotWrite);
    } catch (error) {
      await writer?.abort(error).catch(() => {}); // the first error is the one to tell
      throw error;
    }
    return { length, text };
  }
}

/**
 * Opens the file that a body goes to; "-" is standard output.
 *
 * @param path Where to.
 */
export async function openOutput(path: string): Promise<WritableStream<Uint8Array>> {
  if (path === "-") return writableOf(Deno.stdout);
  try {
    const options = { write: true, create: true, truncate: true };
    return writableOf(await Deno.open(path, options));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(
      `Cannot write ${path}: ${whyNot(error)}; name another file with -o`,
    );
  }
}

/** `writable` of the runtime's files passes over a full disk in silence, so this asks each time. */
function writableOf(file: Deno.FsFile | typeof Deno.stdout): WritableStream<Uint8Array> {
  return new WritableStream({
    async write(chunk) {
      await writeAll(file, chunk);
    },
    close: () => file.close(),
    abort: () => file.close(),
  });
}

function cannotWrite(error: unknown): never {
  throw new Failure(`Cannot write the body: ${whyNot(error)}; name another place with -o`);
}

function isHtml(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get("content-type") ?? "");
}
