import assert from "node:assert/strict";
import fc from "fast-check";
import { TransportParameters } from "../../src/connection/parameters/parameter_table.ts";
import {
  encodeTransportParameters,
  readTransportParameters,
} from "../../src/connection/parameters/transport_parameters.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import type { Role } from "../../src/error/role.ts";
import { ReceiveBuffer } from "../../src/stream/receive_buffer.ts";
import { cases } from "../frame/cases.ts";
import { read, written } from "../frame/recorder.ts";
import { checkPattern, patternBytes } from "../../src/sim/pattern.ts";
import { hostile } from "./bytes.ts";
import { type Target, tolerate } from "./target.ts";

const frames = Object.entries(cases).map(([name, { write }]) => ({ name, bytes: written(write) }));
const roles = fc.constantFrom<Role>("client", "server");
const all = frames.map(({ bytes }) => bytes);

/** What reads frames and parameters, and what puts streams together. */
export const frameTargets: readonly Target[] = [
  ...frames.map(({ name, bytes }): Target => ({
    name: `Frame ${name} is read or refused with a TransportError`,
    runs: 150,
    property: fc.property(hostile([bytes], 60), fc.nat(5), (changed, type) => {
      tolerate([TransportError], () => void read(changed, type === 5 ? 4 : type));
    }),
  })),
  {
    name: "Frames in a row are read or refused, no more of them than there are bytes",
    runs: 1_500,
    property: fc.property(fc.array(hostile(all, 40), { maxLength: 8 }), (parts) => {
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
      tolerate([TransportError], () => {
        assert.ok(read(bytes).calls.length <= bytes.length);
      });
    }),
  },
  {
    name: "TransportParameters are read or refused with TRANSPORT_PARAMETER_ERROR",
    runs: 2_500,
    property: fc.property(hostile([parameters()], 80), roles, (bytes, role) => {
      try {
        const first = readTransportParameters(bytes, role);
        // What was read can be written, and says the same then.
        const again = readTransportParameters(encodeTransportParameters(first), role);
        assert.deepEqual(again, first);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        assert.equal(error.code, ErrorCode.TransportParameterError);
      }
    }),
  },
  {
    name: "ReceiveBuffer puts any pieces together, or refuses crumbs",
    runs: 300,
    property: fc.property(
      fc.array(fc.tuple(fc.nat(200_000), fc.nat(3_000), fc.nat(5_000)), { maxLength: 150 }),
      (pieces) => putTogether(pieces),
    ),
  },
];

function putTogether(pieces: readonly (readonly [number, number, number])[]): void {
  const buffer = new ReceiveBuffer(undefined, 64);
  const arrived = new Set<number>();
  let end = 0;
  let taken = 0;
  tolerate([TransportError], () => {
    for (const [offset, size, wanted] of pieces) {
      buffer.write(offset, patternBytes(9, offset, size));
      for (let i = offset; i < offset + size; i += 97) arrived.add(i);
      end = Math.max(end, offset + size);
      const data = buffer.read(wanted);
      if (data === undefined) continue;
      checkPattern(9, taken, data);
      taken += data.length;
      assert.equal(buffer.offset, taken);
      assert.ok(
        buffer.bytesHeld <= 2 * (end - taken) + 3 * 65_536,
        `${buffer.bytesHeld} bytes held`,
      );
    }
  });
  assert.ok(buffer.contiguousEnd <= end);
}

function parameters(): Uint8Array {
  const given = new TransportParameters();
  Object.assign(given, {
    maxIdleTimeout: 30_000,
    initialMaxData: 2 ** 33,
    initialMaxStreamsBidi: 100,
    activeConnectionIdLimit: 4,
    initialSourceId: Uint8Array.of(1, 2, 3),
    versionInformation: { chosen: 1, available: [1, 0x6b33_43cf] },
    maxDatagramFrameSize: 65_535,
    initialMaxPathId: 3,
    minAckDelay: 1_000,
  });
  return encodeTransportParameters(given);
}
