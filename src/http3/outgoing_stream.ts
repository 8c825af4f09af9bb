import { concatBytes } from "../bytes/bytes.ts";
import { StreamError } from "../error/quic_error.ts";
import { varints } from "./frame.ts";
import type { H3Log } from "./h3_log.ts";
import type { LoggedFrame } from "./logged_frame.ts";
import type { H3Transport } from "./transport.ts";

/** A critical stream of ours; it is opened when there is something to say. */
export class OutgoingStream {
  readonly #transport: H3Transport;
  readonly #type: number;
  readonly #onBroken: (error: StreamError) => void;
  readonly #log: H3Log | undefined;
  #id = -1;
  #opening: Promise<WritableStreamDefaultWriter<Uint8Array>> | undefined;
  #isOpen = false;

  /** @param onBroken Called if the peer refuses the stream. */
  constructor(
    transport: H3Transport,
    type: number,
    onBroken: (error: StreamError) => void,
    log: H3Log | undefined,
  ) {
    this.#transport = transport;
    this.#type = type;
    this.#onBroken = onBroken;
    this.#log = log;
  }

  /**
   * Sends `data` behind what was sent before; never rejects.
   *
   * @param logged What the data are, for the log if there is one.
   */
  async send(data: Uint8Array, logged?: LoggedFrame): Promise<void> {
    try {
      const writer = await (this.#opening ??= this.#open());
      const isFirst = !this.#isOpen;
      this.#isOpen = true;
      if (logged) this.#log?.frameCreated(this.#id, logged);
      await writer.write(isFirst ? concatBytes(varints(this.#type), data) : data);
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    // Otherwise the connection has ended, and others will tell.
    if (error instanceof StreamError) this.#onBroken(error);
  }

  async #open(): Promise<WritableStreamDefaultWriter<Uint8Array>> {
    const stream = await this.#transport.createUnidirectionalStream({
      waitUntilAvailable: true,
      sendOrder: CRITICAL_ORDER,
      urgency: CRITICAL_URGENCY,
    });
    this.#id = Number(stream.id);
    this.#log?.streamTypeSet("local", this.#id, this.#type);
    const writer = stream.getWriter();
    writer.closed.catch((error) => this.#report(error));
    return writer;
  }
}

/** Before all requests: they may wait for what these streams say. */
const CRITICAL_ORDER = 1000;
/** More urgent than the most urgent request. */
const CRITICAL_URGENCY = -1;
