// Changes of state in qlog traces, found by comparison at the doors.

import { type ConnectionState, EventName, type KeyType } from "../../qlog/events.ts";
import type { Qlog } from "../../qlog/qlog.ts";
import { CloseStage, type Closing } from "../closing.ts";
import type { Handshake } from "../handshake/handshake.ts";
import { writeParameters, writeRemembered } from "./parameter_log.ts";
import type { Peer } from "../parameters/peer.ts";

/** What the log follows of a connection as a whole. */
export interface LoggedParts {
  readonly handshake: Handshake;
  readonly peer: Peer;
  readonly closing: Closing;
}

/** Notes what changed in the handshake, the keys and the end, by looking at them now and again. */
export class StateLog {
  readonly #qlog: Qlog;
  readonly #parts: LoggedParts;
  readonly #keys: { readonly type: KeyType; readonly read: () => unknown; seen: unknown }[];
  #version = -1;
  #generation = 0;
  #hasAnnounced = false;
  #knowsPeer = false;
  #state: ConnectionState | undefined;
  #isEnded = false;

  constructor(qlog: Qlog, parts: LoggedParts) {
    this.#qlog = qlog;
    this.#parts = parts;
    const { keys, role: ours } = parts.handshake;
    const theirs = ours === "client" ? "server" : "client";
    const entry = (type: KeyType, read: () => unknown) => ({ type, read, seen: undefined });
    this.#keys = [
      entry(`${ours}_initial_secret`, () => keys.initial.write),
      entry(`${theirs}_initial_secret`, () => keys.initial.read),
      entry(`${ours}_0rtt_secret`, () => keys.zeroRtt.write),
      entry(`${theirs}_0rtt_secret`, () => keys.zeroRtt.read),
      entry(`${ours}_handshake_secret`, () => keys.handshake.write),
      entry(`${theirs}_handshake_secret`, () => keys.handshake.read),
      entry(`${ours}_1rtt_secret`, () => keys.oneRtt),
      entry(`${theirs}_1rtt_secret`, () => keys.readable ? keys.oneRtt : undefined),
    ];
  }

  /** Writes what is new. */
  follow(now: number, isReceiving: boolean): void {
    const { handshake, peer } = this.#parts;
    const { keys } = handshake;
    this.#followParameters(now);
    if (keys.version !== this.#version) this.#onVersion(now);
    for (const key of this.#keys) {
      const value = key.read();
      if (value !== key.seen) this.#onKey(key.type, key.seen, value, now);
      key.seen = value;
    }
    const generation = keys.oneRtt?.generation ?? 0;
    if (generation !== this.#generation) this.#onGeneration(generation, isReceiving, now);
    if (peer.known && !this.#knowsPeer) {
      this.#knowsPeer = true;
      writeParameters(this.#qlog.beginParameters(now, false), peer.parameters);
      this.#qlog.end();
    }
    if (keys.handshake.write !== undefined) this.#reach("handshake_started", now);
    if (handshake.complete) this.#reach("handshake_complete", now);
    if (handshake.confirmed) this.#reach("handshake_confirmed", now);
    if (!this.#parts.closing.open) this.#onClosing(now);
  }

  /** What this end announces, and what a client remembers of the server for 0-RTT data. */
  #followParameters(now: number): void {
    const { announced, remembered } = this.#parts.handshake;
    if (announced !== undefined && !this.#hasAnnounced) {
      this.#hasAnnounced = true;
      writeParameters(this.#qlog.beginParameters(now, true), announced);
      this.#qlog.end();
      if (remembered === undefined) return;
      writeRemembered(this.#qlog.begin(now, EventName.ParametersRestored), remembered);
      this.#qlog.end();
    }
  }

  #onVersion(now: number): void {
    const { keys, role, versions } = this.#parts.handshake;
    this.#version = keys.version;
    this.#qlog.versions(now, role === "client", versions.available, keys.version);
    if (this.#state === undefined) this.#reach("attempted", now);
  }

  #onKey(type: KeyType, old: unknown, value: unknown, now: number): void {
    if (old !== undefined && value === undefined) return this.#qlog.keyDiscarded(now, type);
    this.#qlog.keyUpdated(now, type, "tls", type.includes("1rtt") ? 0 : -1);
  }

  #onGeneration(generation: number, isReceiving: boolean, now: number): void {
    this.#generation = generation;
    const trigger = isReceiving ? "remote_update" : "local_update";
    this.#qlog.keyUpdated(now, "client_1rtt_secret", trigger, generation);
    this.#qlog.keyUpdated(now, "server_1rtt_secret", trigger, generation);
  }

  /** States come in a fixed order; none is told twice. */
  #reach(state: ConnectionState, now: number): void {
    const old = this.#state;
    if (old !== undefined && order.indexOf(old) >= order.indexOf(state)) return;
    this.#state = state;
    this.#qlog.connectionState(now, old, state);
    if (state !== "handshake_complete") return;
    const { keys, tls: { alpn } } = this.#parts.handshake;
    if (alpn !== undefined) this.#qlog.alpn(now, alpn);
    const cipher = keys.oneRtt?.suite.name;
    if (cipher === undefined) return;
    this.#qlog.beginParameters(now, true).word("tls_cipher", cipher);
    this.#qlog.end();
  }

  #onClosing(now: number): void {
    const { closing } = this.#parts;
    if (!this.#isEnded && closing.reason !== undefined) {
      this.#isEnded = true;
      if (closing.reason.by === "timeout") this.#qlog.timer(now, "", "idle_timeout", "expired");
      this.#qlog.connectionClosed(now, closing.reason);
    }
    const state = closing.stage === CloseStage.Closing
      ? "closing"
      : closing.stage === CloseStage.Draining
      ? "draining"
      : "closed";
    this.#reach(state, now);
  }
}

const order: readonly ConnectionState[] = [
  "attempted",
  "handshake_started",
  "handshake_complete",
  "handshake_confirmed",
  "closing",
  "draining",
  "closed",
];
