// The option that says where qlog traces go.

import { readEnvironment } from "../../io/environment.ts";
import { openLogFile, prepareLogDirectory } from "../../io/log_file.ts";
import { Qlog, type QlogFactory } from "../../qlog/qlog.ts";
import { RecordQueue } from "../../qlog/record_queue.ts";
import { type QlogSink, QlogWriter } from "../../qlog/writer.ts";

/**
 * A connection that can be logged.
 *
 * @category Traces
 */
export interface QlogInfo {
  /** Which end of it we are. */
  readonly role: "client" | "server";
  /** The first destination ID of the client, in hexadecimal: what the connection is known by. */
  readonly originalId: string;
}

/**
 * Where qlog traces go: JSON text sequences (RFC 7464), as the tools of quicwg/qlog read them.
 *
 * A text names a directory, where each connection leaves a file. A function is asked for each
 * connection, and may answer with nothing; the stream is closed when the connection is. When it
 * throws, `dial` does as well, while a server's connection goes on without a trace. A single
 * stream takes the events of all connections, each with its `group_id`, and stays open. When a
 * stream takes no more for now, events are dropped and counted; the connection does not wait.
 *
 * A trace has the addresses, times and amounts of all communication, and with HTTP/3 the URLs and
 * the fields of requests and responses. Contents and tokens are not in it, nor the values of
 * authorization, proxy-authorization, cookie, set-cookie, and of fields that their sender wants in
 * no compression table. Other secrets in your URLs and fields are in the trace: guard it.
 *
 * @example One file for each connection
 * ```ts ignore
 * const connection = await dial({
 *   hostname: "example.com",
 *   port: 6121,
 *   alpnProtocols: ["echo"],
 *   qlog({ originalId, role }) {
 *     const file = Deno.openSync(`${originalId}_${role}.sqlog`, { write: true, create: true });
 *     const encoder = new TextEncoderStream();
 *     encoder.readable.pipeTo(file.writable);
 *     return encoder.writable;
 *   },
 * });
 * ```
 *
 * @category Traces
 */
export type QlogOption =
  | string
  | WritableStream<string>
  | ((info: QlogInfo) => WritableStream<string> | undefined);

/**
 * What the option means to the core; without one, what `QLOGDIR` in the environment means.
 *
 * @param onError Hears why the file of a trace takes no more.
 * @throws {TypeError} If it names a directory where no file can be made.
 */
export function qlogFactory(
  option: QlogOption | undefined,
  onError: (error: unknown) => void = () => {},
): QlogFactory | undefined {
  const tell = (error: unknown) => {
    try {
      onError(error);
    } catch {
      // A log is no reason for a connection to fail, and the word about it is none either.
    }
  };
  if (typeof option === "string") return filesIn(prepared(option), tell);
  if (option !== undefined) return typeof option === "function" ? separate(option) : shared(option);
  const directory = readEnvironment("QLOGDIR");
  return directory === undefined ? undefined : filesIn(directory, tell);
}

/**
 * Checks that traces can be written to the directory that an option names. An application that asks
 * for traces must hear that there cannot be any; with the environment variable, it may not even
 * know of them.
 */
function prepared(directory: string): string {
  if (directory === "") throw new TypeError('Cannot write qlog traces to "": name a directory');
  try {
    prepareLogDirectory(directory);
    return directory;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot write qlog traces to "${directory}": ${why}`, { cause: error });
  }
}

/** One file for each connection. */
function filesIn(directory: string, onError: (error: unknown) => void): QlogFactory {
  return ({ role, originalId, now, epoch }) => {
    const sink = openLogFile(directory, `${originalId}_${role}.sqlog`, onError);
    if (sink === undefined) return undefined;
    return new Qlog(new QlogWriter(sink, { role, group: originalId, start: now, epoch }));
  };
}

/** One stream for each connection. */
function separate(choose: (info: QlogInfo) => WritableStream<string> | undefined): QlogFactory {
  return ({ role, originalId, now, epoch }) => {
    const stream = choiceFor({ role, originalId }, choose);
    if (stream === undefined) return undefined;
    const info = { role, group: originalId, start: now, epoch };
    return new Qlog(new QlogWriter(new StreamSink(stream), info));
  };
}

/** Strangers open a server's connections: as many as they like may find no more room for logs. */
function choiceFor(
  info: QlogInfo,
  choose: (info: QlogInfo) => WritableStream<string> | undefined,
): WritableStream<string> | undefined {
  if (info.role === "client") return choose(info);
  try {
    return choose(info);
  } catch {
    return undefined;
  }
}

/** One stream for all connections. */
function shared(stream: WritableStream<string>): QlogFactory {
  let writer: QlogWriter | undefined;
  return ({ role, originalId, now, epoch }) => {
    writer ??= new QlogWriter(new StreamSink(stream), { role, start: now, epoch });
    return new Qlog(writer, originalId);
  };
}

/** Writes to a stream as fast as that takes it. */
class StreamSink implements QlogSink {
  readonly #stream: WritableStream<string>;
  readonly #queue = new RecordQueue(() => void this.#drain());
  #isBusy = false;

  constructor(stream: WritableStream<string>) {
    this.#stream = stream;
  }

  write(record: string): boolean {
    return this.#queue.write(record);
  }

  close(): void {
    this.#queue.close();
  }

  /** The lock is held only while there is something to write: the owner may close the stream. */
  async #drain(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      // Records of one moment are written together.
      await Promise.resolve();
      const writer = this.#stream.getWriter();
      try {
        while (this.#queue.length > 0) await writer.write(this.#queue.take());
        if (this.#queue.isClosed) await writer.close();
      } finally {
        writer.releaseLock();
      }
    } catch {
      // Closed by its owner, or broken: nothing is logged any more.
      this.#queue.close();
    }
    this.#isBusy = false;
  }
}
