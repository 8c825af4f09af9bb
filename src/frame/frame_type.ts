/**
 * Code points of frames: RFC 9000, Section 19; RFC 9221; MPQUIC, Section 4; and the extensions
 * for ACK frequency, reliable reset, observed and alternative addresses, and address lists.
 */
export const FrameType = {
  Padding: 0x00,
  Ping: 0x01,
  Ack: 0x02,
  AckEcn: 0x03,
  ResetStream: 0x04,
  StopSending: 0x05,
  Crypto: 0x06,
  NewToken: 0x07,
  /** Up to 0x0f: the low bits say whether offset, length and the end of the stream are there. */
  Stream: 0x08,
  MaxData: 0x10,
  MaxStreamData: 0x11,
  MaxStreamsBidi: 0x12,
  MaxStreamsUni: 0x13,
  DataBlocked: 0x14,
  StreamDataBlocked: 0x15,
  StreamsBlockedBidi: 0x16,
  StreamsBlockedUni: 0x17,
  NewConnectionId: 0x18,
  RetireConnectionId: 0x19,
  PathChallenge: 0x1a,
  PathResponse: 0x1b,
  ConnectionClose: 0x1c,
  ApplicationClose: 0x1d,
  HandshakeDone: 0x1e,
  ImmediateAck: 0x1f,
  ResetStreamAt: 0x24,
  Datagram: 0x30,
  DatagramWithLength: 0x31,
  PathAck: 0x3e,
  PathAckEcn: 0x3f,
  AckFrequency: 0xaf,
  PathAbandon: 0x3e75,
  PathStatusBackup: 0x3e76,
  PathStatusAvailable: 0x3e77,
  PathNewConnectionId: 0x3e78,
  PathRetireConnectionId: 0x3e79,
  MaxPathId: 0x3e7a,
  PathsBlocked: 0x3e7b,
  PathCidsBlocked: 0x3e7c,
  ObservedAddressV4: 0x9f81a6,
  ObservedAddressV6: 0x9f81a7,
  AlternativeAddressV4: 0x1d5845e2,
  AlternativeAddressV6: 0x1d5845e3,
  AddAddressV4: 0x3d7f90,
  AddAddressV6: 0x3d7f91,
  ReachOutV4: 0x3d7f92,
  ReachOutV6: 0x3d7f93,
  RemoveAddress: 0x3d7f94,
} as const;

/**
 * What a frame type allows and causes, as bits. The lowest are `1 << PacketType`: the kinds of
 * packets that may carry it (RFC 9000, Table 3).
 */
export const FrameTrait = {
  InInitial: 1 << 0,
  InZeroRtt: 1 << 1,
  InHandshake: 1 << 2,
  InOneRtt: 1 << 4,
  /** Whoever gets it owes an acknowledgement (RFC 9000, Section 13.2). */
  Eliciting: 1 << 8,
  /** It may travel on a path that is only being tried (RFC 9000, Section 9.1). */
  Probing: 1 << 9,
} as const;

/** Extensions that both ends agreed on; frames of the others are refused. */
export interface FrameExtensions {
  /** We announced max_datagram_frame_size above 0. */
  readonly datagram: boolean;
  /** Both ends sent initial_max_path_id. */
  readonly multipath: boolean;
  /** We announced min_ack_delay. */
  readonly ackFrequency: boolean;
  /** We announced reset_stream_at. */
  readonly resetStreamAt: boolean;
  /** We asked for, and the peer offered, OBSERVED_ADDRESS. */
  readonly observedAddress: boolean;
  /** We (a client) announced alternative_address. */
  readonly alternativeAddress: boolean;
  /** Both ends announced the list of addresses that ADD_ADDRESS fills. */
  readonly addAddress: boolean;
}

/** No extension at all. */
export const NO_EXTENSIONS: FrameExtensions = {
  datagram: false,
  multipath: false,
  ackFrequency: false,
  resetStreamAt: false,
  observedAddress: false,
  alternativeAddress: false,
  addAddress: false,
};

const { InInitial, InZeroRtt, InHandshake, InOneRtt, Eliciting, Probing } = FrameTrait;
const everywhere = InInitial | InZeroRtt | InHandshake | InOneRtt;
const handshake = InInitial | InHandshake | InOneRtt;
const application = InZeroRtt | InOneRtt;

/** Traits of the types below 0x40, which one byte encodes; 0 where there is no such frame. */
const shortTraits = new Uint16Array(0x40);

for (const type of [0x04, 0x05, 0x24, 0x30, 0x31]) shortTraits[type] = application | Eliciting;
for (let type = 0x08; type <= 0x19; type++) shortTraits[type] = application | Eliciting;
shortTraits[FrameType.Padding] = everywhere | Probing;
shortTraits[FrameType.Ping] = everywhere | Eliciting;
shortTraits[FrameType.Ack] = handshake;
shortTraits[FrameType.AckEcn] = handshake;
shortTraits[FrameType.Crypto] = handshake | Eliciting;
shortTraits[FrameType.NewToken] = InOneRtt | Eliciting;
shortTraits[FrameType.NewConnectionId] = application | Eliciting | Probing;
shortTraits[FrameType.PathChallenge] = application | Eliciting | Probing;
shortTraits[FrameType.PathResponse] = InOneRtt | Eliciting | Probing;
shortTraits[FrameType.ConnectionClose] = everywhere;
shortTraits[FrameType.ApplicationClose] = application;
shortTraits[FrameType.HandshakeDone] = InOneRtt | Eliciting;
shortTraits[FrameType.ImmediateAck] = InOneRtt | Eliciting;
// MPQUIC, Section 4: none of its frames may travel outside 1-RTT packets.
shortTraits[FrameType.PathAck] = InOneRtt;
shortTraits[FrameType.PathAckEcn] = InOneRtt;

/** The traits of a frame type; 0 if it is unknown. */
export function frameTraits(type: number): number {
  return type < 0x40 ? shortTraits[type]! : longTraits(type);
}

/** A name for people, with the code point. */
export function frameName(type: number): string {
  const family = type >= FrameType.Stream && type <= 0x0f ? FrameType.Stream : type;
  const name = names.get(family) ?? "frame";
  return `${name} (0x${type.toString(16)})`;
}

function longTraits(type: number): number {
  if (type >= FrameType.PathAbandon && type <= FrameType.PathCidsBlocked) {
    return InOneRtt | Eliciting;
  }
  switch (type) {
    case FrameType.ObservedAddressV4:
    case FrameType.ObservedAddressV6:
      return application | Eliciting | Probing;
    case FrameType.AckFrequency:
    case FrameType.AlternativeAddressV4:
    case FrameType.AlternativeAddressV6:
    case FrameType.AddAddressV4:
    case FrameType.AddAddressV6:
    case FrameType.ReachOutV4:
    case FrameType.ReachOutV6:
    case FrameType.RemoveAddress:
      return InOneRtt | Eliciting;
  }
  return 0;
}

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(FrameType).map(([name, type]) => [
    type,
    name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
  ]),
);
