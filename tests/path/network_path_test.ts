import assert from "node:assert/strict";
import { NetworkPath } from "../../src/path/network/network_path.ts";
import type { Port } from "../../src/path/address/port.ts";
import { PathCounters } from "../../src/recovery/path_counters.ts";
import { SentPacket } from "../../src/recovery/sent_packet.ts";
import { address, contextOf, portAt } from "./fakes.ts";

const here = portAt(1);

function make(port: Port = here, host = 2): NetworkPath {
  return new NetworkPath(port, address(host), contextOf().network, new PathCounters());
}

/** Sends packets and has all of them acknowledged 50 ms later. */
function exchange(network: NetworkPath, count: number, now: number): void {
  const packets = Array.from({ length: count }, () => send(network, now));
  network.rtt.update(50, 0, -1, now + 50);
  for (const packet of packets) network.onAcked(packet, now + 50);
  network.onAckProcessed(now + 50);
}

function send(network: NetworkPath, now: number): SentPacket {
  const packet = new SentPacket().reset(0, 1_200, now, network);
  packet.isEliciting = packet.isInFlight = true;
  network.onDatagramSent(1_200, now);
  network.onSent(packet, now);
  return packet;
}

Deno.test("NetworkPath.succeed() takes over the window, the rates and the datagram size", () => {
  const old = make();
  for (let now = 0; now < 500; now += 50) exchange(old, 10, now);
  old.mtu.onProbeSent(1_452);
  const probe = new SentPacket().reset(0, 1_452, 500, old);
  probe.isMtuProbe = true;
  old.onSent(probe, 500);
  old.onAcked(probe, 520);
  const { window } = old.congestion;
  const { rate } = old.pacer;
  assert.ok(window > 20_000 && old.deliveryRate > 0);
  const next = make();
  next.succeed(old, 600);
  assert.equal(next.congestion.window, window);
  assert.equal(next.pacer.rate, rate);
  assert.equal(next.mtu.current, 1_452);
  assert.equal(next.rtt.smoothed, old.rtt.smoothed);
  assert.ok(next.deliveryRate > 0);
  assert.equal(next.bytesInFlight, 0);
  // Nothing is shared: the old one starts over.
  assert.ok(old.congestion !== next.congestion && old.congestion.window < window);
});

// RFC 9000, Section 9.4.
Deno.test("NetworkPath.succeed() leaves what is under way out of the account", () => {
  const old = make();
  for (let now = 0; now < 500; now += 50) exchange(old, 10, now);
  const [lost, arrived, spurious] = [send(old, 590), send(old, 590), send(old, 590)];
  const next = make();
  next.succeed(old, 600);
  const { window } = next.congestion;
  old.onLost(lost, true, 700);
  old.onAcked(arrived, 700);
  old.onLost(spurious, true, 700);
  old.onSpuriousLoss(spurious, 710);
  old.onAckProcessed(710);
  assert.equal(old.bytesInFlight, 0);
  assert.equal(next.congestion.window, window);
  assert.equal(next.bytesInFlight, 0);
  // What leaves from now on counts.
  next.onLost(send(next, 720), false, 800);
  assert.ok(next.congestion.window < window);
});

Deno.test("NetworkPath.succeed() gives it back when the path returns", () => {
  const old = make();
  for (let now = 0; now < 500; now += 50) exchange(old, 10, now);
  const early = send(old, 590);
  const next = make();
  next.succeed(old, 600);
  const there = send(next, 650);
  const challenge = send(old, 650);
  old.succeed(next, 700);
  const { window } = old.congestion;
  assert.ok(window > 20_000);
  const before = old.deliveryRate;
  for (const packet of [early, challenge]) old.onAcked(packet, 720);
  next.onLost(there, true, 720);
  old.onAckProcessed(720);
  assert.equal(old.congestion.window, window);
  assert.equal(old.deliveryRate, before);
  assert.deepEqual([old.bytesInFlight, next.bytesInFlight], [0, 0]);
});

Deno.test("NetworkPath.succeed() keeps what was measured on the new 4-tuple itself", () => {
  const old = make();
  for (let now = 0; now < 500; now += 50) exchange(old, 10, now);
  const next = make();
  exchange(next, 4, 400);
  const { window } = next.congestion;
  next.succeed(old, 600);
  assert.equal(next.congestion.window, window);
});

Deno.test("NetworkPath.succeed() lets the search for the datagram size go on", () => {
  const old = make();
  old.mtu.onProbeSent(1_452);
  const next = make();
  next.succeed(old, 600);
  assert.equal(next.mtu.wantedProbe(600, Infinity), 1_452);
});
