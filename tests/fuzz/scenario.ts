import assert from "node:assert/strict";
import fc from "fast-check";
import { PingRequest } from "../../src/connection/ping_request.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { type End, linkOf, Pair } from "../sim/pair.ts";
import { engine } from "./engine.ts";
import { FuzzApp } from "./fuzz_app.ts";

/** What may be done at either end of a connection. */
const KINDS = [
  "open",
  "write",
  "finish",
  "reset",
  "stop",
  "pause",
  "read",
  "datagram",
  "openPath",
  "closePath",
  "status",
  "rebind",
  "move",
  "updateKeys",
  "outage",
  "busyPort",
  "portFailed",
  "damage",
] as const;

/** One thing done, some time after the one before. */
export interface Operation {
  readonly kind: (typeof KINDS)[number];
  /** Milliseconds after the operation before. */
  readonly wait: number;
  readonly byServer: boolean;
  /** Which of the streams, paths or ports. */
  readonly which: number;
  /** How much of whatever it is. */
  readonly much: number;
}

/** A network, and what is done over it. */
export interface Scenario {
  readonly seed: number;
  readonly paths: number;
  readonly loss: number;
  readonly reorder: number;
  readonly duplicate: number;
  readonly corrupt: number;
  readonly rtt: number;
  readonly megabits: number;
  readonly operations: readonly Operation[];
}

const percent = (most: number) => fc.nat(most).map((value) => value / 100);

/** Any scenario; shrinks to few operations over a harmless network. */
export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.nat(1_000_000),
  paths: fc.integer({ min: 1, max: 4 }),
  loss: percent(15),
  reorder: percent(15),
  duplicate: percent(10),
  corrupt: percent(5),
  rtt: fc.integer({ min: 2, max: 300 }),
  megabits: fc.integer({ min: 1, max: 40 }),
  operations: fc.array(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      wait: fc.nat(120),
      byServer: fc.boolean(),
      which: fc.nat(20),
      much: fc.nat(60_000),
    }),
    { maxLength: 60, size: "max" },
  ),
});

/** Virtual milliseconds in which everything must have arrived once the network is good again. */
const PATIENCE = 25_000;

/**
 * Does all of it and then lets the network be good: every byte must arrive once and in its place,
 * both ends must forget their streams, and the connection must end as it is asked to.
 */
export function play(scenario: Scenario): void {
  const { loss, reorder, duplicate, corrupt, rtt, megabits } = scenario;
  const trouble = { loss, reorder, duplicate, corrupt, reorderDelay: rtt / 2 };
  const pair = new Pair({
    seed: scenario.seed,
    engine,
    links: Array.from({ length: scenario.paths }, () => linkOf(megabits, rtt, trouble)),
    serverAddresses: 1 + scenario.seed % scenario.paths,
    openPaths: scenario.seed % 3 !== 0,
  });
  const apps = listen(pair);
  pair.start();
  pair.run({
    until: 9_000,
    when: () => pair.server.isConnected && pair.client.connection.handshake.confirmed,
  });
  // A handshake may fail in such a network; then there is nothing to be done on it.
  if (!pair.client.connection.handshake.confirmed) return;
  for (const operation of scenario.operations) {
    pair.run({ until: pair.now + operation.wait });
    act(operation, pair, apps);
  }
  calm(pair);
  if (!expectAllArrives(scenario, pair, apps)) return;
  // A server cannot tell a client that has moved in silence.
  const moved = scenario.operations.some(({ kind }) => kind === "move" || kind === "rebind");
  expectEnd(pair, moved || scenario.seed % 2 === 0 ? pair.client : pair.server);
}

function listen(pair: Pair): Map<End, FuzzApp> {
  const apps = new Map<End, FuzzApp>();
  for (const end of [pair.client, pair.server]) {
    const before = end.onEvent;
    end.onEvent = (event) => {
      before(event);
      // The simulator's own application must not answer.
      end.app.onEvent = () => {};
      let app = apps.get(end);
      if (app === undefined) apps.set(end, app = new FuzzApp(end.connection));
      app.onEvent(event);
    };
  }
  pair.server.host.onConnection = (connection) => {
    pair.server.attach(connection);
    pair.server.app.onEvent = () => {};
  };
  return apps;
}

function act(operation: Operation, pair: Pair, apps: Map<End, FuzzApp>): void {
  const { kind, byServer, which, much } = operation;
  const end = byServer ? pair.server : pair.client;
  const app = apps.get(end);
  if (app === undefined || !end.connection.closing.open) return;
  switch (kind) {
    case "open":
      return app.open(which);
    case "write":
      return app.write(which, much);
    case "finish":
      return app.finish(which);
    case "reset":
      return app.reset(which, much);
    case "stop":
      return app.stop(which, much);
    case "pause":
      return app.pause();
    case "read":
      return app.read(which, much);
    case "datagram":
      return app.sendDatagram(much % 1_200);
    default:
      actOnPaths(operation, pair, end);
  }
  end.touch();
}

function actOnPaths({ kind, which, much }: Operation, pair: Pair, end: End): void {
  const { connection } = end;
  const path = connection.paths.paths[which % connection.paths.paths.length];
  const index = which % pair.clientPorts.length;
  const link = pair.links[index]!;
  const port = pair.clientPorts[index]!;
  switch (kind) {
    case "openPath":
      if (end === pair.client) openPath(pair, which);
      return;
    case "closePath":
      if (path !== undefined && end === pair.client) connection.closePath(path, 0x3e, pair.now);
      return;
    case "status":
      path?.slot.status.set(much % 2 === 0 ? "backup" : "available");
      return;
    case "rebind":
      port.rebind();
      return;
    case "move":
      port.rebind({ hostname: `10.9.${index}.${much % 250 + 1}` });
      return;
    case "updateKeys":
      connection.keys.oneRtt?.requestUpdate();
      return;
    case "outage":
      return link.outage(pair.now, pair.now + much % 2_000);
    case "busyPort":
      port.block();
      return pair.at(pair.now + much % 500, () => port.unblock());
    case "portFailed":
      return end.endpoint.portFailed(end.host.ports[0]!, undefined, pair.now);
    case "damage":
      return damage(pair, end, which, much);
  }
}

function openPath(pair: Pair, which: number): void {
  const port = pair.clientPorts[which % pair.clientPorts.length]!;
  const remote = pair.serverPorts[which % pair.serverPorts.length]!.publicAddress;
  pair.client.connection.openPath(port, remote, "available", pair.now);
}

/** A made-up datagram, with an ID this end knows. */
function damage(pair: Pair, end: End, which: number, much: number): void {
  const peer = end === pair.client ? pair.server : pair.client;
  const data = pair.world.random.bytes(much % 1_500);
  if (which % 2 === 0 && data.length > 9) {
    data[0] = 0x40 | data[0]! & 0x3f;
    const path = peer.connection.paths.paths.find(({ slot }) => slot.remote.known);
    data.set(path?.slot.remote.current ?? [], 1);
  }
  const { network } = pair.world;
  const to = end.host.ports[0]!.publicAddress;
  network.inject(data, peer.host.ports[0]!.publicAddress, to);
  network.inject(data, { transport: "udp", hostname: "10.66.6.6", port: 1_000 + which }, to);
}

function calm(pair: Pair): void {
  const good = { loss: 0, reorder: 0, duplicate: 0, corrupt: 0, rate: 20e6, delay: 20 };
  for (const link of pair.links) link.set({ ...good, queue: 200_000 });
  for (const port of pair.clientPorts) port.unblock();
  // A server cannot find a client that has moved in silence.
  const { connection } = pair.client;
  for (const path of connection.paths.paths) connection.ping(path, new PingRequest());
  pair.run({ until: pair.now + 2_000 });
}

/** Returns false if the connection ended rightly before that. */
function expectAllArrives(scenario: Scenario, pair: Pair, apps: Map<End, FuzzApp>): boolean {
  const begun = pair.now;
  const both = [pair.client, pair.server].map((end) => apps.get(end)!);
  const wrapUp = () => {
    if (!isCutOff(scenario, pair)) expectOpen(pair);
    for (const app of both) app.wrapUp();
    pair.client.touch();
    pair.server.touch();
  };
  wrapUp();
  // Streams that the peer hears of only now are ended there as well.
  const done = () => both.every((app) => app.isDone);
  while (!done() && !isCutOff(scenario, pair) && pair.now < begun + PATIENCE) {
    pair.run({ until: pair.now + 1_000, when: done });
    wrapUp();
  }
  if (isCutOff(scenario, pair)) return false;
  assert.ok(done(), `it stalls: client ${both[0]!.state}; server ${both[1]!.state}`);
  both[0]!.compare(both[1]!);
  both[1]!.compare(both[0]!);
  for (const { connection } of [pair.client, pair.server]) {
    for (const { space } of connection.paths.paths) {
      const kept = space.sent.next - space.sent.first;
      assert.ok(kept < 5_000, `${kept} packets are remembered`);
    }
  }
  return true;
}

/**
 * Whether the only path that was left died before its address was proven; RFC 9000, Section 9.3.2
 * has the connection end then.
 */
function isCutOff({ operations }: Scenario, { client, server }: Pair): boolean {
  const did = (kind: string) => operations.some((operation) => operation.kind === kind);
  if (!did("outage") || !(did("closePath") || did("move"))) return false;
  return [client, server].some(({ connection: { closing } }) =>
    closing.reason?.by === "local" && closing.reason.code === ErrorCode.NoViablePath
  );
}

function expectOpen({ client, server }: Pair): void {
  for (const { connection: { closing }, host } of [client, server]) {
    assert.ok(closing.open, `${host.name} closed: ${JSON.stringify(closing.reason)}`);
  }
}

function expectEnd(pair: Pair, end: End): void {
  end.connection.close(7, "enough", pair.now);
  end.touch();
  pair.run({ until: pair.now + 60_000 });
  for (const each of [pair.client, pair.server]) {
    assert.ok(each.has("closed"), `${each.host.name} knows of the end`);
    assert.equal(each.endpoint.connections.size, 0, `${each.host.name} forgets`);
    const { reason } = each.connection.closing;
    // One datagram says so, and it may not arrive; silence ends it then.
    const isSilence = each !== end && (reason?.by === "timeout" || reason?.by === "reset");
    assert.ok(reason?.code === 7 || isSilence, `${each.host.name}: ${JSON.stringify(reason)}`);
  }
}
