import { Kind } from "../../src/stream/connection_credit.ts";
import type { SendHalf } from "../../src/stream/send_half.ts";
import type { End, Pair } from "./pair.ts";
import { patternBytes } from "../../src/sim/pattern.ts";

/** How the messages travel; requests are the client's, and their answers count. */
export type DripKind = "stream" | "datagram" | "request";

/** What drips. */
export interface DripOptions {
  readonly from: "client" | "server";
  /** Milliseconds between two messages. */
  readonly period: number;
  readonly kind?: DripKind;
  /** Bytes of a message, or of an answer. */
  readonly size?: number;
  /** Which streams go before others; datagrams have none. */
  readonly urgency?: number;
}

/** Something that left, and when. */
interface Message {
  readonly sentAt: number;
  /** On a stream: the bytes that have arrived when it has. */
  readonly end: number;
}

/**
 * Small messages that leave one after the other, as of a game, of voice or of a sensor, and how late
 * they arrive.
 */
export class Drip {
  readonly #pair: Pair;
  readonly #options: Required<DripOptions>;
  readonly #from: End;
  readonly #to: End;
  /** What has not arrived. */
  readonly #underWay: Message[] = [];
  /** Datagrams that left, by number. */
  readonly #datagrams: (Message | undefined)[] = [];
  readonly #send: () => void;
  #stream: SendHalf | undefined;
  /** Messages that have arrived, datagrams apart. */
  arrived = 0;
  #runs = false;
  #next = 0;
  #written = 0;
  #longest = 0;

  constructor(pair: Pair, options: DripOptions) {
    this.#pair = pair;
    this.#options = { kind: "stream", size: 60, urgency: 3, ...options };
    const isClient = options.from === "client";
    this.#from = isClient ? pair.client : pair.server;
    this.#to = isClient ? pair.server : pair.client;
    this.#send = this.#sender();
  }

  /** Begins, or goes on. */
  start(): void {
    if (this.#runs) return;
    this.#runs = true;
    this.#next = Math.max(this.#next, this.#pair.now);
    this.#plan();
  }

  stop(): void {
    this.#runs = false;
  }

  /** Stops for good, and ends its stream. */
  finish(): void {
    this.stop();
    this.#stream?.finish();
  }

  get from(): "client" | "server" {
    return this.#options.from;
  }

  get kind(): DripKind {
    return this.#options.kind;
  }

  /** Bytes on its stream so far. */
  get written(): number {
    return this.#written;
  }

  /** Whether it has stopped and everything has arrived, datagrams apart. */
  get isDone(): boolean {
    return !this.#runs && this.#underWay.length === 0;
  }

  /** Only what arrives later, or has not yet, counts from now on. */
  restart(): void {
    this.#longest = 0;
    this.#datagrams.fill(undefined);
  }

  /**
   * The longest delay in milliseconds, of what has not arrived as well. A datagram that is lost
   * arrives never: of those it is the longest time in which all that left were lost.
   */
  get longest(): number {
    if (this.#options.kind === "datagram") return Math.max(this.#longest, this.#longestLoss);
    const { now } = this.#pair;
    const oldest = this.#underWay[0];
    return oldest === undefined ? this.#longest : Math.max(this.#longest, now - oldest.sentAt);
  }

  get #longestLoss(): number {
    let longest = 0;
    let first: Message | undefined;
    for (const message of this.#datagrams) {
      first = message && (first ?? message);
      if (message !== undefined) longest = Math.max(longest, message.sentAt - first!.sentAt);
    }
    return longest;
  }

  /** For how long the oldest message is under way that has not arrived; 0 if all have. */
  get waiting(): number {
    const oldest = this.#underWay[0];
    return oldest === undefined ? 0 : this.#pair.now - oldest.sentAt;
  }

  #plan(): void {
    this.#pair.at(this.#next, () => {
      if (!this.#runs) return;
      if (this.#from.connection.closing.open) this.#send();
      this.#next += this.#options.period;
      this.#plan();
    });
  }

  #sender(): () => void {
    const { kind } = this.#options;
    if (kind === "request") return () => this.#request();
    if (kind === "datagram") {
      this.#listen(() => this.#onDatagrams());
      return () => this.#sendDatagram();
    }
    const { id, send } = this.#from.connection.streams.open(Kind.Unidirectional)!;
    send!.urgency = this.#options.urgency;
    this.#stream = send!;
    this.#listen(() => this.#onBytes(id));
    return () => {
      send!.write(patternBytes(id, this.#written, this.#options.size));
      this.#written += this.#options.size;
      this.#underWay.push({ sentAt: this.#pair.now, end: this.#written });
    };
  }

  #request(): void {
    const message = { sentAt: this.#pair.now, end: 0 };
    this.#underWay.push(message);
    const { size, urgency } = this.#options;
    const onDone = () => this.#onArrived(message);
    this.#pair.client.app.download(size, { onDone, urgency });
  }

  #sendDatagram(): void {
    const data = new Uint8Array(Math.max(this.#options.size, 4));
    new DataView(data.buffer).setUint32(0, this.#datagrams.length);
    this.#datagrams.push({ sentAt: this.#pair.now, end: 0 });
    this.#from.connection.datagrams.send(data);
  }

  #listen(onEvent: () => void): void {
    const before = this.#to.onEvent;
    this.#to.onEvent = (event) => {
      before(event);
      onEvent();
    };
  }

  #onBytes(id: number): void {
    const received = this.#to.app.uploads.get(id)?.received ?? 0;
    while (this.#underWay[0] !== undefined && this.#underWay[0].end <= received) {
      this.#onArrived(this.#underWay[0]);
    }
  }

  #onArrived(message: Message): void {
    this.arrived++;
    this.#underWay.splice(this.#underWay.indexOf(message), 1);
    this.#longest = Math.max(this.#longest, this.#pair.now - message.sentAt);
  }

  #onDatagrams(): void {
    const { datagrams } = this.#to.connection;
    for (let data; (data = datagrams.receive()) !== undefined;) {
      const number = new DataView(data.buffer, data.byteOffset).getUint32(0);
      const message = this.#datagrams[number];
      if (message === undefined) continue;
      this.#datagrams[number] = undefined;
      this.#longest = Math.max(this.#longest, this.#pair.now - message.sentAt);
    }
  }
}
