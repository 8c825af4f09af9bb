// One URL of the command get: its request, its answer, and where that goes.

import type { Failure } from "../console/failure.ts";
import { placeOfFile } from "../files/file_place.ts";
import { readContentRange } from "../http/content_range.ts";
import { responseHead } from "../http/message_text.ts";
import { lengthOf } from "../http/representation.ts";
import { pause } from "../console/pause.ts";
import { verifyFile } from "./checksum.ts";
import { checkRange, decoded } from "./answer_body.ts";
import { Destination } from "./destination.ts";
import { type Answer, Download } from "./download.ts";
import { exchange, type ExchangeAnswer, type WantedRequest } from "./exchange.ts";
import type { GetContext } from "./get_context.ts";
import type { GetJob } from "./get_job.ts";
import { sizeOf, sizeToSend } from "./local_path.ts";
import { partOf } from "./part_name.ts";
import { PageSink } from "./page_sink.ts";
import { checkReadable } from "./request_maker.ts";
import { againLine, Retry } from "./retry.ts";
import type { FileSink, Sink } from "./sink.ts";
import { StatusFailure } from "./status_failure.ts";
import { Throttle } from "../http/throttle.ts";
import { isMet } from "./time_condition.ts";
import { uploadFile } from "./upload.ts";
import type { TransferReport } from "./write_out.ts";

/** The status of what is there already, by a condition (RFC 9110, Section 15.4.5). */
const NOT_MODIFIED = 304;

/** The status of a range that has no byte of the file. */
const UNSATISFIABLE = 416;

/** Fetches or uploads one file, and knows at any time how far it is. */
export class GetTransfer {
  /** Bytes of bodies that have come. */
  received = 0;
  /** Bytes of bodies that have been sent. */
  sent = 0;
  /** What the answer is about, once it is there and was fetched without failure. */
  answer: ExchangeAnswer | undefined;
  readonly #job: GetJob;
  readonly #destination: Destination;
  readonly #context: GetContext;
  readonly #retry: Retry;
  readonly #throttle: Throttle | undefined;
  readonly #begun = performance.now();
  #connected = 0;
  #answered = 0;
  #announced: number | undefined;
  #sink: Sink | undefined;
  #page: PageSink | undefined;

  /**
   * @param job The URL, and what belongs to it.
   * @param context What all transfers of the run have in common.
   */
  constructor(job: GetJob, context: GetContext) {
    this.#job = job;
    this.#destination = new Destination(job, context);
    this.#context = context;
    this.#retry = new Retry(context.options, context.signal);
    const { limitRate } = context.options;
    this.#throttle = limitRate === undefined ? undefined : new Throttle(limitRate);
  }

  /** The text of the answer, if it is a page that is to be searched for what it loads. */
  get page(): string | undefined {
    const type = this.answer?.response.headers.get("content-type") ?? "";
    return /^text\/html\b/i.test(type) ? this.#page?.text : undefined;
  }

  /** Bytes that are there, a part of an earlier run included. */
  get length(): number {
    return Math.max(this.#sink?.length ?? 0, this.received, this.sent);
  }

  /** Bytes that there will be, if that is known. */
  get expected(): number | undefined {
    return this.#sink?.known?.length ?? this.#announced;
  }

  /**
   * Runs to the end.
   *
   * @returns What has become of it; a failure does not stop the others.
   */
  async run(): Promise<TransferReport> {
    const connects = this.#context.pool.count;
    const job = this.#job;
    let wanted: WantedRequest | undefined;
    let failure: Failure | undefined;
    try {
      if (job.upload !== undefined) await checkReadable(job.upload);
      wanted = await this.#context.maker.for(job);
      await this.#fetch(wanted);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      failure = this.#explain(error);
    } finally {
      this.#sink?.close();
    }
    const { response, shown = response, url = job.url, redirects = [], carrier } = this.answer ??
      {};
    const protocol = shown && carrier?.protocolOf(shown);
    const [row] = carrier?.rows ?? [];
    return {
      number: job.number,
      url: job.url,
      finalUrl: url,
      method: wanted?.method ?? "GET",
      status: response?.status ?? 0,
      headers: response?.headers ?? new Headers(),
      redirects: redirects.length,
      httpVersion: /^HTTP\/([\d.]+)$/.exec(protocol ?? "")?.[1] ?? "0",
      received: this.received,
      sent: this.sent,
      times: {
        connect: this.#connected,
        answer: this.#answered,
        total: performance.now() - this.#begun,
      },
      filename: this.#destination.path ?? "",
      connects: this.#context.pool.count - connects,
      local: row && placeOf(row.local),
      remote: row && placeOf(row.remote),
      exitCode: failure?.curlCode ?? 0,
      error: failure?.message ?? "",
    };
  }

  async #fetch(wanted: WantedRequest): Promise<void> {
    const { options } = this.#context;
    const { upload } = this.#job;
    const size = upload === undefined ? undefined : await sizeToSend(upload);
    if (upload !== undefined && size !== undefined && wanted.method === "PUT") {
      return await this.#upload(wanted, upload, size);
    }
    const isWhole = wanted.method === "GET" && wanted.body === undefined &&
      typeof options.continueAt !== "number" && !wanted.headers.has("range") &&
      !["include", "head", "compressed"].some((flag) => options.has(flag));
    if (!isWhole) return await this.#fetchOnce(wanted);
    const destination = this.#destination;
    if (!await destination.isFile()) return await this.#download(wanted, await destination.open());
    if (options.continueAt === "auto" && await this.#isComplete(wanted, destination.path!)) return;
    const file = await destination.openFile(wanted.url);
    if (file.kept > 0) {
      this.#context.say(`Going on with ${file.partPath}, in which ${file.kept} bytes are`);
    }
    await this.#download(wanted, file, file);
  }

  async #download(wanted: WantedRequest, sink: Sink, file?: FileSink): Promise<void> {
    const { options, say, signal } = this.#context;
    this.#page = options.has("pages") ? new PageSink(sink) : undefined;
    this.#sink = this.#page ?? sink;
    const { checksum } = options;
    const withBody = options.has("fail-with-body");
    const hasRetries = options.retry !== undefined && options.retry > 0;
    const keepsAll = withBody || (file === undefined && !options.has("fail") && !hasRetries);
    const download = new Download({
      ask: (fields) => this.#ask(wanted, fields),
      sink: this.#sink,
      retry: this.#retry,
      explain: (error) => this.#explain(error),
      pause: (milliseconds) => pause(milliseconds, signal),
      say,
      onBytes: (count) => this.#onBytes(count),
      keepsAll,
      verify: async () => {
        if (!checksum || file === undefined) return;
        await verifyFile(file.partPath, checksum).catch(async (error) => {
          await file.distrust();
          throw error;
        });
      },
    });
    try {
      const { response, url } = await download.run();
      if (file !== undefined) await this.#destination.setTime(response.headers);
      if (withBody && response.status >= 400) throw new StatusFailure(url, response);
    } catch (error) {
      // RFC 9110, Section 15.4.5: the answer to a condition that the user gave.
      if (!(error instanceof StatusFailure) || error.status !== NOT_MODIFIED) throw error;
    }
  }

  /** A request that is made once: what comes is not gone on with. */
  async #fetchOnce(wanted: WantedRequest): Promise<void> {
    const { say, signal } = this.#context;
    for (;;) {
      try {
        return await this.#tryOnce(wanted);
      } catch (error) {
        const failure = this.#explain(error);
        const isShown = this.#job.output === undefined && this.received > 0;
        const wait = isShown ? undefined : this.#retry.next(failure, false);
        if (wait === undefined) throw failure;
        say(againLine(failure, wait));
        this.#sink?.close();
        await pause(wait, signal);
        this.received = this.sent = 0;
      }
    }
  }

  async #tryOnce(wanted: WantedRequest): Promise<void> {
    const { continueAt } = this.#context.options;
    const from = typeof continueAt === "number" && continueAt > 0 ? continueAt : undefined;
    const fields = from === undefined ? undefined : { range: `bytes=${from}-` };
    await this.#take(await this.#ask(wanted, fields ?? {}), from);
  }

  /** A file that the server can get in pieces, if it knows how to join them. */
  async #upload(wanted: WantedRequest, path: string, size: number): Promise<void> {
    const { options, say, signal, exchangeOptions } = this.#context;
    this.#announced = size;
    await uploadFile({
      path,
      size,
      isContinued: options.continueAt === "auto",
      retry: this.#retry,
      explain: (error) => this.#explain(error),
      pause: (milliseconds) => pause(milliseconds, signal),
      say,
      askOffset: async () => {
        const headers = new Headers(wanted.headers);
        for (const name of ["content-length", "content-type"]) headers.delete(name);
        const question = { ...wanted, method: "HEAD", headers, body: undefined };
        const { response } = await exchange(question, exchangeOptions);
        const offset = response.headers.get("upload-offset");
        return offset !== null && /^\d+$/.test(offset) ? Number(offset) : undefined;
      },
      hasSent: () => this.sent > 0,
      send: async (body, fields) => {
        this.sent = size - Number(fields["content-length"]);
        const { response, url } = await this.#ask({ ...wanted, body }, fields);
        const failure = new StatusFailure(url, response);
        if (!failure.isTransient || !(options.retry ?? 0)) return response;
        await response.body?.cancel();
        throw failure;
      },
    });
    await this.#take(this.answer!, undefined);
  }

  async #take(answer: ExchangeAnswer, from: number | undefined): Promise<void> {
    const { options } = this.#context;
    const { response, url } = answer;
    const failure = new StatusFailure(url, response);
    const hasRetries = options.retry !== undefined && options.retry > this.#retry.count;
    const isFailed = response.status >= 400;
    if (isFailed && (options.has("fail") || (failure.isTransient && hasRetries))) {
      await response.body?.cancel();
      throw failure;
    }
    if (response.status === NOT_MODIFIED && !options.has("include") && !options.has("head")) {
      return await response.body?.cancel(); // a file that is there stays as it is
    }
    // Nothing stands behind that byte: all is there, as with curl.
    const isBeyond = from !== undefined && response.status === UNSATISFIABLE;
    if (from !== undefined && !isBeyond) await checkRange(answer, from);
    const sink = this.#sink = await this.#destination.open(from);
    this.#announced = lengthOf(response.headers);
    if (options.has("include") || options.has("head")) {
      for (const { carrier, response, shown = response } of [...answer.redirects, answer]) {
        await sink.write(responseHead(carrier.protocolOf(shown), shown));
      }
    }
    // With -I the method may be any, and of its answer no more than the head is shown.
    if (isBeyond || options.has("head")) await response.body?.cancel();
    else await this.#keep(response, sink);
    await sink.finish();
    if (isFailed && options.has("fail-with-body")) throw failure;
  }

  async #keep(response: Response, sink: Sink): Promise<void> {
    for await (const chunk of decoded(response, this.#context.options.has("compressed"))) {
      await this.#onBytes(chunk.length);
      await sink.write(chunk);
    }
  }

  /** As curl, a file without a note that has the length of all is taken for complete. */
  async #isComplete(wanted: WantedRequest, output: string): Promise<boolean> {
    const place = await placeOfFile(output).catch(() => undefined);
    const target = place?.target ?? output;
    const [part, whole] = await Promise.all([sizeOf(partOf(target)), sizeOf(target)]);
    if (part || !whole) return false;
    const { say } = this.#context;
    const { response } = await this.#ask(wanted, { range: `bytes=${whole}-` });
    await response.body?.cancel();
    const size = readContentRange(response.headers.get("content-range"))?.size ??
      lengthOf(response.headers);
    const isThere = (response.status === 416 || response.status === 200) && size === whole;
    say(
      isThere
        ? `${output} is complete already, by its length`
        : `Starting over: ${output} has no note beside it that tells of which version it is`,
    );
    return isThere;
  }

  async #ask(
    wanted: WantedRequest,
    fields: Readonly<Record<string, string>>,
  ): Promise<ExchangeAnswer & Answer> {
    const { exchangeOptions } = this.#context;
    const headers = new Headers(wanted.headers);
    for (const [name, value] of Object.entries(fields)) headers.set(name, value);
    const body = wanted.body && (() => this.#counted(wanted.body!()));
    await exchangeOptions.pool.carrierFor(wanted.url);
    this.#connected ||= performance.now() - this.#begun;
    const answer = await exchange({ ...wanted, headers, body }, exchangeOptions);
    this.#answered ||= performance.now() - this.#begun;
    const isWhole = !headers.has("range") && wanted.method !== "HEAD";
    this.answer = isWhole ? await this.#judged(answer) : answer;
    await this.#destination.hear(this.answer.response);
    return this.answer;
  }

  /** The answer that a server would give that knows the condition of the user. */
  async #judged(answer: ExchangeAnswer): Promise<ExchangeAnswer> {
    const { timeCondition } = this.#context.options;
    const { response } = answer;
    if (timeCondition === undefined || !response.ok) return answer;
    if (isMet(timeCondition, response.headers)) return answer;
    await response.body?.cancel();
    const { headers } = response;
    const unwanted = new Response(null, { status: NOT_MODIFIED, headers });
    return { ...answer, response: unwanted, shown: response }; // as with curl
  }

  /** A body whose bytes are counted, and held back to the rate that the user wants. */
  #counted(body: BodyInit): BodyInit {
    if (body instanceof Uint8Array) {
      this.sent += body.length;
      return body;
    }
    if (!(body instanceof ReadableStream)) return body;
    const onChunk = async (count: number) => {
      this.sent += count;
      await this.#holdBack(count);
    };
    return body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        async transform(chunk, controller) {
          await onChunk(chunk.length);
          controller.enqueue(chunk);
        },
      }),
    );
  }

  async #onBytes(count: number): Promise<void> {
    this.#context.signal.throwIfAborted();
    this.received += count;
    await this.#holdBack(count);
  }

  async #holdBack(count: number): Promise<void> {
    const wait = this.#throttle?.take(count) ?? 0;
    if (wait > 0) await pause(wait, this.#context.signal);
  }

  /** The failure that an error is; what the user has stopped is that. */
  #explain(error: unknown): Failure {
    return this.#context.explain(error, this.#job.url);
  }
}

function placeOf(text: string): readonly [hostname: string, port: number] {
  const [, host = text, port] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? [];
  return [host, Number(port)];
}
