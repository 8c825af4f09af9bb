// The options of a stream set.

import type { Role } from "../error/role.ts";
import type { StreamOrder } from "../scheduler/stream_order.ts";
import type { BufferMemory } from "./buffer_memory.ts";
import type { CreditOptions } from "./connection_credit.ts";

/** Options of a stream set; our limits are announced as transport parameters. */
export interface StreamSetOptions extends CreditOptions {
  /** Which end we are. */
  readonly role: Role;
  /** Bytes of one stream that may be unread, at first. */
  readonly streamWindow: number;
  /** Upper bound when the window of a stream grows by itself. */
  readonly maxStreamWindow: number;
  /**
   * Which stream goes first.
   *
   * @default {roundRobinOrder}
   */
  readonly order?: StreamOrder;
  /** Where all buffers of the connection are counted; that of the streams alone if left out. */
  readonly memory?: BufferMemory;
}
