import type { AckHandler } from "./ack.ts";
import type { AckFrequencyHandler } from "./ack_frequency.ts";
import type { AddressHandler } from "./address.ts";
import type { CloseHandler } from "./close.ts";
import type { ConnectionIdHandler } from "./connection_id.ts";
import type { CryptoHandler } from "./crypto.ts";
import type { DatagramHandler } from "./datagram.ts";
import type { FlowControlHandler } from "./flow_control.ts";
import type { MultipathHandler } from "./multipath.ts";
import type { PathValidationHandler } from "./path_validation.ts";
import type { PingHandler } from "./ping.ts";
import type { StreamHandler } from "./stream.ts";
import type { StreamControlHandler } from "./stream_control.ts";

/**
 * Hears of every frame of a packet, in order. Byte arrays are views into the packet, and an
 * `AckFrame` is filled again: both are good only during the call.
 *
 * Numbers that a peer may legally choose above 2^53 - 1 (limits, codes, sequence numbers of
 * status) arrive as 2^53 - 1; see `Reader.varintClamped`.
 */
export interface FrameHandler
  extends
    PingHandler,
    AckHandler,
    StreamControlHandler,
    CryptoHandler,
    StreamHandler,
    FlowControlHandler,
    ConnectionIdHandler,
    PathValidationHandler,
    CloseHandler,
    AckFrequencyHandler,
    DatagramHandler,
    MultipathHandler,
    AddressHandler {}
