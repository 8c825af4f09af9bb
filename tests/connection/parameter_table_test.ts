import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { configuredParameters } from "../../src/connection/parameters/local_parameters.ts";
import {
  agreedExtensions,
  parameterTable,
  TransportParameters,
} from "../../src/connection/parameters/parameter_table.ts";
import {
  encodeTransportParameters,
  readTransportParameters,
} from "../../src/connection/parameters/transport_parameters.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import type { Role } from "../../src/error/role.ts";
import { ALL_EXTENSIONS, Extension, frameTable } from "../../src/frame/frame_table.ts";

const { Datagram, Multipath, AckFrequency, ResetStreamAt } = Extension;
const { ObservedAddress, AlternativeAddress, AddAddress } = Extension;

/** Parameters with no more than what must be there, and one that a row is about. */
function withOne(change: Partial<TransportParameters>): TransportParameters {
  const ids = { initialSourceId: new Uint8Array(1), originalDestinationId: new Uint8Array(1) };
  return Object.assign(new TransportParameters(), ids, change);
}

/** Values that are not the defaults. */
const samples: Partial<TransportParameters> = {
  originalDestinationId: Uint8Array.of(7),
  initialSourceId: Uint8Array.of(8, 8),
  retrySourceId: Uint8Array.of(9),
  statelessResetToken: new Uint8Array(16).fill(3),
  versionInformation: { chosen: 1, available: [1, 2] },
  preferredAddress: {
    ipv4: Uint8Array.of(192, 0, 2, 1),
    ipv4Port: 443,
    ipv6: new Uint8Array(16),
    ipv6Port: 0,
    id: Uint8Array.of(5),
    resetToken: new Uint8Array(16).fill(4),
  },
};

/** A value for a row: the sample, or the next one after the default. */
function sampleOf(name: keyof TransportParameters): unknown {
  const normal = new TransportParameters()[name];
  if (typeof normal === "number") return normal + 1;
  return typeof normal === "boolean" ? true : samples[name];
}

Deno.test("The table has each parameter once, and no identifier twice", () => {
  const names = parameterTable.map(({ name }) => name).sort();
  assert.deepEqual(names, Object.keys(new TransportParameters()).sort());
  assert.equal(new Set(parameterTable.map(({ id }) => id)).size, names.length);
  const logged = parameterTable.flatMap(({ log }) => log ?? []);
  assert.equal(new Set(logged).size, logged.length);
});

for (const row of parameterTable) {
  Deno.test(`${row.name} is written, read, and taken from the role only that may send it`, () => {
    const value = sampleOf(row.name);
    const parameters = withOne({ [row.name]: value });
    assert.ok(row.isSet(parameters));
    for (const from of ["client", "server"] as const) {
      const sent = parametersOf(from, parameters, row.name);
      const bytes = encodeTransportParameters(sent);
      if (row.from === undefined || row.from === from) {
        assert.deepEqual(readTransportParameters(bytes, from)[row.name], value);
      } else {
        assert.throws(() => readTransportParameters(bytes, from), TransportError);
      }
    }
    const copy = new TransportParameters();
    row.copy(parameters, copy);
    assert.deepEqual(copy[row.name], value);
  });
}

/** Without what only servers send, the parameter in question apart. */
function parametersOf(
  from: Role,
  parameters: TransportParameters,
  name: keyof TransportParameters,
): TransportParameters {
  if (from === "server" || name === "originalDestinationId") return parameters;
  return Object.assign(new TransportParameters(), parameters, { originalDestinationId: undefined });
}

Deno.test("0-RTT data rely on what RFC 9000, Section 7.4.1 lists, and on DATAGRAM frames", () => {
  const remembered = (as: string) =>
    parameterTable.filter((row) => row.remembered === as).map(({ name }) => name).sort();
  assert.deepEqual(remembered("limit"), [
    "activeConnectionIdLimit",
    "initialMaxData",
    "initialMaxStreamDataBidiLocal",
    "initialMaxStreamDataBidiRemote",
    "initialMaxStreamDataUni",
    "initialMaxStreamsBidi",
    "initialMaxStreamsUni",
    "maxDatagramFrameSize",
  ]);
  assert.deepEqual(remembered("value"), [
    "disableActiveMigration",
    "maxIdleTimeout",
    "maxUdpPayloadSize",
  ]);
});

Deno.test("An extension is in use when it was announced, by both ends where both must", () => {
  const server = configuredParameters(DEFAULTS, "server");
  const client = configuredParameters(DEFAULTS, "client");
  const none = new TransportParameters();
  const always = Datagram | AckFrequency | ResetStreamAt;
  const full = always | Multipath | ObservedAddress | AddAddress;
  // Whatever else there may be one day.
  const known = full | AlternativeAddress;
  const agreed = (ours: TransportParameters, theirs: TransportParameters) =>
    agreedExtensions(ours, theirs) & known;
  assert.equal(agreed(server, none), always);
  assert.equal(agreed(client, none), always | AlternativeAddress);
  assert.equal(agreed(server, client), full);
  assert.equal(agreed(client, server), full | AlternativeAddress);
  const single = configuredParameters({ ...DEFAULTS, maxConcurrentPaths: 1 }, "server");
  assert.equal(agreedExtensions(single, client) & Multipath, 0);
  const quiet = configuredParameters({ ...DEFAULTS, maxDatagramFrameSize: 0 }, "server");
  assert.equal(agreedExtensions(quiet, client) & Datagram, 0);
  for (const [addressDiscovery, expected] of [[0, true], [1, false], [2, true]] as const) {
    const theirs = withOne({ addressDiscovery });
    assert.equal((agreedExtensions(server, theirs) & ObservedAddress) !== 0, expected);
  }
});

Deno.test("Each extension of a frame has a parameter that turns it on", () => {
  const wanted = frameTable.reduce((bits, { extension }) => bits | extension, 0);
  const offered = parameterTable.reduce((bits, { extension }) => bits | extension, 0);
  assert.equal(offered, wanted);
  assert.ok(wanted !== 0 && (wanted & ALL_EXTENSIONS) === wanted);
});
