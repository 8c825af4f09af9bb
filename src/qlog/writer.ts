// Writes the records of a trace as JSON text sequences (RFC 7464).

import type { Role } from "../error/role.ts";
import { EVENT_SCHEMAS, EventName, FILE_SCHEMA } from "./events.ts";
import { JsonText } from "./json_text.ts";

/** Where records go. It must not wait, and must not call back. */
export interface QlogSink {
  /** Takes a record, or says that there is no room for it; then the record is lost. */
  write(record: string): boolean;
  /** No record follows. */
  close?(): void;
}

/** What the first record of a trace says. */
export interface TraceInfo {
  readonly role: Role;
  /** The first destination ID of the connection; left out if the trace holds several. */
  readonly group?: string | undefined;
  /** The time that all others are relative to. */
  readonly start: number;
  /** Added to a time gives milliseconds since 1970. */
  readonly epoch: number;
}

/** RFC 7464: each text between a record separator and a line feed. */
const RECORD_SEPARATOR = "\x1e";

/**
 * One trace: a JSON text sequence (RFC 7464), the first record of which tells what the others are.
 *
 * A record that the sink does not take is counted and dropped; the trace tells how many are missing
 * as soon as there is room again.
 */
export class QlogWriter {
  /** Events that were dropped. */
  dropped = 0;
  readonly #sink: QlogSink;
  readonly #info: TraceInfo;
  #isBegun = false;
  #isClosed = false;
  /** How many of the dropped ones the trace has told of. */
  #told = 0;

  constructor(sink: QlogSink, info: TraceInfo) {
    this.#sink = sink;
    this.#info = info;
  }

  /** A time as the trace gives it: milliseconds since its start. */
  relative(now: number): number {
    return now - this.#info.start;
  }

  /** Writes an event, a JSON object. */
  write(event: string, now: number): void {
    if (this.#isClosed) return;
    if (!this.#begin() || !this.#tellDropped(now) || !this.#put(event)) this.dropped++;
  }

  /** Ends the trace. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink.close?.();
  }

  #put(json: string): boolean {
    return this.#sink.write(`${RECORD_SEPARATOR}${json}\n`);
  }

  /** The first record comes first, or nothing does. */
  #begin(): boolean {
    this.#isBegun ||= this.#put(header(this.#info));
    return this.#isBegun;
  }

  #tellDropped(now: number): boolean {
    const missing = this.dropped - this.#told;
    if (missing === 0) return true;
    const json = new JsonText().open();
    json.time("time", this.relative(now)).word("name", EventName.Warning);
    json.open("data").word("message", `${missing} events are missing: the log is too slow`);
    if (!this.#put(json.close().close().take())) return false;
    this.#told = this.dropped;
    return true;
  }
}

function header(info: TraceInfo): string {
  const json = new JsonText().open();
  json.word("file_schema", FILE_SCHEMA).word("serialization_format", "application/qlog+json-seq");
  json.word("title", "mpquic").open("trace");
  json.open("vantage_point").word("name", "mpquic").word("type", info.role).close();
  json.openList("event_schemas");
  for (const schema of EVENT_SCHEMAS) json.wordItem(schema);
  json.closeList().open("common_fields");
  if (info.group !== undefined) json.word("group_id", info.group);
  json.word("time_format", "relative_to_epoch").open("reference_time");
  // The clock does not go back, so what it counts from cannot be said exactly.
  json.word("clock_type", "monotonic").word("epoch", "unknown");
  json.word("wall_clock_time", new Date(info.epoch + info.start).toISOString());
  return json.close().close().close().close().take();
}
