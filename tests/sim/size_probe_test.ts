import assert from "node:assert/strict";
import { parameterId } from "../../src/connection/parameters/parameter_table.ts";
import { ExtensionType, NamedGroup } from "../../src/tls/code/code_point.ts";
import { rewriteExtension, withParameter, withTwistedTls } from "../conformance/twisted_tls.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";

/** The first size that is tried. */
const LARGEST = 1_452;
const BASE = 1_200;

/** What clients offer by default: their first flight takes two datagrams. */
const DEFAULT = { groups: undefined };
const SMALL = { groups: [NamedGroup.X25519] };

/** A datagram as it left an address. */
interface Sent {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly size: number;
}

/** A pair that begins a handshake, and everything that leaves from now on. */
function watched(options: PairOptions): { readonly pair: Pair; readonly sent: readonly Sent[] } {
  const pair = new Pair(options);
  const sent: Sent[] = [];
  pair.world.network.capture = (at, event, { hostname: from }, { hostname: to }, { length }) => {
    if (event === "send") sent.push({ at, from, to, size: length });
  };
  pair.start();
  return { pair, sent };
}

const SERVER = "10.0.0.2";
const CLIENT = ["10.0.0.1", "10.0.1.1"];

Deno.test("A server tries a larger size right behind its handshake flight", () => {
  const { pair, sent } = watched({ clientTls: DEFAULT });
  pair.run({ until: 1_000, when: () => pair.server.has("handshakeCompleted") });
  const flight = sent.filter(({ from, at }) => from === SERVER && at < pair.now);
  assert.equal(flight.at(-1)!.size, LARGEST);
  assert.ok(flight.at(-1)!.at < 25, "within the first round trip");
  pair.run({ until: pair.now + 2 });
  assert.equal(pair.server.connection.paths.find(0)!.maxDatagramSize, LARGEST, "known by now");
});

// RFC 9000, Section 8.1: a server may send three times what came, until the client is proven.
Deno.test("A server with little credit keeps it for its handshake flight", () => {
  const { pair, sent } = watched({ clientTls: SMALL });
  pair.links[0]!.downward.options.loss = 1;
  pair.run({ until: 40 });
  const flight = sent.filter(({ from }) => from === SERVER);
  const size = flight.reduce((sum, datagram) => sum + datagram.size, 0);
  assert.ok(flight.length > 0 && flight.every((datagram) => datagram.size <= BASE));
  assert.ok(2 * size <= 3 * BASE, `${size} bytes could leave twice`);
});

Deno.test("A server that has credit to repeat its flight spends no more on a larger size", () => {
  const { pair, sent } = watched({ clientTls: DEFAULT });
  pair.links[0]!.downward.options.loss = 1;
  pair.run({ until: 40 });
  const received = sent.filter(({ from }) => from === CLIENT[0]);
  const flight = sent.filter(({ from }) => from === SERVER);
  const probes = flight.filter((datagram) => datagram.size === LARGEST);
  const total = (list: readonly Sent[]) => list.reduce((sum, { size }) => sum + size, 0);
  assert.equal(probes.length, 1);
  const rest = 3 * total(received) - total(flight);
  assert.ok(rest >= total(flight) - LARGEST, `${rest} bytes are left`);
});

Deno.test("Data leave on a new path in large datagrams from the beginning", () => {
  const { pair, sent } = watched({ links: [linkOf(10, 44), linkOf(10, 104)] });
  const transfer = pair.client.app.download(1_000_000);
  pair.run({ until: 5_000, when: () => transfer.isDone });
  const onSecond = sent.filter(({ to }) => to === CLIENT[1]);
  const [challenge, probe, ...data] = onSecond.filter(({ size }) => size > 1_000);
  assert.equal(challenge!.size, BASE);
  assert.equal(probe!.size, LARGEST);
  assert.ok(probe!.at - challenge!.at < 2, "right behind");
  assert.ok(data[0]!.at - probe!.at > 100, "the path is proven first");
  // Its answer is a datagram behind the proof.
  const later = data.filter(({ at }) => at > data[0]!.at + 2);
  assert.ok(later.length > 200 && later.slice(0, 100).every(({ size }) => size > BASE));
});

Deno.test("A new path that carries no more than it must opens as soon, and is used", () => {
  const second = linkOf(10, 44, { mtu: BASE + 28 });
  const { pair } = watched({ links: [linkOf(10, 44), second] });
  const transfer = pair.client.app.download(1_000_000);
  pair.run({ until: 5_000, when: () => transfer.isDone });
  assert.ok(transfer.finishedAt < 700, `${transfer.finishedAt} ms`);
  const { paths } = pair.server.connection.paths;
  assert.deepEqual(paths.map(({ maxDatagramSize }) => maxDatagramSize), [LARGEST, BASE]);
});

// RFC 9000, Section 18.2.
for (const side of ["client", "server"] as const) {
  Deno.test(`No datagram is larger than a ${side} takes, on whatever path and wherever it moves`, () => {
    const type = ExtensionType.QuicTransportParameters;
    const small = new Uint8Array([0x45, 0x14]); // 1300
    const id = parameterId("maxUdpPayloadSize");
    const rewrite = rewriteExtension(type, (body) => [type, withParameter(body, id, small)]);
    const { pair, sent } = withTwistedTls(side, rewrite, () => {
      const begun = watched({ paths: 2 });
      begun.pair.run({ until: 1_000 });
      return begun;
    });
    const port = pair.client.host.open(
      "10.77.0.1",
      50_077,
      pair.world.network.link(linkOf(10, 30)),
    );
    const { connection } = pair.client;
    const path = connection.paths.find(1)!;
    assert.ok(connection.migratePath(path, port, path.current.remote, pair.now));
    const transfer = pair.client.app.download(500_000);
    pair.client.app.upload(500_000);
    pair.run({ until: pair.now + 5_000 });
    assert.ok(transfer.isDone && path.current.port === port);
    const isToSide = ({ from }: Sent) => (from === SERVER) === (side === "client");
    const largest = (ours: boolean) =>
      Math.max(...sent.filter((each) => isToSide(each) === ours).map(({ size }) => size));
    assert.deepEqual([largest(true), largest(false)], [1_300, LARGEST]);
  });
}
