// Changes of state in qlog traces, found by comparison at the doors.

import type { Role } from "../../error/role.ts";
import type { ConnectionState, KeyType } from "../../qlog/events.ts";
import type { Qlog } from "../../qlog/qlog.ts";
import { CloseStage, type Closing } from "../closing.ts";
import type { HandshakeDriver } from "../handshake/handshake_driver.ts";
import type { KeyRing } from "../handshake/key_ring.ts";
import { writeParameters } from "./parameter_log.ts";
import type { Peer } from "../parameters/peer.ts";
import type { Versions } from "../handshake/versions.ts";

/** What the log follows of a connection as a whole. */
export interface LoggedParts {
  readonly role: Role;
  readonly keys: KeyRing;
  readonly versions: Versions;
  readonly handshake: HandshakeDriver;
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
  #knowsPeer = false;
  #state: ConnectionState | undefined;
  #isEnded = false;

  constructor(qlog: Qlog, parts: LoggedParts) {
    this.#qlog = qlog;
    this.#parts = parts;
    const { keys, role: ours } = parts;
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
    const { handshake, keys, peer } = this.#parts;
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

  #onVersion(now: number): void {
    const { keys, role, versions } = this.#parts;
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
    const { handshake, keys } = this.#parts;
    const { alpn } = handshake.tls;
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
