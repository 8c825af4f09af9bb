import assert from "node:assert/strict";
import { IpPrefix } from "../../src/bytes/ip_prefix.ts";
import type { Account } from "../../src/limits/account.ts";
import { Ledger } from "../../src/limits/ledger.ts";
import type { LedgerLimits, Limit } from "../../src/limits/ledger_limits.ts";
import {
  MAX_REPUTES,
  MAX_SHARE_FACTOR,
  PROOFS_PER_SHARE,
  REPUTE_HALF_LIFE,
  STRIKE_HALF_LIFE,
} from "../../src/limits/limits.ts";
import { Repute } from "../../src/limits/repute.ts";
import { ShareMap } from "../../src/limits/share_map.ts";

const FREE: Limit = {
  perConnection: Infinity,
  perAddress: Infinity,
  perNetwork: Infinity,
  total: Infinity,
};

/** Limits of bytes; of the rest there is any amount. */
function bytes(limit: Partial<Limit>): LedgerLimits {
  return { bytes: { ...FREE, ...limit }, files: FREE, handshakes: FREE, connections: FREE };
}

function evictions(...accounts: Account[]): number[] {
  const evicted: number[] = [];
  accounts.forEach((account, i) => account.whenEvicted(() => evicted.push(i)));
  return evicted;
}

Deno.test("Each level of the ledger refuses what is over its limit, and takes it back", () => {
  const cases: [Partial<Limit>, string[]][] = [
    [{ perConnection: 10 }, ["192.0.2.1"]],
    [{ perAddress: 10 }, ["192.0.2.1", "192.0.2.1"]],
    [{ perNetwork: 10 }, ["192.0.2.1", "192.0.2.9"]],
    [{ perNetwork: 10 }, ["2001:db8:0:100::1", "2001:db8:0:1ff::1"]],
  ];
  for (const [limit, hosts] of cases) {
    const ledger = new Ledger(bytes(limit));
    const accounts = hosts.map((host) => ledger.open(host));
    const [first, last] = [accounts[0]!, accounts.at(-1)!];
    assert.ok(first.hold("bytes", 6));
    assert.equal(last.room("bytes"), 4);
    assert.equal(last.hold("bytes", 5), false);
    assert.ok(last.hold("bytes", 4), "what was refused is not held");
    assert.equal(first.room("bytes"), 0);
    const strangers = ["198.51.100.1", "2001:db8:0:200::1"].map((host) => ledger.open(host));
    for (const stranger of strangers) assert.ok(stranger.hold("bytes", 10), "others may");
    first.release("bytes", 6);
    assert.equal(last.room("bytes"), 6);
    first.close();
    last.close();
    assert.equal(last.hold("bytes", 1), false, "it is closed");
    assert.ok(ledger.open(hosts[0]!).hold("bytes", 10), "all was given back");
    assert.equal(ledger.stats.bytes.held, 30);
    assert.equal(ledger.stats.bytes.refused, 1);
  }
});

Deno.test("Resources are counted apart, with their peaks", () => {
  const ledger = new Ledger(bytes({ perConnection: 10 }));
  const account = ledger.open("192.0.2.1");
  for (const held of [9, 3]) {
    assert.ok(account.hold("bytes", held) && account.hold("files", 2 * held));
    account.release("bytes", held);
    account.release("files", held);
  }
  const { bytes: memory, files, connections } = ledger.stats;
  assert.deepEqual(memory, { held: 0, peak: 9, refused: 0, evicted: 0 });
  assert.deepEqual(files, { held: 12, peak: 18, refused: 0, evicted: 0 });
  assert.deepEqual(connections, { held: 0, peak: 0, refused: 0, evicted: 0 });
});

Deno.test("Nothing is given back twice", () => {
  const ledger = new Ledger(bytes({}));
  const [one, other] = [ledger.open("192.0.2.1"), ledger.open("192.0.2.1")];
  one.hold("bytes", 5);
  other.hold("bytes", 7);
  one.release("bytes", 6);
  assert.equal(ledger.stats.bytes.held, 7);
  other.close();
  other.release("bytes", 7);
  other.close();
  assert.equal(ledger.stats.bytes.held, 0);
});

Deno.test("When all is used up, the greediest of the greediest network goes", () => {
  const ledger = new Ledger(bytes({ total: 100 }));
  const many = ["192.0.2.1", "192.0.2.1", "192.0.2.2"].map((host) => ledger.open(host));
  const single = ledger.open("198.51.100.1");
  const late = ledger.open("203.0.113.1");
  const evicted = evictions(...many, single, late);
  [15, 16, 20].forEach((amount, i) => assert.ok(many[i]!.hold("bytes", amount)));
  assert.ok(single.hold("bytes", 49));
  // The network 192.0.2.0/24 holds 51, its address .1 of it 31, and its second connection 16.
  assert.ok(late.hold("bytes", 10));
  assert.deepEqual(evicted, [1]);
  // Now it is the single one with its 49.
  assert.ok(late.hold("bytes", 6));
  assert.deepEqual(evicted, [1]);
  assert.ok(late.hold("bytes", 14));
  assert.deepEqual(evicted, [1, 3]);
  assert.ok(many[1]!.isClosed && single.isClosed);
  assert.equal(ledger.stats.bytes.held, 15 + 20 + 30);
  assert.equal(ledger.stats.bytes.evicted, 2);
});

Deno.test("The greediest goes even if it is the one that asks, and the others stay", () => {
  const ledger = new Ledger(bytes({ total: 100 }));
  const [modest, greedy] = [ledger.open("192.0.2.1"), ledger.open("198.51.100.1")];
  const evicted = evictions(modest, greedy);
  assert.ok(modest.hold("bytes", 20) && greedy.hold("bytes", 70));
  assert.equal(greedy.hold("bytes", 11), false);
  assert.deepEqual(evicted, [1]);
  assert.ok(modest.hold("bytes", 80), "all the rest is free again");
});

Deno.test("No other has to go for what one alone may not have", () => {
  const ledger = new Ledger(bytes({ perConnection: 50, total: 60 }));
  const [one, other] = [ledger.open("192.0.2.1"), ledger.open("198.51.100.1")];
  const evicted = evictions(one, other);
  assert.ok(one.hold("bytes", 30));
  assert.equal(other.hold("bytes", 51), false);
  assert.deepEqual(evicted, []);
});

Deno.test("Proofs raise the share of an address and its network, and fade", () => {
  const ledger = new Ledger(bytes({ perAddress: 10, perNetwork: 20 }));
  const account = ledger.open("192.0.2.1");
  for (let i = 0; i < PROOFS_PER_SHARE; i++) account.prove();
  assert.equal(account.room("bytes"), 20);
  for (let i = 0; i < 10 * PROOFS_PER_SHARE; i++) account.prove();
  assert.equal(account.room("bytes"), 10 * MAX_SHARE_FACTOR);
  account.close();
  assert.equal(ledger.open("192.0.2.1").room("bytes"), 10 * MAX_SHARE_FACTOR, "it is remembered");
  assert.equal(ledger.open("192.0.2.2").room("bytes"), 10, "another address is not raised");
  ledger.advance(5 * REPUTE_HALF_LIFE);
  assert.equal(ledger.open("192.0.2.1").room("bytes"), 10);
});

Deno.test("Whose share is raised is not greedy for using it", () => {
  const ledger = new Ledger(bytes({ total: 100 }));
  const [proven, other] = [ledger.open("192.0.2.1"), ledger.open("198.51.100.1")];
  const evicted = evictions(proven, other);
  for (let i = 0; i < PROOFS_PER_SHARE; i++) proven.prove();
  assert.ok(proven.hold("bytes", 60) && other.hold("bytes", 31));
  assert.equal(other.hold("bytes", 10), false);
  assert.deepEqual(evicted, [1]);
});

Deno.test("Balancers have no share of their own: each of their connections is by itself", () => {
  const exempt = [IpPrefix.parse("10.0.0.0/8")!];
  const ledger = new Ledger(bytes({ perConnection: 40, perAddress: 10, total: 100 }), exempt);
  const through = Array.from({ length: 3 }, () => ledger.open("10.1.2.3"));
  const direct = ledger.open("192.0.2.1");
  const evicted = evictions(...through, direct);
  [30, 31, 29].forEach((amount, i) => assert.ok(through[i]!.hold("bytes", amount)));
  assert.equal(through[0]!.hold("bytes", 11), false, "a connection is one all the same");
  for (let i = 0; i < 3; i++) through[i]!.prove();
  assert.ok(direct.hold("bytes", 10));
  assert.deepEqual(evicted, []);
  assert.ok(through[0]!.hold("bytes", 5));
  assert.deepEqual(evicted, [1], "the greediest connection, not the greediest balancer");
});

Deno.test("What a connection holds goes with it to another address", () => {
  const ledger = new Ledger(bytes({ perAddress: 10, perNetwork: 15 }));
  const account = ledger.open("192.0.2.1");
  account.hold("bytes", 8);
  account.moveTo("192.0.2.2");
  const [left, joined] = ["192.0.2.1", "192.0.2.2"].map((host) => ledger.open(host));
  assert.equal(left!.room("bytes"), 7);
  assert.equal(joined!.room("bytes"), 2);
  account.moveTo("198.51.100.1");
  assert.equal(left!.room("bytes"), 10);
  assert.equal(account.room("bytes"), 2);
  account.close();
  assert.equal(ledger.open("198.51.100.1").room("bytes"), 10);
});

Deno.test("What is there already makes the greediest go, of the peers that share in what is used up", () => {
  const cases: [limit: Partial<Limit>, hosts: string[], more: number, goes: number][] = [
    [{ perConnection: 10 }, ["192.0.2.1"], 9, 0],
    [{ perAddress: 10 }, ["192.0.2.1", "192.0.2.1", "192.0.2.7"], 2, 1],
    [{ perNetwork: 10 }, ["192.0.2.1", "192.0.2.9", "198.51.100.1"], 2, 1],
    [{ total: 20 }, ["192.0.2.1", "198.51.100.1", "203.0.113.1"], 4, 2],
  ];
  for (const [limit, hosts, more, goes] of cases) {
    const ledger = new Ledger(bytes(limit));
    const accounts = hosts.map((host) => ledger.open(host));
    const evicted = evictions(...accounts);
    accounts.forEach((account, i) => account.insist("bytes", [2, 7, 8][i]!));
    assert.deepEqual(evicted, [], JSON.stringify(limit));
    const first = accounts[0]!;
    first.insist("bytes", more);
    assert.deepEqual(evicted, [goes], JSON.stringify(limit));
    assert.equal(first.held("bytes"), goes === 0 ? 0 : 2 + more);
    first.close();
    first.insist("bytes", 100);
    assert.equal(first.held("bytes"), 0);
  }
});

Deno.test("All addresses of an IPv6 link are one", () => {
  const ledger = new Ledger(bytes({ perAddress: 10, perNetwork: 20 }));
  const [one, other, next] = ["2001:db8::1", "2001:db8::ffff:1:2", "2001:db8:0:1::1"]
    .map((host) => ledger.open(host));
  assert.ok(one!.hold("bytes", 8));
  assert.equal(other!.hold("bytes", 3), false);
  assert.ok(next!.hold("bytes", 10));
  assert.equal(other!.room("bytes"), 2);
});

Deno.test("Handshakes that came to nothing make greedy, for a while, and proofs make up for them", () => {
  const limits = { ...bytes({}), handshakes: FREE };
  const ledger = new Ledger(limits);
  const [struck, other] = [ledger.open("192.0.2.1"), ledger.open("192.0.2.2")];
  for (const account of [other, struck]) account.hold("handshakes", 1);
  assert.equal(ledger.greediest("handshakes"), struck, "the older one of two alike");
  other.strike();
  assert.equal(ledger.greediest("handshakes"), other);
  assert.equal(ledger.greediest("handshakes", [struck]), struck);
  other.prove();
  assert.equal(ledger.greediest("handshakes"), struck);
  for (let i = 0; i < 8; i++) other.strike();
  other.close();
  assert.equal(ledger.look("192.0.2.2").address.strikes, 8, "it is remembered");
  assert.equal(ledger.look("192.0.2.9").network.strikes, 8);
  ledger.advance(3 * STRIKE_HALF_LIFE);
  assert.equal(ledger.look("192.0.2.2").address.strikes, 1);
});

Deno.test("Looking at an address leaves nothing behind, and what is remembered is bounded", () => {
  const map = new ShareMap({ bytes: 1, files: 1, handshakes: 1, connections: 1 });
  map.look("192.0.2.1", 0);
  assert.equal(map.size, 0);
  const share = map.join("192.0.2.1", 0);
  assert.equal(map.look("192.0.2.1", 0), share);
  map.leave("192.0.2.1", share);
  assert.equal(map.size, 0);
  const repute = new Repute(1_000);
  for (let i = 0; i < MAX_REPUTES + 100; i++) repute.add(`place ${i}`, 1, i);
  assert.equal(repute.size, MAX_REPUTES);
  assert.equal(repute.count("place 99", MAX_REPUTES), 0, "the oldest are forgotten");
  assert.ok(repute.count("place 100", MAX_REPUTES) > 0);
});
