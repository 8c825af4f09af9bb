// What both roles of a TLS handshake share.

import { NO_BYTES, toHex } from "../bytes/bytes.ts";
import { suiteParameters } from "../crypto/cipher_suite.ts";
import type { HashName } from "../crypto/hash_function.ts";
import { Level } from "../crypto/level.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { Alert, alertError, asTransportError } from "./code/alert.ts";
import { messageName } from "./code/code_point.ts";
import { exportSecret, type KeySchedule } from "./key/key_schedule.ts";
import { MAX_LATE_TLS_MESSAGE, MAX_TLS_MESSAGE } from "../limits/limits.ts";
import { MessageBuffer } from "./message/message_buffer.ts";
import type { Tls, TlsContext } from "./tls.ts";
import { Transcript } from "./key/transcript.ts";

/** What both roles share: messages in, messages and secrets out. */
export abstract class Handshake implements Tls {
  alpn: string | undefined;
  serverName: string | undefined;
  suite = 0;
  group = 0;
  isComplete = false;
  isResumed = false;
  isEarlyDataAccepted: boolean | undefined;
  peerCertificates: readonly Uint8Array[] = [];

  protected readonly context: TlsContext;
  protected readonly transcript: Transcript = new Transcript();
  protected schedule: KeySchedule | undefined;
  /** The random value of the ClientHello: names the connection in key logs. */
  protected clientRandom: Uint8Array = NO_BYTES;
  readonly #keyLog: ((line: string) => void) | undefined;
  readonly #buffer = new MessageBuffer();
  #readLevel: Level = Level.Initial;
  #exporterSecret: Uint8Array | undefined;
  #failure: TransportError | undefined;

  constructor(context: TlsContext, keyLog: ((line: string) => void) | undefined) {
    this.context = context;
    this.#keyLog = keyLog;
  }

  abstract start(now: number): void;

  /** Acts on one whole message. */
  protected abstract onMessage(type: number, message: Uint8Array, now: number): void;

  receive(level: Level, data: Uint8Array, now: number): void {
    if (this.#failure) throw this.#failure;
    try {
      this.#take(level, data, now);
    } catch (error) {
      this.#failure = asTransportError(error, "a handshake message");
      throw this.#failure;
    }
  }

  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Uint8Array {
    if (!this.#exporterSecret || !this.isComplete) {
      throw new TypeError("Cannot export keying material: the handshake is not complete");
    }
    return exportSecret(this.hash, this.#exporterSecret, label, context, length);
  }

  /** The hash of the chosen suite. */
  protected get hash(): HashName {
    return suiteParameters(this.suite).hash;
  }

  /** Hands our own messages to the connection; they are in the transcript already. */
  protected send(level: Level, data: Uint8Array<ArrayBuffer>): void {
    this.context.sink.onHandshakeData(level, data);
  }

  /** From here on messages come at `level`; nothing may be left over from the one before. */
  protected enter(level: Level): void {
    this.#readLevel = level;
  }

  /** A secret bound to the messages so far, written to the key log. */
  protected deriveLogged(label: string, logLabel: string, digest: Uint8Array): Uint8Array {
    const secret = this.schedule!.derive(label, digest);
    this.log(logLabel, secret);
    return secret;
  }

  /** Derives what both sides need once the server's Finished is in the transcript. */
  protected deriveApplicationSecrets(): { client: Uint8Array; server: Uint8Array } {
    this.schedule!.enterMaster();
    const digest = this.transcript.digest();
    const client = this.deriveLogged("c ap traffic", "CLIENT_TRAFFIC_SECRET_0", digest);
    const server = this.deriveLogged("s ap traffic", "SERVER_TRAFFIC_SECRET_0", digest);
    this.#exporterSecret = this.deriveLogged("exp master", "EXPORTER_SECRET", digest);
    return { client, server };
  }

  /** Checks the peer's Finished message, whose secret is `baseKey`. */
  protected checkFinished(message: Uint8Array, baseKey: Uint8Array): void {
    if (this.schedule!.isFinishedData(message.subarray(4), baseKey, this.transcript.digest())) {
      return;
    }
    throw alertError(
      Alert.DecryptError,
      "Cannot believe the peer: its Finished message does not fit the handshake",
    );
  }

  protected log(label: string, secret: Uint8Array): void {
    try {
      this.#keyLog?.(`${label} ${toHex(this.clientRandom)} ${toHex(secret)}`);
    } catch {
      // A full disk, say: a log is no reason for a handshake to fail.
    }
  }

  /** Lets go of what the handshake alone has needed: a connection lasts longer. */
  protected forget(): void {
    this.transcript.end();
    this.schedule = undefined;
    this.clientRandom = NO_BYTES;
  }

  /** The error for a message that has no business here. */
  protected unexpected(type: number): TransportError {
    return alertError(Alert.UnexpectedMessage, `Cannot accept ${messageName(type)} now`);
  }

  #take(level: Level, data: Uint8Array, now: number): void {
    this.#checkLevel(level);
    this.#buffer.append(data);
    const limit = this.isComplete ? MAX_LATE_TLS_MESSAGE : MAX_TLS_MESSAGE;
    for (;;) {
      const message = this.#buffer.next(limit);
      if (!message) return this.#buffer.rest();
      this.onMessage(message[0]!, message, now);
      if (level === this.#readLevel) continue;
      // RFC 9846, Section 5.1: no message may lie across a change of keys.
      if (!this.#buffer.isEmpty) throw this.unexpected(this.#buffer.firstByte);
      return this.#buffer.rest();
    }
  }

  #checkLevel(level: Level): void {
    if (level === this.#readLevel) return;
    if (level > this.#readLevel) {
      throw alertError(Alert.UnexpectedMessage, "Cannot accept handshake data: its level is ahead");
    }
    // RFC 9001, Section 4.1.3: a level that is through carries nothing new.
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      "Cannot accept handshake data: its level is behind",
    );
  }
}
