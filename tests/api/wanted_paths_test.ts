import assert from "node:assert/strict";
import { dial, MultipathConnection } from "../../mod.ts";
import type { PathWish } from "../../src/api/options/options.ts";
import { WantedPaths } from "../../src/api/wanted_paths.ts";
import type { LocalAddress } from "../../src/io/interfaces.ts";
import type { Address } from "../../src/path/address/address.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";

const lo: LocalAddress = { name: "lo", hostname: "127.0.0.1", family: "IPv4" };
const eth0: LocalAddress = { name: "eth0", hostname: "10.0.0.1", family: "IPv4" };
const eth0v6: LocalAddress = { name: "eth0", hostname: "fd00::1", family: "IPv6" };
const wlan0: LocalAddress = { name: "wlan0", hostname: "10.0.1.1", family: "IPv4" };
const a = at("10.9.0.1");
const a6 = at("fd00::9");
const b = at("10.9.1.1");

function at(hostname: string): Address {
  return { transport: "udp", hostname, port: 443 };
}

/** The goals by name, each with its routes. */
function told(wanted: WantedPaths, all: readonly LocalAddress[]): string[] {
  return wanted.goals([a, a6], all).map(({ name, routes }) =>
    [name, ...routes.map(({ local, remote }) => `${local}>${remote.hostname}`)].join(" ")
  );
}

Deno.test("WantedPaths wants one path of each interface that is named, whatever its address is", () => {
  const paths: PathWish[] = [
    { localAddress: "lo*" }, // there must be something of each machine that tests run on
    { localAddress: "eth0" },
    { localAddress: "wlan*", remoteAddresses: [b] },
  ];
  const wanted = new WantedPaths({ paths }, ["10.9.0.1", "fd00::9"]);
  const toLo = "0 lo 127.0.0.1>10.9.0.1";
  const toEth0 = "1 eth0 10.0.0.1>10.9.0.1 fd00::1>fd00::9";
  assert.deepEqual(told(wanted, [lo, eth0, eth0v6]), [toLo, toEth0], "wlan0 has no address yet");
  assert.deepEqual(told(wanted, [lo, eth0, eth0v6, wlan0]), [
    toLo,
    toEth0,
    "2 wlan0 10.0.1.1>10.9.1.1",
  ]);
  const renewed = { ...eth0, hostname: "10.0.0.7" };
  assert.deepEqual(told(wanted, [lo, renewed]), [toLo, "1 eth0 10.0.0.7>10.9.0.1"]);
});

Deno.test("WantedPaths leaves it to the system where a path without a name begins", () => {
  const wanted = new WantedPaths({ paths: [{}, {}] }, ["10.9.0.1"]);
  const routes = "0.0.0.0>10.9.0.1 ::>fd00::9";
  assert.deepEqual(told(wanted, [lo]), [`0  ${routes}`, `1  ${routes}`]);
});

Deno.test("WantedPaths wants a path from each address when no interfaces are told apart", () => {
  const wanted = new WantedPaths({ localAddresses: ["127.0.0.1", "10.0.0.1"] }, ["10.9.0.1"]);
  const goals = ["127.0.0.1 127.0.0.1>10.9.0.1", "10.0.0.1 10.0.0.1>10.9.0.1"];
  assert.deepEqual(told(wanted, [lo, eth0]), goals);
});

Deno.test("WantedPaths refuses names of which nothing is there, and two ways to say it", () => {
  const paths = [{ localAddress: "no-such-interface" }];
  assert.throws(() => new WantedPaths({ paths }, ["10.9.0.1"]), /matches "no-such-interface"/);
  const both = { paths, localAddresses: ["127.0.0.1"] };
  assert.throws(() => new WantedPaths(both, ["10.9.0.1"]), /not both/);
});

/** A listener, and an address of the same machine at which no server answers. */
function site() {
  const listener = MultipathConnection.listen({
    port: 0,
    localAddresses: ["127.0.0.1", "127.0.0.2"],
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    alpnProtocols: ["mesh"],
  });
  const silence = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.5", port: 0 });
  const { port } = listener.addrs[0]!;
  const target = { hostname: "127.0.0.1", port, insecure: true, alpnProtocols: ["mesh"] };
  return { listener, target, silence, nowhere: silence.addr as Deno.NetAddr };
}

/** Waits until the connection has that many paths. */
async function pathsOf(connection: MultipathConnection, count: number): Promise<string[]> {
  for (let i = 0; i < 200 && connection.paths.length !== count; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return connection.paths.map(({ localAddr, remoteAddr }) =>
    `${localAddr.hostname}>${remoteAddr.hostname}`
  );
}

Deno.test("dial() takes the handshake of whichever path is answered first", async () => {
  const { listener, target, silence, nowhere } = site();
  await using _ = listener;
  try {
    const begun = performance.now();
    const dead = { localAddress: "127.0.0.3", remoteAddresses: [nowhere] };
    await using connection = await dial({
      ...target,
      paths: [dead, { localAddress: "127.0.0.4" }],
    });
    assert.deepEqual(await pathsOf(connection, 1), ["127.0.0.4>127.0.0.1"]);
    assert.ok(performance.now() - begun < 5_000, "no handshake has to time out first");
  } finally {
    silence.close();
  }
});

Deno.test("dial() passes over an address that the machine does not have", async () => {
  const { listener, target, silence } = site();
  await using _ = listener;
  try {
    // An address that the machine does not have cannot be bound to: the next is tried at once.
    const paths = [{ localAddress: "192.0.2.77" }, { localAddress: "127.0.0.4" }];
    await using connection = await dial({ ...target, paths });
    assert.deepEqual(await pathsOf(connection, 1), ["127.0.0.4>127.0.0.1"]);
  } finally {
    silence.close();
  }
});

Deno.test("dial() opens each path along the way that is wanted, twice the same if asked to", async () => {
  const { listener, target, silence } = site();
  await using _ = listener;
  try {
    const { port } = target;
    const second = { transport: "udp", hostname: "127.0.0.2", port } as const;
    const once = { localAddress: "127.0.0.3", remoteAddresses: [second] };
    await using connection = await dial({ ...target, paths: [once, once] });
    const route = "127.0.0.3>127.0.0.2";
    assert.deepEqual(await pathsOf(connection, 2), [route, route]);
  } finally {
    silence.close();
  }
});
