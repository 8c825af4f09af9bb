import assert from "node:assert/strict";
import { fromHex, toHex } from "../../src/bytes/bytes.ts";
import { TransportParameters } from "../../src/connection/parameters/parameter_table.ts";
import {
  encodeTransportParameters,
  readTransportParameters,
} from "../../src/connection/parameters/transport_parameters.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import type { Role } from "../../src/error/role.ts";

function full(): TransportParameters {
  const parameters = new TransportParameters();
  const token = new Uint8Array(16).fill(7);
  Object.assign(parameters, {
    originalDestinationId: fromHex("0102030405060708"),
    maxIdleTimeout: 30_000,
    statelessResetToken: token,
    maxUdpPayloadSize: 1472,
    initialMaxData: 2 ** 33,
    initialMaxStreamDataBidiLocal: 1,
    initialMaxStreamDataBidiRemote: 2,
    initialMaxStreamDataUni: 3,
    initialMaxStreamsBidi: 100,
    initialMaxStreamsUni: 3,
    ackDelayExponent: 10,
    maxAckDelay: 20,
    disableActiveMigration: true,
    preferredAddress: {
      ipv4: fromHex("c0000201"),
      ipv4Port: 443,
      ipv6: new Uint8Array(16),
      ipv6Port: 0,
      id: fromHex("aabb"),
      resetToken: token,
    },
    activeConnectionIdLimit: 4,
    initialSourceId: fromHex("11"),
    retrySourceId: fromHex("22"),
    versionInformation: { chosen: 1, available: [1, 0x6b33_43cf] },
    maxDatagramFrameSize: 65_535,
    initialMaxPathId: 0,
    greaseQuicBit: true,
    minAckDelay: 1000,
    resetStreamAt: true,
    addressDiscovery: 2,
    maxAddresses: 8,
  });
  return parameters;
}

function refuses(hex: string, from: Role): void {
  assert.throws(
    () => readTransportParameters(fromHex(hex), from),
    (error: unknown) =>
      error instanceof TransportError && error.code === ErrorCode.TransportParameterError,
    hex,
  );
}

Deno.test("encodeTransportParameters() is read back, shuffled and greased or not", () => {
  const random = new SeededRandom(1);
  assert.deepEqual(readTransportParameters(encodeTransportParameters(full()), "server"), full());
  const seen = new Set<string>();
  for (let round = 0; round < 50; round++) {
    const bytes = encodeTransportParameters(full(), random);
    seen.add(toHex(bytes));
    assert.deepEqual(readTransportParameters(bytes, "server"), full());
  }
  assert.equal(seen.size, 50);
});

Deno.test("readTransportParameters() reads a client's limit of 2^62 - 1", () => {
  const hex = "0408ffffffffffffffff05048000ffff07048000ffff08011001048000" +
    "75300901100f088394c8f03e51570806048000ffff";
  const parameters = readTransportParameters(fromHex(hex), "client");
  assert.equal(parameters.initialMaxData, Number.MAX_SAFE_INTEGER);
  assert.equal(parameters.maxIdleTimeout, 30_000);
  assert.equal(parameters.initialMaxStreamDataUni, 0xffff);
  assert.equal(parameters.initialMaxPathId, -1);
});

Deno.test("readTransportParameters() passes over reserved identifiers of 62 bits", () => {
  const huge = "ffffffffffffffff";
  const parameters = readTransportParameters(
    fromHex(`${huge}01aa${huge}000f00` + "010101"),
    "client",
  );
  assert.equal(parameters.maxIdleTimeout, 1);
});

Deno.test("readTransportParameters() refuses what Section 18.2 forbids", () => {
  const ids = "0f0101" + "000101";
  const forServers = [
    ids + "03024442", // max_udp_payload_size 1090
    ids + "0a011e", // ack_delay_exponent 30
    ids + "0b0480008000", // max_ack_delay 2^15
    ids + "0b0480004000", // 2^14
    ids + "0e0101", // one connection ID
    ids + "0808d000000000000001", // 2^60 + 1 streams
    ids + "0c0100", // a flag with a value
    ids + "01010101", // cut short
    ids + "0101010101" + "02", // twice
    ids + "01020101", // a longer value than the number
    ids + "020fffffffffffffffffffffffffffffff", // a token of 15 bytes
    ids + "3e08c000000100000000", // path ID 2^32
    ids + "110400000000", // version 0
    ids + "11080000000100000000",
    ids + "1103000001",
    ids + "1100",
    ids + "4000" + "0101", // identifier 0 again, in two bytes
    ids + "c0000000ff04de1b0480010000", // min_ack_delay above 25 ms
    ids + "c0003d7f911204010100", // no addresses
    ids + "809f81a1" + "00" + "809f81a1" + "00",
    ids + "c000ff0969d85c00", // alternative_address from a server
    ids + "0d29" + "00".repeat(41), // a preferred address without an ID
    "0f0101", // no original ID
    "000101", // no source ID
    "0f15" + "00".repeat(21) + "000101",
  ];
  for (const hex of forServers) refuses(hex, "server");
  const fromClients = ["000101", "0d2a" + "00".repeat(42), "100101", "0210" + "00".repeat(16)];
  for (const hex of fromClients) refuses("0f0101" + hex, "client");
  refuses("0f0101" + "11080000000200000001", "client"); // chosen but not available
  refuses("", "client");
});

Deno.test("readTransportParameters() refuses every cut and throws nothing else", () => {
  const bytes = encodeTransportParameters(full());
  const random = new SeededRandom(9);
  for (let round = 0; round < 5000; round++) {
    const changed = bytes.slice(0, 1 + random.below(bytes.length));
    changed[random.below(changed.length)] = random.below(256);
    try {
      readTransportParameters(changed, round % 2 === 0 ? "client" : "server");
    } catch (error) {
      assert.ok(error instanceof TransportError, String(error));
      assert.equal(error.code, ErrorCode.TransportParameterError);
    }
  }
});
