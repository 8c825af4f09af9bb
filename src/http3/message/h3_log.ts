// The events of HTTP/3 in qlog traces.

import type { EventLog } from "../../api/stats/event_log.ts";
import { H3StreamType, isReserved } from "../wire/code_point.ts";
import type { LoggedFrame } from "./logged_frame.ts";
import { formatPriority, type Priority } from "../wire/priority.ts";
import type { Settings } from "../wire/settings.ts";

/** Which end did something. */
export type Initiator = "local" | "remote";

/** The type of the streams that requests come on, which is not written anywhere. */
export const REQUEST = -1;

const streamTypes: Readonly<Record<number, string>> = {
  [REQUEST]: "request",
  [H3StreamType.Control]: "control",
  [H3StreamType.Push]: "push",
  [H3StreamType.QpackEncoder]: "qpack_encode",
  [H3StreamType.QpackDecoder]: "qpack_decode",
};

/** The events of HTTP/3 in the trace of a connection (HTTP/3 events, Section 3). */
export class H3Log {
  readonly #events: EventLog;

  /** @param events What the transport writes to. */
  constructor(events: EventLog) {
    this.#events = events;
  }

  /**
   * The settings that one end announces. The event of our own also says that we do not wait for
   * those of the peer.
   */
  parametersSet(initiator: Initiator, settings: Settings): void {
    this.#events.write("http3:parameters_set", {
      initiator,
      "max_field_section_size": settings.maxFieldSectionSize,
      "max_table_capacity": settings.maxTableCapacity,
      "blocked_streams_count": settings.blockedStreams,
      "extended_connect": Number(settings.extendedConnect),
      "h3_datagram": Number(settings.datagrams),
      ...initiator === "local" && { "waits_for_settings": false },
    });
  }

  /** What a stream is for. */
  streamTypeSet(initiator: Initiator, id: number, type: number): void {
    const name = streamTypes[type] ?? (isReserved(type) ? "reserved" : "unknown");
    this.#events.write("http3:stream_type_set", {
      initiator,
      "stream_id": id,
      "stream_type": name,
      ...name === "unknown" && { "stream_type_bytes": type },
    });
  }

  /**
   * A response is wanted sooner or later.
   *
   * @param old What held before, if that was said.
   */
  priorityUpdated(
    id: number,
    priority: Priority,
    old: Partial<Priority> | undefined,
    trigger: "client_signal_received" | "local",
  ): void {
    this.#events.write("http3:priority_updated", {
      "stream_id": id,
      ...old && { old: formatPriority(old) },
      new: formatPriority(priority),
      trigger,
      ...trigger === "client_signal_received" && { reason: "client_signal_only" },
    });
  }

  /** A frame is on its way to the peer. */
  frameCreated(id: number, frame: LoggedFrame): void {
    this.#events.write("http3:frame_created", { "stream_id": id, frame });
  }

  /** A frame of the peer was read. */
  frameParsed(id: number, frame: LoggedFrame): void {
    this.#events.write("http3:frame_parsed", { "stream_id": id, frame });
  }

  /** A datagram of a request is sent. */
  datagramCreated(quarterId: number, size: number, payloadSize: number): void {
    this.#datagram("http3:datagram_created", quarterId, size, payloadSize);
  }

  /** A datagram of a request came. */
  datagramParsed(quarterId: number, size: number, payloadSize: number): void {
    this.#datagram("http3:datagram_parsed", quarterId, size, payloadSize);
  }

  #datagram(name: string, quarterId: number, length: number, payloadSize: number): void {
    this.#events.write(name, {
      "quarter_stream_id": quarterId,
      raw: { length, "payload_length": payloadSize },
    });
  }
}
