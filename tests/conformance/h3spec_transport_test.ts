import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { CRYPTO, HANDSHAKE_DONE, NEW_TOKEN } from "../../src/frame/crypto.ts";
import {
  MAX_STREAM_DATA,
  MAX_STREAMS_BIDI,
  MAX_STREAMS_UNI,
  STREAMS_BLOCKED_BIDI,
} from "../../src/frame/flow_control.ts";
import { PATH_CHALLENGE } from "../../src/frame/path_validation.ts";
import { PING } from "../../src/frame/ping.ts";
import { STREAM } from "../../src/frame/stream.ts";
import { RESET_STREAM, STOP_SENDING } from "../../src/frame/stream_control.ts";
import type { PacketTap } from "../../src/packet/packet_builder.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { parameterId } from "../../src/connection/parameters/parameter_table.ts";
import { Alert } from "../../src/tls/code/alert.ts";
import { ExtensionType, messageName, MessageType } from "../../src/tls/code/code_point.ts";
import { Attacker, frame, type Frames, idOf, newId } from "../connection/attacker.ts";
import { firstVisit, visitAgain } from "../sim/early_data.ts";
import { Pair, type PairOptions } from "../sim/pair.ts";
import { handshakeMessage, type Rewrite, rewriteExtension } from "./twisted_tls.ts";
import { withParameter, withTwistedTls } from "./twisted_tls.ts";

// The cases of h3spec that concern QUIC and TLS, with its numbers, in both directions: first as a
// client that attacks our server, then, as far as there is a counterpart, as a server that attacks
// our client.

type Side = "client" | "server";

/** What h3spec is: an end that knows nothing of multiple paths. */
const plain: PairOptions = {
  clientConfig: { maxConcurrentPaths: 1 },
  serverConfig: { maxConcurrentPaths: 1 },
};
/** 2^60 + 1, which no `number` can hold. */
const TOO_MANY_STREAMS = numbers(0xd0, 0, 0, 0, 0, 0, 0, 1);
const OFFSET_AND_LENGTH = STREAM | 0x06;

/** An attacker whose handshake is over. */
function connected(side: Side, options: PairOptions = plain): Attacker {
  const pair = new Pair(options).connect();
  pair.run({ until: pair.now + 300 });
  return new Attacker(pair, side);
}

/** An attacker whose handshake messages are rewritten; runs until an end has closed. */
function handshaking(side: Side, rewrite: Rewrite, options: PairOptions = plain): Attacker {
  const pair = new Pair(options);
  const isOver = () =>
    [pair.client, pair.server].some((end) => end.isConnected && !end.connection.closing.open);
  withTwistedTls(side, rewrite, () => {
    pair.start();
    pair.run({ until: pair.now + 2_000, when: isOver });
  });
  return new Attacker(pair, side);
}

/** The victim must have closed with this code, and its peer must have been told. */
function expectClose(a: Attacker, code: number, what: string): void {
  a.expectClose(code, what);
  a.wait(2_000);
  const { reason } = a.own.connection.closing;
  assert.equal(reason?.by, "peer", `${what}: the attacker hears of it`);
  assert.equal(reason?.code, code, `${what}: the attacker hears of it`);
}

function numbers(...values: number[]): Uint8Array {
  return new Uint8Array(values);
}

const none = numbers();

// Transport parameters

type Parameter = readonly [what: string, id: number, value?: Uint8Array];

function parameter(side: Side, id: number, value?: Uint8Array): Attacker {
  const type = ExtensionType.QuicTransportParameters;
  return handshaking(
    side,
    rewriteExtension(type, (body) => [type, withParameter(body, id, value)]),
  );
}

const preferredAddress = new Uint8Array(4 + 2 + 16 + 2 + 1 + 8 + 16).fill(8);

const badOfAnybody: readonly Parameter[] = [
  ["8: max_udp_payload_size 1090", parameterId("maxUdpPayloadSize"), numbers(0x44, 0x42)],
  ["9: ack_delay_exponent 30", parameterId("ackDelayExponent"), numbers(30)],
  ["10: max_ack_delay 2^15", parameterId("maxAckDelay"), numbers(0x80, 0, 0x80, 0)],
  ["3: no initial_source_connection_id", parameterId("initialSourceId")],
];

const badOfClients: readonly Parameter[] = [
  ["4: original_destination_connection_id", parameterId("originalDestinationId"), idOf(1)],
  ["5: preferred_address", parameterId("preferredAddress"), preferredAddress],
  ["6: retry_source_connection_id", parameterId("retrySourceId"), idOf(1)],
  ["7: stateless_reset_token", parameterId("statelessResetToken"), new Uint8Array(16)],
];

const badOfServers: readonly Parameter[] = [
  ["no original_destination_connection_id", parameterId("originalDestinationId")],
  ["another original_destination_connection_id", parameterId("originalDestinationId"), idOf(1)],
  ["another initial_source_connection_id", parameterId("initialSourceId"), idOf(1)],
  ["retry_source_connection_id without a Retry", parameterId("retrySourceId"), idOf(1)],
  ["a stateless_reset_token of 15 bytes", parameterId("statelessResetToken"), new Uint8Array(15)],
  ["preferred_address without an ID", parameterId("preferredAddress"), new Uint8Array(41)],
  ["active_connection_id_limit 1", parameterId("activeConnectionIdLimit"), numbers(1)],
  ["initial_max_streams_bidi over 2^60", parameterId("initialMaxStreamsBidi"), TOO_MANY_STREAMS],
];

for (const [what, id, value] of [...badOfAnybody, ...badOfClients]) {
  Deno.test(`h3spec on a server, ${what}`, () => {
    expectClose(parameter("client", id, value), ErrorCode.TransportParameterError, what);
  });
}

for (const [what, id, value] of [...badOfAnybody, ...badOfServers]) {
  Deno.test(`h3spec on a client, ${what}`, () => {
    expectClose(parameter("server", id, value), ErrorCode.TransportParameterError, what);
  });
}

// Frames in 1-RTT packets

type FrameCase = readonly [what: string, frames: Frames, code: number];

/** Cases for one victim; `own` is added to the IDs of streams the attacker may open. */
function frameCases(own: 0 | 1): FrameCase[] {
  const theirs = 1 - own;
  return [
    [
      "1: STREAM at offset 100 000 000",
      frame(OFFSET_AND_LENGTH, own, 100_000_000, 1, numbers(0)),
      ErrorCode.FlowControlError,
    ],
    [
      "2: STREAM of stream 1 000 000 000",
      frame(OFFSET_AND_LENGTH, 1_000_000_000 + own, 0, 1, numbers(0)),
      ErrorCode.StreamLimitError,
    ],
    ["11: unknown frame type 0x20", frame(0x20), ErrorCode.FrameEncodingError],
    [
      "16: RESET_STREAM of the victim's stream one way",
      frame(RESET_STREAM, 2 + theirs, 0, 0),
      ErrorCode.StreamStateError,
    ],
    [
      "17: STOP_SENDING of stream 100 or 101 that nobody opened",
      frame(STOP_SENDING, 100 + theirs, 0),
      ErrorCode.StreamStateError,
    ],
    [
      "19: STREAM of a stream the victim did not open",
      frame(OFFSET_AND_LENGTH, 100 + theirs, 0, 1, numbers(0)),
      ErrorCode.StreamStateError,
    ],
    [
      "20: STREAM of a stream only the victim sends on",
      frame(OFFSET_AND_LENGTH, 2 + theirs, 0, 1, numbers(0)),
      ErrorCode.StreamStateError,
    ],
    [
      "21: MAX_STREAM_DATA of stream 100 or 101 that nobody opened",
      frame(MAX_STREAM_DATA, 100 + theirs, 10),
      ErrorCode.StreamStateError,
    ],
    [
      "22: MAX_STREAM_DATA of a stream the victim only receives on",
      frame(MAX_STREAM_DATA, 2 + own, 10),
      ErrorCode.StreamStateError,
    ],
    [
      "23: MAX_STREAMS over 2^60",
      frame(MAX_STREAMS_BIDI, TOO_MANY_STREAMS),
      ErrorCode.FrameEncodingError,
    ],
    [
      "23: MAX_STREAMS one way over 2^60",
      frame(MAX_STREAMS_UNI, TOO_MANY_STREAMS),
      ErrorCode.FrameEncodingError,
    ],
    [
      "24: STREAMS_BLOCKED over 2^60",
      frame(STREAMS_BLOCKED_BIDI, TOO_MANY_STREAMS),
      ErrorCode.FrameEncodingError,
    ],
    [
      "25: NEW_CONNECTION_ID that retires more than there are",
      newId(-1, 10, 11, idOf(9)),
      ErrorCode.FrameEncodingError,
    ],
    [
      "26: NEW_CONNECTION_ID without an ID",
      newId(-1, 10, 0, none),
      ErrorCode.FrameEncodingError,
    ],
  ];
}

const ofClients: readonly FrameCase[] = [
  ["18: NEW_TOKEN", frame(NEW_TOKEN, 1, numbers(7)), ErrorCode.ProtocolViolation],
  ["27: HANDSHAKE_DONE", frame(HANDSHAKE_DONE), ErrorCode.ProtocolViolation],
];

const ofServers: readonly FrameCase[] = [
  ["NEW_TOKEN without a token", frame(NEW_TOKEN, 0), ErrorCode.FrameEncodingError],
];

function keyUpdate(): Uint8Array {
  return handshakeMessage(MessageType.KeyUpdate, numbers(0));
}

/** The same must hold where several paths are open, on each of them. */
const situations: readonly [where: string, options: PairOptions, pathId: number][] = [
  ["", plain, 0],
  [" on the first of two paths", { paths: 2 }, 0],
  [" on the second of two paths", { paths: 2 }, 1],
];

for (const [where, options, pathId] of situations) {
  for (const [what, frames, code] of [...frameCases(0), ...ofClients]) {
    Deno.test(`h3spec on a server${where}, ${what}`, () => {
      const a = connected("client", options);
      a.send(frames, pathId);
      expectClose(a, code, what);
    });
  }

  for (const [what, frames, code] of [...frameCases(1), ...ofServers]) {
    Deno.test(`h3spec on a client${where}, ${what}`, () => {
      const a = connected("server", options);
      a.send(frames, pathId);
      expectClose(a, code, what);
    });
  }
}

for (const side of ["client", "server"] as const) {
  const victim = side === "client" ? "server" : "client";
  for (const type of [MessageType.KeyUpdate, MessageType.EndOfEarlyData, MessageType.Finished]) {
    const what = `${messageName(type)} in a 1-RTT packet`;
    Deno.test(`h3spec on a ${victim}, 29: TLS ${what}`, () => {
      const a = connected(side);
      const message = handshakeMessage(type, type === MessageType.KeyUpdate ? numbers(0) : none);
      const { bytesWritten } = a.connection.handshake.oneRttCrypto;
      a.send(frame(CRYPTO, bytesWritten, message.length, message));
      expectClose(a, ErrorCode.CryptoError + Alert.UnexpectedMessage, what);
    });
  }
}

// Packets

const empty: PacketTap = (packet) => {
  packet.payloadEnd = packet.payloadStart;
};
const reservedShort: PacketTap = (packet, bytes) => {
  bytes[packet.start]! |= 0x18;
};
const reservedLong: PacketTap = (packet, bytes) => {
  bytes[packet.start]! |= 0x0c;
};
const ping = frame(PING);

/** An attacker that could end the handshake but does not. */
function unfinished(side: Side): Attacker {
  return handshaking(side, (message) => message[0] === MessageType.Finished ? none : message);
}

for (const side of ["client", "server"] as const) {
  const victim = side === "client" ? "server" : "client";

  for (const [what, tap] of [["12: no frames", empty], ["15: reserved bits", reservedShort]]) {
    Deno.test(`h3spec on a ${victim}, ${what} in a 1-RTT packet`, () => {
      const a = connected(side);
      a.twist = tap as PacketTap;
      a.send(ping);
      expectClose(a, ErrorCode.ProtocolViolation, what as string);
    });
  }

  Deno.test(`h3spec on a ${victim}, 12: no frames in a Handshake packet`, () => {
    const a = unfinished(side);
    a.twist = empty;
    a.sendLong(PacketType.Handshake, ping);
    expectClose(a, ErrorCode.ProtocolViolation, "no frames");
  });

  Deno.test(`h3spec on a ${victim}, 13: reserved bits in a Handshake packet`, () => {
    const a = unfinished(side);
    a.twist = reservedLong;
    a.sendLong(PacketType.Handshake, ping);
    expectClose(a, ErrorCode.ProtocolViolation, "reserved bits");
  });

  Deno.test(`h3spec on a ${victim}, 14: PATH_CHALLENGE in a Handshake packet`, () => {
    const a = unfinished(side);
    a.sendLong(PacketType.Handshake, frame(PATH_CHALLENGE, idOf(1)));
    expectClose(a, ErrorCode.ProtocolViolation, "PATH_CHALLENGE");
  });
}

// TLS

const unexpected = ErrorCode.CryptoError + Alert.UnexpectedMessage;

/** Puts a message in front of the Finished message, or behind it. */
function beside(type: number, body: Uint8Array, isBefore: boolean): Rewrite {
  const extra = handshakeMessage(type, body);
  return (message) => {
    if (message[0] !== MessageType.Finished) return message;
    const parts = isBefore ? [extra, message] : [message, extra];
    const both = new Uint8Array(extra.length + message.length);
    both.set(parts[0]!);
    both.set(parts[1]!, parts[0]!.length);
    return both;
  };
}

const tlsCases: readonly (readonly [what: string, rewrite: Rewrite])[] = [
  ["28: KeyUpdate behind Finished", beside(MessageType.KeyUpdate, numbers(0), false)],
  ["28: KeyUpdate before Finished", beside(MessageType.KeyUpdate, numbers(0), true)],
  ["33: EndOfEarlyData before Finished", beside(MessageType.EndOfEarlyData, none, true)],
  ["33: EndOfEarlyData behind Finished", beside(MessageType.EndOfEarlyData, none, false)],
];

for (const side of ["client", "server"] as const) {
  const victim = side === "client" ? "server" : "client";
  for (const [what, rewrite] of tlsCases) {
    Deno.test(`h3spec on a ${victim}, ${what}`, () => {
      expectClose(handshaking(side, rewrite), unexpected, what);
    });
  }

  Deno.test(`h3spec on a ${victim}, 31: no transport parameters`, () => {
    const rewrite = rewriteExtension(ExtensionType.QuicTransportParameters, () => undefined);
    const code = ErrorCode.CryptoError + Alert.MissingExtension;
    expectClose(handshaking(side, rewrite), code, "no parameters");
  });
}

Deno.test("h3spec on a server, 32: transport parameters under the old code point", () => {
  const type = ExtensionType.QuicTransportParameters;
  const a = handshaking("client", rewriteExtension(type, (body) => [0xffa5, body]));
  expectClose(a, ErrorCode.CryptoError + Alert.MissingExtension, "0xffa5");
});

Deno.test("h3spec on a client, 32: transport parameters under the old code point", () => {
  const type = ExtensionType.QuicTransportParameters;
  const a = handshaking("server", rewriteExtension(type, (body) => [0xffa5, body]));
  // RFC 9846, Section 4.2: what was not asked for comes before what is missing.
  expectClose(a, ErrorCode.CryptoError + Alert.UnsupportedExtension, "0xffa5");
});

Deno.test('h3spec on a server, 30: ALPN "dummy"', () => {
  const a = handshaking("client", (message) => message, { clientTls: { alpn: ["dummy"] } });
  expectClose(a, ErrorCode.CryptoError + Alert.NoApplicationProtocol, "dummy");
});

Deno.test("h3spec on a client, 30: a protocol it did not offer", () => {
  const dummy = new TextEncoder().encode("\0\x06\x05dummy");
  const rewrite = rewriteExtension(ExtensionType.Alpn, () => [ExtensionType.Alpn, dummy]);
  const a = handshaking("server", rewrite);
  expectClose(a, ErrorCode.CryptoError + Alert.IllegalParameter, "dummy");
});

Deno.test("h3spec on a client: no protocol chosen at all", () => {
  const a = handshaking("server", rewriteExtension(ExtensionType.Alpn, () => undefined));
  expectClose(a, ErrorCode.CryptoError + Alert.NoApplicationProtocol, "none");
});

Deno.test("h3spec on a server, 34: CRYPTO in a 0-RTT packet", () => {
  const { pair, sessions } = firstVisit();
  const visit = visitAgain(pair, { session: sessions[0]! });
  const readsEarly = () => visit.server?.keys.zeroRtt.read !== undefined;
  pair.run({ until: pair.now + 1_000, when: readsEarly });
  const { keys, paths } = visit.client;
  assert.ok(keys.zeroRtt.write, "the attacker has 0-RTT keys");
  assert.ok(readsEarly(), "the server reads 0-RTT data");
  const builder = new PacketBuilder();
  builder.begin(new Uint8Array(1_452), 1_452);
  const destination = paths.slot(0)!.remote.current;
  const source = visit.server!.handshake.ids.peerSource!;
  const number = paths.find(0)!.space.nextNumber;
  const type = PacketType.ZeroRtt;
  builder.startLong(type, 1, destination, source, none, number, 4, keys.zeroRtt.write);
  frame(CRYPTO, 0, 5, keyUpdate())(builder.writer);
  const size = builder.endDatagram();
  const from = pair.clientPorts[0]!.publicAddress;
  const datagram = builder.writer.bytes.slice(0, size);
  pair.server.endpoint.receive(datagram, pair.serverPorts[0]!, from, pair.now);
  const { reason } = visit.server!.closing;
  assert.equal(reason?.code, ErrorCode.ProtocolViolation, reason?.reason);
  assert.equal(reason?.by, "local");
});
