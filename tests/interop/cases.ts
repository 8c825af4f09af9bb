import type { RelayOptions } from "./network_relay.ts";

const kilobyte = 1_024;
const megabyte = 1_048_576;

/** What the logs of both ends must say. */
export interface Traces {
  /** The qlog of the client's connections, all of it. */
  readonly client: string;
  readonly server: string;
}

/** One case of the interop runner. */
export interface InteropCase {
  readonly name: string;
  /** TESTCASE of the client, and of the server if that is another. */
  readonly testCase: string;
  readonly serverCase?: string;
  readonly sizes: readonly number[];
  readonly nameLength?: number;
  readonly handshakes?: number;
  /** The network, if there is one between the processes: all times are real. */
  readonly network?: RelayOptions;
  readonly host?: string;
  /** Whether the server shows nine certificates. */
  readonly isLongChain?: boolean;
  /** Seconds; the runner's limit is 60 unless it says otherwise. */
  readonly limit?: number;
  /** What else must be true. */
  readonly check?: (traces: Traces) => boolean;
}

/** All cases of the runner that the transport can do: ECN is not among them. */
export const CASES: readonly InteropCase[] = [
  { name: "handshake", testCase: "handshake", sizes: [kilobyte] },
  {
    name: "transfer",
    testCase: "transfer",
    sizes: [2 * megabyte, 3 * megabyte, 5 * megabyte],
    network: {},
  },
  { name: "longrtt", testCase: "handshake", sizes: [kilobyte], network: { delay: 750 } },
  { name: "chacha20", testCase: "chacha20", sizes: [3 * megabyte] },
  { name: "multiplexing", testCase: "transfer", sizes: new Array(1_999).fill(32) },
  {
    name: "retry",
    testCase: "retry",
    sizes: [10 * kilobyte],
    check: ({ client }) => client.includes('"packet_type":"retry"'),
  },
  {
    name: "resumption",
    testCase: "resumption",
    sizes: [5 * kilobyte, 10 * kilobyte],
    handshakes: 2,
  },
  {
    name: "zerortt",
    testCase: "zerortt",
    sizes: new Array(40).fill(32),
    nameLength: 250,
    handshakes: 2,
    // The runner allows the client half of what the names of the files have.
    check: ({ client, server }) =>
      server.includes('"packet_type":"0RTT"') && bytesSent(client, "1RTT") <= 40 * 250 / 2,
  },
  { name: "http3", testCase: "http3", sizes: [5, 10, 500].map((size) => size * kilobyte) },
  {
    name: "blackhole",
    testCase: "transfer",
    sizes: [10 * megabyte],
    network: { blackhole: [5_000, 2_000] },
  },
  {
    name: "keyupdate",
    testCase: "keyupdate",
    serverCase: "transfer",
    sizes: [3 * megabyte],
    check: ({ client, server }) => [client, server].every((text) => text.includes('"key_phase":1')),
  },
  {
    name: "amplificationlimit",
    testCase: "transfer",
    sizes: [5 * kilobyte],
    network: { dropsSecond: true },
    isLongChain: true,
  },
  {
    name: "handshakeloss",
    testCase: "multiconnect",
    sizes: new Array(50).fill(kilobyte),
    handshakes: 50,
    network: { loss: 0.3 },
    limit: 300,
  },
  { name: "transferloss", testCase: "transfer", sizes: [2 * megabyte], network: { loss: 0.02 } },
  {
    name: "handshakecorruption",
    testCase: "multiconnect",
    sizes: new Array(50).fill(kilobyte),
    handshakes: 50,
    network: { corrupt: 0.3 },
    limit: 300,
  },
  {
    name: "transfercorruption",
    testCase: "transfer",
    sizes: [2 * megabyte],
    network: { corrupt: 0.02 },
  },
  {
    name: "ipv6",
    testCase: "transfer",
    sizes: [5 * kilobyte, 10 * kilobyte],
    host: "[::1]",
    check: ({ client }) => !client.includes("127.0.0.1"),
  },
  {
    name: "v2",
    testCase: "v2",
    sizes: [kilobyte],
    check: ({ client }) => client.includes("6b3343cf"),
  },
  {
    name: "rebind-port",
    testCase: "transfer",
    sizes: [10 * megabyte],
    network: { rebind: "port" },
    check: moved,
  },
  {
    name: "rebind-addr",
    testCase: "transfer",
    sizes: [10 * megabyte],
    network: { rebind: "address" },
    check: ({ client, server }) => moved({ client, server }) && server.includes("127.0.0.2"),
  },
  {
    name: "connectionmigration",
    testCase: "transfer",
    serverCase: "connectionmigration",
    sizes: [2 * megabyte],
    check: ({ client, server }) =>
      moved({ client, server }) && moved({ client: server, server: client }),
  },
];

/** Bytes in the payloads of all packets of a type that were sent. */
function bytesSent(traces: string, type: string): number {
  const sent = traces.split("\n").filter((line) =>
    line.includes('"quic:packet_sent"') && line.includes(`"packet_type":"${type}"`)
  );
  const sizes = sent.map((line) => Number(/"payload_length":(\d+)/.exec(line)?.[1] ?? NaN));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Whether the server has challenged the client, which has answered. */
function moved({ client, server }: Traces): boolean {
  return server.includes('"frame_type":"path_challenge"') &&
    client.includes('"frame_type":"path_response"');
}
