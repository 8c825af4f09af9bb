// The calls that the core makes to record events of one connection.

import type { Role } from "../error/role.ts";
import {
  applicationErrorWord,
  type ConnectionState,
  type DropTrigger,
  EventName,
  type KeyType,
  type LossTrigger,
  type MigrationState,
  packetTypeWord,
  type TimerChange,
  type TimerType,
  transportErrorWord,
} from "./events.ts";
import { type EventData, eventDataText } from "./event_data.ts";
import { JsonText } from "./json_text.ts";
import type { QlogWriter } from "./writer.ts";

/** One end of a 4-tuple. */
export interface TupleEnd {
  readonly hostname: string;
  readonly port: number;
}

/** What is recorded of a packet header. One object is filled again for each packet. */
export class LoggedHeader {
  /** A `PacketType`. */
  type = -1;
  /** -1 if it could not be read. */
  number = -1;
  /** The path ID in a connection with several paths, else -1. */
  pathId = -1;
  /** 0 or 1 in 1-RTT packets, else -1. */
  keyPhase = -1;
  /** 0 in short headers. */
  version = 0;
  /** In lower-case hexadecimal; left out in short headers. */
  destinationId: string | undefined = undefined;
  sourceId: string | undefined = undefined;
  /** Bytes of the token of an Initial. */
  tokenLength = 0;
}

/** How a connection ended, for the log. */
export interface LoggedClose {
  readonly by: "local" | "peer" | "timeout" | "reset";
  readonly application: boolean;
  readonly code: number;
  readonly reason: string;
}

/** A connection that could be logged. */
export interface LoggedConnection {
  /** @internal */ readonly role: Role;
  /** The first destination ID, in lower-case hexadecimal: the name of the connection in logs. */
  readonly originalId: string;
  /** The present, in milliseconds. */
  readonly now: number;
  /** Added to `now` gives milliseconds since 1970. */
  readonly epoch: number;
}

/** Gives a connection its log, or none. */
export type QlogFactory = (connection: LoggedConnection) => Qlog | undefined;

/** A metric and its value. */
export type Metrics = Readonly<Record<string, number>>;

/**
 * The calls that a connection makes to be logged, each with plain arguments and the time first.
 * `tuple` names a 4-tuple; the empty name is that of the handshake.
 *
 * @internal
 */
export class Qlog {
  readonly writer: QlogWriter;
  /** The event being written; frames of a packet are written straight into it. */
  readonly json: JsonText = new JsonText();
  readonly #group: string | undefined;
  /** The protocol of the application, once it is known. */
  #protocol: string | undefined;
  #now = 0;

  /** @param group The first destination ID, if the trace holds several connections. */
  constructor(writer: QlogWriter, group?: string) {
    this.writer = writer;
    this.#group = group;
  }

  // Connectivity.

  connectionStarted(now: number, local: TupleEnd, remote: TupleEnd): void {
    const json = this.begin(now, EventName.ConnectionStarted);
    writeEnd(json, "local", local);
    writeEnd(json, "remote", remote);
    this.end();
  }

  connectionClosed(now: number, close: LoggedClose): void {
    const { by, application, code, reason } = close;
    const json = this.begin(now, EventName.ConnectionClosed);
    if (by === "local" || by === "peer") {
      json.word("initiator", by === "local" ? "local" : "remote");
      if (application) this.applicationError("application_error", code);
      else writeError(json, "connection_error", transportErrorWord(code), code);
    }
    if (reason !== "") json.text("reason", reason);
    json.word("trigger", closeTrigger(close));
    this.end();
  }

  connectionState(now: number, old: ConnectionState | undefined, state: ConnectionState): void {
    const json = this.begin(now, EventName.ConnectionStateUpdated);
    if (old !== undefined) json.word("old", old);
    json.word("new", state);
    this.end();
  }

  /** The ID that packets carry from now on: ours to the peer are "remote", it gave them. */
  connectionId(now: number, tuple: string, old: string, id: string): void {
    const json = this.begin(now, EventName.ConnectionIdUpdated, tuple);
    json.word("initiator", "remote").word("old", old).word("new", id);
    this.end();
  }

  /** A name for a 4-tuple; without addresses, the 4-tuple is no longer used. */
  tupleAssigned(
    now: number,
    tuple: string,
    pathId: number,
    local?: TupleEnd,
    remote?: TupleEnd,
    connectionId?: string,
  ): void {
    const json = this.begin(now, EventName.TupleAssigned, tuple);
    json.word("tuple_id", tuple).number("path_id", pathId);
    if (remote !== undefined) writeEnd(json, "tuple_remote", remote, connectionId);
    if (local !== undefined) writeEnd(json, "tuple_local", local);
    this.end();
  }

  migration(
    now: number,
    tuple: string,
    pathId: number,
    state: MigrationState,
    remote: TupleEnd,
  ): void {
    const json = this.begin(now, EventName.MigrationStateUpdated, tuple);
    json.word("new", state).word("tuple_id", tuple).number("path_id", pathId);
    writeEnd(json, "tuple_remote", remote);
    this.end();
  }

  mtu(now: number, tuple: string, old: number, size: number): void {
    this.begin(now, EventName.MtuUpdated, tuple).number("old", old).number("new", size);
    this.end();
  }

  // Transport.

  /** The versions this end speaks, and the one in use. */
  versions(now: number, isClient: boolean, spoken: readonly number[], chosen: number): void {
    const json = this.begin(now, EventName.VersionInformation);
    json.openList(isClient ? "client_versions" : "server_versions");
    for (const version of spoken) json.wordItem(versionWord(version));
    json.closeList().word("chosen_version", versionWord(chosen));
    this.end();
  }

  alpn(now: number, chosen: string): void {
    this.#protocol = chosen;
    const json = this.begin(now, EventName.AlpnInformation).open("chosen_alpn");
    json.text("string_value", chosen).close();
    this.end();
  }

  /** Begins parameters_set; the caller writes the fields into `json` and calls {@linkcode end}. */
  beginParameters(now: number, isLocal: boolean): JsonText {
    return this.begin(now, EventName.ParametersSet).word("initiator", isLocal ? "local" : "remote");
  }

  /**
   * Begins packet_sent or packet_received: the caller writes frames into `json`, then calls
   * {@linkcode endPacket}.
   *
   * @param size Bytes of the packet, header and tag included.
   */
  beginPacket(
    now: number,
    name: EventName,
    tuple: string,
    header: LoggedHeader,
    size: number,
    payloadSize: number,
  ): JsonText {
    const json = this.begin(now, name, tuple);
    writeHeader(json, header);
    json.open("raw").number("length", size).number("payload_length", payloadSize).close();
    return json.openList("frames");
  }

  endPacket(isMtuProbe = false): void {
    this.json.closeList();
    if (isMtuProbe) this.json.flag("is_mtu_probe_packet", true);
    this.end();
  }

  packetDropped(now: number, header: LoggedHeader, size: number, trigger: DropTrigger): void {
    const json = this.begin(now, EventName.PacketDropped);
    writeHeader(json, header);
    json.open("raw").number("length", size).close().word("trigger", trigger);
    this.end();
  }

  packetBuffered(now: number, header: LoggedHeader, size: number): void {
    const json = this.begin(now, EventName.PacketBuffered);
    writeHeader(json, header);
    json.open("raw").number("length", size).close().word("trigger", "keys_unavailable");
    this.end();
  }

  timer(
    now: number,
    tuple: string,
    type: TimerType,
    change: TimerChange,
    delta = Infinity,
  ): void {
    const json = this.begin(now, EventName.TimerUpdated, tuple);
    json.word("timer_type", type).word("event_type", change).time("delta", delta);
    this.end();
  }

  // Security.

  keyUpdated(now: number, type: KeyType, trigger: string, phase = -1): void {
    const json = this.begin(now, EventName.KeyUpdated).word("key_type", type);
    if (phase >= 0) json.number("key_phase", phase);
    json.word("trigger", trigger);
    this.end();
  }

  keyDiscarded(now: number, type: KeyType): void {
    this.begin(now, EventName.KeyDiscarded).word("key_type", type).word("trigger", "tls");
    this.end();
  }

  // Recovery.

  recoveryParameters(now: number, tuple: string, parameters: Metrics): void {
    const json = this.begin(now, EventName.RecoveryParametersSet, tuple);
    for (const name in parameters) json.number(name, parameters[name]!);
    this.end();
  }

  /** Begins recovery_metrics_updated; write numbers into `json`, then call {@linkcode end}. */
  beginMetrics(now: number, tuple: string): JsonText {
    return this.begin(now, EventName.RecoveryMetricsUpdated, tuple);
  }

  congestionState(now: number, tuple: string, old: string, state: string, trigger: string): void {
    const json = this.begin(now, EventName.CongestionStateUpdated, tuple);
    if (old !== "") json.word("old", old);
    json.word("new", state);
    if (trigger !== "") json.word("trigger", trigger);
    this.end();
  }

  ecnState(now: number, tuple: string, old: string, state: string): void {
    const json = this.begin(now, EventName.EcnStateUpdated, tuple);
    if (old !== "") json.word("old", old);
    json.word("new", state);
    this.end();
  }

  packetLost(
    now: number,
    tuple: string,
    header: LoggedHeader,
    trigger: LossTrigger,
    isMtuProbe: boolean,
  ): void {
    const json = this.begin(now, EventName.PacketLost, tuple);
    writeHeader(json, header);
    if (isMtuProbe) json.flag("is_mtu_probe_packet", true);
    json.word("trigger", trigger);
    this.end();
  }

  // Paths, in events of our own.

  /** A path goes on to another stage; the code says why, if it is abandoned. */
  pathState(now: number, tuple: string, pathId: number, state: string, code = -1): void {
    const json = this.begin(now, EventName.PathStateUpdated, tuple);
    json.number("path_id", pathId).word("new", state);
    if (code >= 0) json.number("error_code", code);
    this.end();
  }

  pathStatus(now: number, tuple: string, pathId: number, isLocal: boolean, status: string): void {
    const json = this.begin(now, EventName.PathStatusUpdated, tuple).number("path_id", pathId);
    json.word("initiator", isLocal ? "local" : "remote").word("new", status);
    this.end();
  }

  pathHealth(now: number, tuple: string, pathId: number, health: string): void {
    const json = this.begin(now, EventName.PathHealthUpdated, tuple);
    json.number("path_id", pathId).word("new", health);
    this.end();
  }

  // The application.

  /** Writes a code of the application into the event under way. */
  applicationError(name: string, code: number): void {
    writeError(this.json, name, applicationErrorWord(this.#protocol, code), code);
  }

  /** An event of a protocol above QUIC. */
  event(now: number, name: string, data: EventData): void {
    // Before anything else, because data of an application may be invalid.
    const text = eventDataText(data);
    this.#head(now, name, "").json("data", text);
    this.writer.write(this.json.close().take(), now);
  }

  // The frame around each event.

  /** Begins an event; {@linkcode end} must follow. */
  begin(now: number, name: EventName, tuple = ""): JsonText {
    return this.#head(now, name, tuple).open("data");
  }

  #head(now: number, name: string, tuple: string): JsonText {
    const { json } = this;
    this.#now = now;
    json.open().time("time", this.writer.relative(now)).word("name", name);
    if (tuple !== "") json.word("tuple", tuple);
    if (this.#group !== undefined) json.word("group_id", this.#group);
    return json;
  }

  /** Ends an event and writes it. */
  end(): void {
    this.writer.write(this.json.close().close().take(), this.#now);
  }

  /** Nothing follows. */
  close(): void {
    // A trace of several connections ends with the last of them, which its owner knows.
    if (this.#group === undefined) this.writer.close();
  }
}

/** A version as the drafts write it. */
export function versionWord(version: number): string {
  return version.toString(16).padStart(8, "0");
}

/** An error by its name, and by its code if that has none. */
function writeError(json: JsonText, name: string, word: string, code: number): void {
  json.word(name, word);
  if (word === "unknown") json.number("error_code", code);
}

function writeEnd(json: JsonText, name: string, end: TupleEnd, connectionId?: string): void {
  const family = end.hostname.includes(":") ? "v6" : "v4";
  json.open(name).text(`ip_${family}`, end.hostname).number(`port_${family}`, end.port);
  if (connectionId !== undefined) {
    json.openList("connection_ids").wordItem(connectionId).closeList();
  }
  json.close();
}

function writeHeader(json: JsonText, header: LoggedHeader): void {
  json.open("header").word("packet_type", packetTypeWord(header.type));
  if (header.number >= 0) json.number("packet_number", header.number);
  if (header.pathId >= 0) json.number("path_id", header.pathId);
  if (header.keyPhase >= 0) json.flag("key_phase_bit", header.keyPhase === 1);
  if (header.version !== 0) json.word("version", versionWord(header.version));
  const { destinationId, sourceId, tokenLength } = header;
  if (destinationId !== undefined) {
    json.number("dcil", destinationId.length / 2).word("dcid", destinationId);
  }
  if (sourceId !== undefined) json.number("scil", sourceId.length / 2).word("scid", sourceId);
  if (tokenLength > 0) json.open("token").open("raw").number("length", tokenLength).close().close();
  json.close();
}

function closeTrigger({ by, application, code }: LoggedClose): string {
  if (by === "timeout") return "idle_timeout";
  if (by === "reset") return "stateless_reset";
  if (application) return "application";
  // 0x11 of RFC 9368.
  if (code === 0x11) return "version_mismatch";
  return code === 0 ? "unspecified" : "error";
}
