import type { Reader } from "../bytes/reader.ts";
import { ReadError } from "../bytes/reader.ts";
import { varintSize } from "../bytes/varint.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { readAck } from "./ack.ts";
import { AckFrame } from "./ack_frame.ts";
import { readAckFrequency } from "./ack_frequency.ts";
import { readAddressFrame } from "./address.ts";
import { readClose } from "./close.ts";
import { readNewConnectionId, readRetireConnectionId } from "./connection_id.ts";
import { readCrypto, readNewToken } from "./crypto.ts";
import { readDatagram } from "./datagram.ts";
import { readFlowControl } from "./flow_control.ts";
import type { FrameHandler } from "./frame_handler.ts";
import type { FrameExtensions } from "./frame_type.ts";
import { frameName, FrameTrait, frameTraits, FrameType } from "./frame_type.ts";
import { readMultipath } from "./multipath.ts";
import { readPathId } from "./path_id.ts";
import { skipPadding } from "./ping.ts";
import { readStream } from "./stream.ts";
import { readResetStream, readResetStreamAt, readStopSending } from "./stream_control.ts";

/** What `readFrames` found in a packet, as bits. */
export const PacketContent = {
  /** It must be acknowledged. */
  Eliciting: 1,
  /** It has a frame that is not for probing, so it may move the connection to a new address. */
  NonProbing: 2,
} as const;

/** The one ACK at a time; packets are read one behind the other. */
const ack = new AckFrame();

/**
 * Reads the frames of a packet and calls `handler` for each.
 *
 * @param reader Aimed at the decrypted payload.
 * @param packetType The `PacketType` that carried it.
 * @param extensions What was agreed on.
 * @returns Bits of `PacketContent`.
 * @throws {TransportError} If a frame is malformed, unknown, or not allowed here.
 */
export function readFrames(
  reader: Reader,
  packetType: number,
  extensions: FrameExtensions,
  handler: FrameHandler,
): number {
  // RFC 9000, Section 12.4: a packet without frames is a violation.
  if (reader.remaining === 0) {
    throw new TransportError(ErrorCode.ProtocolViolation, "Cannot accept a packet without frames");
  }
  let type = 0;
  let content = 0;
  try {
    while (reader.remaining > 0) {
      type = readType(reader);
      const traits = checkedTraits(type, packetType, extensions);
      if ((traits & FrameTrait.Eliciting) !== 0) content |= PacketContent.Eliciting;
      if ((traits & FrameTrait.Probing) === 0) content |= PacketContent.NonProbing;
      readFrame(reader, type, handler);
    }
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    throw new TransportError(
      ErrorCode.FrameEncodingError,
      `Cannot read ${frameName(type)}: the packet ends early or a number is too large`,
      { cause: error },
    );
  }
  return content;
}

function readType(reader: Reader): number {
  const start = reader.offset;
  const type = reader.varintClamped();
  // RFC 9000, Section 12.4: types have one encoding each, the shortest.
  if (reader.offset - start !== varintSize(type)) {
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      `Cannot accept ${frameName(type)}: its type is not encoded in the fewest bytes`,
    );
  }
  return type;
}

function checkedTraits(type: number, packetType: number, extensions: FrameExtensions): number {
  const traits = frameTraits(type);
  if (traits === 0) {
    throw new TransportError(
      ErrorCode.FrameEncodingError,
      `Cannot accept unknown ${frameName(type)}`,
    );
  }
  // RFC 9000, Section 17.2.4 for Handshake packets, and so for each type. MPQUIC, Section 4: also
  // before anything is agreed on.
  if ((traits & (1 << packetType)) === 0) {
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      `Cannot accept ${frameName(type)} in this type of packet`,
    );
  }
  if (type > FrameType.HandshakeDone) checkNegotiated(type, extensions);
  return traits;
}

function checkNegotiated(type: number, extensions: FrameExtensions): void {
  if (isNegotiated(type, extensions)) return;
  // RFC 9221, Section 3 and address discovery, Section 4.1 ask for a violation; to all others,
  // a frame of an extension that is not in use is an unknown frame.
  const isViolation = type === FrameType.Datagram || type === FrameType.DatagramWithLength ||
    type === FrameType.ObservedAddressV4 || type === FrameType.ObservedAddressV6;
  throw new TransportError(
    isViolation ? ErrorCode.ProtocolViolation : ErrorCode.FrameEncodingError,
    `Cannot accept ${frameName(type)}: its extension was not negotiated`,
  );
}

/**
 * RFC 9000, Section 19.21: extensions are for those who have agreed on them. MPQUIC, Section 2: so
 * are all frames of several paths.
 */
function isNegotiated(type: number, extensions: FrameExtensions): boolean {
  switch (type) {
    case FrameType.Datagram:
    case FrameType.DatagramWithLength:
      return extensions.datagram;
    case FrameType.ImmediateAck:
    case FrameType.AckFrequency:
      return extensions.ackFrequency;
    case FrameType.ResetStreamAt:
      return extensions.resetStreamAt;
    case FrameType.ObservedAddressV4:
    case FrameType.ObservedAddressV6:
      return extensions.observedAddress;
    case FrameType.AlternativeAddressV4:
    case FrameType.AlternativeAddressV6:
      return extensions.alternativeAddress;
    case FrameType.AddAddressV4:
    case FrameType.AddAddressV6:
    case FrameType.ReachOutV4:
    case FrameType.ReachOutV6:
    case FrameType.RemoveAddress:
      return extensions.addAddress;
  }
  return extensions.multipath;
}

/** Reads a frame that is known and allowed: the everyday ones first, then by family. */
function readFrame(reader: Reader, type: number, handler: FrameHandler): void {
  if (type >= FrameType.Stream && type < FrameType.MaxData) {
    return readStream(reader, type, handler);
  }
  if (type >= FrameType.MaxData && type < FrameType.NewConnectionId) {
    return readFlowControl(reader, type, handler);
  }
  switch (type) {
    case FrameType.Padding:
      return skipPadding(reader);
    case FrameType.Ping:
      return handler.onPing();
    case FrameType.Ack:
    case FrameType.AckEcn:
      readAck(reader, type === FrameType.AckEcn, ack);
      return handler.onAck(ack);
    case FrameType.ResetStream:
      return readResetStream(reader, handler);
    case FrameType.StopSending:
      return readStopSending(reader, handler);
    case FrameType.Crypto:
      return readCrypto(reader, handler);
    case FrameType.NewToken:
      return readNewToken(reader, handler);
  }
  return type <= FrameType.HandshakeDone
    ? readConnectionFrame(reader, type, handler)
    : readExtensionFrame(reader, type, handler);
}

function readConnectionFrame(reader: Reader, type: number, handler: FrameHandler): void {
  switch (type) {
    case FrameType.NewConnectionId:
      return readNewConnectionId(reader, handler);
    case FrameType.RetireConnectionId:
      return readRetireConnectionId(reader, handler);
    case FrameType.PathChallenge:
      return handler.onPathChallenge(reader.take(8));
    case FrameType.PathResponse:
      return handler.onPathResponse(reader.take(8));
    case FrameType.ConnectionClose:
    case FrameType.ApplicationClose:
      return readClose(reader, type, handler);
    case FrameType.HandshakeDone:
      return handler.onHandshakeDone();
  }
}

function readExtensionFrame(reader: Reader, type: number, handler: FrameHandler): void {
  switch (type) {
    case FrameType.ImmediateAck:
      return handler.onImmediateAck();
    case FrameType.ResetStreamAt:
      return readResetStreamAt(reader, handler);
    case FrameType.Datagram:
    case FrameType.DatagramWithLength:
      return readDatagram(reader, type, handler);
    case FrameType.PathAck:
    case FrameType.PathAckEcn: {
      const pathId = readPathId(reader);
      readAck(reader, type === FrameType.PathAckEcn, ack);
      return handler.onPathAck(pathId, ack);
    }
    case FrameType.AckFrequency:
      return readAckFrequency(reader, handler);
  }
  return type <= FrameType.PathCidsBlocked
    ? readMultipath(reader, type, handler)
    : readAddressFrame(reader, type, handler);
}
