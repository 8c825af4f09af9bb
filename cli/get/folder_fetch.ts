// Fetches a folder with all that is in it.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { exchange, ownGet } from "./exchange.ts";
import { type FolderEntry, readListing } from "./folder_entry.ts";
import type { GetContext } from "./get_context.ts";
import type { GetJob } from "./get_job.ts";
import type { GetRun } from "./get_run.ts";
import { StatusFailure } from "./status_failure.ts";

/**
 * Bytes that are asked for at once: with fewer, a fast network waits for requests; with more, files
 * that are done come later. Small files are many at once, large ones few.
 */
const BYTES_AT_ONCE = 8_000_000;
/** Files at once at most: a server allows 100 streams. */
const FILES_AT_ONCE = 64;
/** What a file counts at least, as it takes a round trip however small it is. */
const LEAST_BYTES = 100_000;
/** Folders within folders. */
const DEEPEST = 64;
/** Bytes of a listing. */
const LARGEST_LISTING = 16_000_000;

/** A file that is to be fetched. */
interface Wanted {
  readonly job: GetJob;
  readonly entry: FolderEntry;
}

/** Fetches folders, as many files at once as help. */
export class FolderFetch {
  readonly #context: GetContext;
  readonly #run: GetRun;
  readonly #waiting: Wanted[] = [];
  #bytes = 0;
  #files = 0;
  #isListing = true;
  /** What has failed for reasons that are those of all files. */
  readonly #errors: unknown[] = [];
  #wake = Promise.withResolvers<void>();

  /**
   * @param context What all transfers have in common.
   * @param run Runs them, and counts.
   */
  constructor(context: GetContext, run: GetRun) {
    this.#context = context;
    this.#run = run;
  }

  /**
   * Fetches a folder.
   *
   * @param job The URL of the folder, and where it goes.
   */
  async fetch(job: GetJob): Promise<void> {
    const url = new URL(job.url);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    const folder = this.#context.options.order.findLast(([name]) => name === "output-dir")?.[1];
    const name = nameOf(url);
    const target = job.output ?? (folder === undefined ? name : `${folder}/${name}`);
    this.#isListing = true;
    const listing = this.#list({ ...job, url, output: target }, 0).finally(() => {
      this.#isListing = false;
      this.#wake.resolve();
    });
    const running = new Set<Promise<void>>();
    while (!this.#isStopped) {
      const next = this.#take();
      if (next !== undefined) {
        const transfer = this.#transfer(next).finally(() => running.delete(transfer));
        running.add(transfer);
      } else if (this.#isListing || running.size > 0) await this.#woken();
      else break;
    }
    await Promise.all([listing, ...running]);
    if (this.#errors.length > 0) throw this.#errors[0];
  }

  get #isStopped(): boolean {
    return this.#context.signal.aborted || this.#errors.length > 0;
  }

  /** Reads a folder, then those in it, so that its files are fetched meanwhile. */
  async #list(job: GetJob, depth: number): Promise<void> {
    const { say } = this.#context;
    if (this.#isStopped) return;
    if (depth > DEEPEST) {
      return this.#fail(job, new Failure(`Cannot fetch ${job.url.href}: it is too deep`, 1, 1));
    }
    try {
      await Deno.mkdir(job.output!, { recursive: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      const what = `Cannot make the folder ${job.output}; name another one with -o`;
      return this.#fail(job, new Failure(what, 1, CurlCode.Write));
    }
    const entries = await this.#entries(job).catch((error) => this.#fail(job, error));
    const folders: GetJob[] = [];
    for (const entry of entries ?? []) {
      const url = new URL(`${encodeURIComponent(entry.name)}${entry.isFolder ? "/" : ""}`, job.url);
      const one = { ...job, url, output: `${job.output}/${entry.name}` };
      if (entry.isFolder) folders.push(one);
      else if (await isThere(one.output, entry)) {
        say(`${one.output} is there already, with the same length and date`);
      } else this.#waiting.push({ job: one, entry });
      this.#wake.resolve();
    }
    for (const folder of folders) await this.#list(folder, depth + 1);
  }

  async #entries(job: GetJob): Promise<readonly FolderEntry[]> {
    const { maker, exchangeOptions, say } = this.#context;
    const headers = maker.headersFor(job.user);
    headers.set("accept", "application/json");
    const { response, url } = await exchange(ownGet(job.url, headers), exchangeOptions);
    if (!response.ok) {
      await response.body?.cancel();
      throw new StatusFailure(url, response);
    }
    const listing = readListing(await textOf(response));
    if (listing === undefined) {
      throw new Failure(
        `Cannot list ${url.href}: the server sends no listing in JSON there; mpquic serve does`,
        1,
        1,
      );
    }
    for (const name of listing.refused) {
      say(`Passing over ${JSON.stringify(name)} in ${url.href}: it is no name for a file here`);
    }
    if (response.headers.get("x-listing") === "truncated") {
      this.#fail(
        job,
        new Failure(
          `Cannot list all of ${url.href}: the server shows only ${listing.entries.length} entries`,
          1,
          CurlCode.Partial,
        ),
      );
    }
    return listing.entries;
  }

  /** The next file, if fetching it now helps. */
  #take(): Wanted | undefined {
    const [next] = this.#waiting;
    const most = this.#context.options.parallelMax ?? FILES_AT_ONCE;
    if (next === undefined || this.#files >= most) return undefined;
    const isMuch = this.#files > 0 && this.#bytes + costOf(next) > BYTES_AT_ONCE;
    if (isMuch && this.#context.options.parallelMax === undefined) return undefined;
    this.#waiting.shift();
    this.#files++;
    this.#bytes += costOf(next);
    return next;
  }

  async #transfer(wanted: Wanted): Promise<void> {
    try {
      const { exitCode } = await this.#run.transfer(wanted.job);
      const { modified } = wanted.entry;
      // With its date, the file is known for complete when the same folder is fetched again.
      if (exitCode === 0 && modified !== undefined) {
        const date = new Date(modified);
        await Deno.utime(wanted.job.output!, date, date).catch(() => {});
      }
    } catch (error) {
      this.#errors.push(error);
    }
    this.#files--;
    this.#bytes -= costOf(wanted);
    this.#wake.resolve();
  }

  async #woken(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers<void>();
  }

  #fail(job: GetJob, error: unknown): undefined {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const { curlCode, message } = this.#context.explain(error, job.url);
    this.#run.fail(curlCode, message);
    return undefined;
  }
}

function costOf({ entry: { size = BYTES_AT_ONCE } }: Wanted): number {
  return Math.max(size, LEAST_BYTES);
}

/** The name of the folder that a URL leads to. */
function nameOf(url: URL): string {
  const name = url.pathname.split("/").at(-2) ?? "";
  let decoded = name;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    // It is taken as it stands.
  }
  const isPlain = decoded !== "" && decoded !== ".." && !/[/\\\0]/.test(decoded);
  return isPlain ? decoded : url.hostname.replace(/^\[|\]$/g, "");
}

async function isThere(path: string, { size, modified }: FolderEntry): Promise<boolean> {
  if (size === undefined || modified === undefined) return false;
  return await Deno.stat(path).then(
    (info) =>
      info.isFile && info.size === size &&
      Math.abs((info.mtime?.getTime() ?? NaN) - modified) < 1000,
    () => false,
  );
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LARGEST_LISTING) {
      throw new Failure("Cannot list the folder: its listing is too long", 1, 1);
    }
  }
  return text + decoder.decode();
}
