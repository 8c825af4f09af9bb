import assert from "node:assert/strict";
import { formatAddress } from "../../src/path/address/address.ts";
import { AddressAnnouncer } from "../../src/path/address/address_announcer.ts";
import { linkOf, Pair } from "./pair.ts";

function connected(loss = 0, seed = "addresses"): Pair {
  const link = linkOf(10, 44, { loss });
  return new Pair({ links: [link, link], serverAddresses: 3, seed }).connect();
}

/** The same to a client that knows ADD_ADDRESS and REMOVE_ADDRESS only. */
function connectedByNumbers(loss: number, seed: string): Pair {
  const { start } = AddressAnnouncer.prototype;
  AddressAnnouncer.prototype.start = function (_kind, limit) {
    start.call(this, "added", limit);
  };
  try {
    return connected(loss, seed);
  } finally {
    AddressAnnouncer.prototype.start = start;
  }
}

Deno.test("a client hears of the server's addresses, and of those withdrawn", () => {
  const pair = connected();
  const [, second, third] = pair.serverPorts.map((port) => port.address);
  pair.server.connection.announce([second!, third!]);
  pair.run({ until: pair.now + 500 });
  const listed = () =>
    pair.client.connection.remoteAddresses.list.map(({ address }) => formatAddress(address));
  assert.deepEqual(listed(), [second!, third!].map(formatAddress));
  assert.ok(pair.client.has("remoteAddresses"));

  pair.server.connection.announce([third!]);
  pair.run({ until: pair.now + 500 });
  assert.deepEqual(listed(), [formatAddress(third!)]);
});

Deno.test("announcements survive loss, and the newest counts", () => {
  const pair = connected(0.3);
  const addresses = pair.serverPorts.map((port) => port.address);
  for (let i = 0; i < 6; i++) {
    pair.server.connection.announce(i % 2 === 0 ? addresses : []);
    pair.run({ until: pair.now + 20 });
  }
  pair.server.connection.announce(addresses.slice(1, 2));
  pair.run({ until: pair.now + 20_000 });
  assert.equal(pair.client.connection.closing.open, true);
  const { list } = pair.client.connection.remoteAddresses;
  assert.deepEqual(list.map(({ address }) => address.hostname), [addresses[1]!.hostname]);
});

Deno.test("an address that comes back before its removal is known counts once, and can be withdrawn", () => {
  for (let i = 0; i < 20; i++) {
    const pair = connectedByNumbers(0.4, `numbers ${i}`);
    const [, second, third] = pair.serverPorts.map((port) => port.address);
    const settle = (time: number) => pair.run({ until: pair.now + time });
    const expect = (addresses: readonly { hostname: string }[]) => {
      settle(20_000);
      const { list } = pair.client.connection.remoteAddresses;
      const hostnames = list.map(({ address }) => address.hostname).sort();
      assert.deepEqual(hostnames, addresses.map(({ hostname }) => hostname).sort(), `seed ${i}`);
    };
    pair.server.connection.announce([second!, third!]);
    settle(i % 2 === 0 ? 2_000 : 3);
    pair.server.connection.announce([third!]);
    settle(3);
    pair.server.connection.announce([second!, third!]);
    if (i % 4 < 2) expect([second!, third!]);
    else settle(3);
    pair.server.connection.announce([third!]);
    expect([third!]);
    pair.server.connection.announce([]);
    expect([]);
    assert.equal(pair.client.connection.closing.open, true);
  }
});

Deno.test("each end hears which of its addresses the other sees, on every path", () => {
  const pair = connected();
  pair.run({ until: pair.now + 1_000 });
  for (const end of [pair.client, pair.server]) {
    const { paths } = end.connection.paths;
    assert.equal(paths.length, 2);
    for (const path of paths) {
      const seen = path.current.reports.ours;
      assert.ok(seen, `path ${path.id}`);
      const own = end.host.ports.map((port) => formatAddress(port.publicAddress));
      assert.ok(own.includes(formatAddress(seen)), formatAddress(seen));
    }
  }
});
