// Where the answer to one URL goes: standard output, or a file of a name that may come with it.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { readHttpDate } from "../http/http_date.ts";
import { openDirectly } from "./direct_file.ts";
import type { GetContext } from "./get_context.ts";
import type { GetJob } from "./get_job.ts";
import { LateFile } from "./late_file.ts";
import { isRegular } from "./local_path.ts";
import { PartFile } from "./part_file.ts";
import { nameByServer } from "./remote_name.ts";
import type { FileSink, Sink } from "./sink.ts";
import { StreamSink } from "./stream_sink.ts";
import { onTerminal } from "./terminal_output.ts";

/** Where the answer to one URL goes. */
export class Destination {
  readonly #context: GetContext;
  /** Whether a name that comes with the answer counts more. */
  readonly #isOpen: boolean;
  #path: string | undefined;
  #isByServer = false;

  /**
   * @param job The URL, and what the user wants of it.
   * @param context What all transfers have in common.
   */
  constructor({ output, isNamedByUrl }: GetJob, context: GetContext) {
    this.#context = context;
    this.#path = output;
    this.#isOpen = isNamedByUrl && context.options.has("remote-header-name");
  }

  /** The name of the file; "-" or undefined for standard output. */
  get path(): string | undefined {
    return this.#path;
  }

  /**
   * An answer has come, which may name the file.
   *
   * @param response The answer.
   * @throws {Failure} If it gives a name that cannot be used, or that a file has already.
   */
  async hear({ ok, headers }: Response): Promise<void> {
    if (!this.#isOpen || this.#isByServer || !ok) return;
    const name = nameByServer(headers);
    if (name === undefined) return;
    const path = this.#path!.replace(/[^/\\]*$/, "") + name;
    if (await isThere(path)) {
      throw new Failure(
        `Cannot write ${path}: the server names it so, and there is a file of that name; name ` +
          "another one with -o",
        1,
        CurlCode.Write,
      );
    }
    this.#path = path;
    this.#isByServer = true;
  }

  /** Whether it is a file that can be gone on with. */
  async isFile(): Promise<boolean> {
    return this.#path !== undefined && await isRegular(this.#path);
  }

  /**
   * Opens the file for a download that may take several answers.
   *
   * @param asked The URL that is asked for.
   */
  async openFile(asked: URL): Promise<FileSink> {
    const { say, createsFolders: createFolders } = this.#context;
    const open = () => PartFile.open(this.#path!, { asked, createFolders, say });
    return this.#isOpen ? new LateFile(open) : await open();
  }

  /**
   * Opens it for one answer.
   *
   * @param from The byte at which the answer begins, if a file that is there is to go on.
   */
  async open(from?: number): Promise<Sink> {
    const path = this.#path;
    if (path !== undefined && path !== "-") {
      return await openDirectly(path, from, this.#context.createsFolders);
    }
    const isForPeople = path === undefined && Deno.stdout.isTerminal();
    return new StreamSink(isForPeople ? onTerminal : Deno.stdout, "standard output");
  }

  /**
   * Gives a file that is complete the date that it has at the server, if the user wants that.
   *
   * @param headers The fields of the answer.
   */
  async setTime(headers: Headers): Promise<void> {
    if (!this.#context.keepsTimes || this.#path === undefined) return;
    const date = readHttpDate(headers.get("last-modified") ?? "", Date.now());
    if (date !== undefined) await Deno.utime(this.#path, date, date);
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  });
}
