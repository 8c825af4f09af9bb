import assert from "node:assert/strict";
import { connectTcp } from "../../src/proxy/connect_tcp.ts";
import { Destinations } from "../../src/proxy/destinations.ts";
import { ProxyError } from "../../src/proxy/proxy_client.ts";
import { within } from "../http3/raw_peer.ts";
import { farSide, says, TcpHost } from "./far_side.ts";

const strict = new Destinations({ self: ["9.9.9.9"] }, () => ["8.8.4.4", "2606:4700::1"]);

const good = [
  "8.8.8.8",
  "1.0.0.1",
  "172.32.0.1",
  "192.0.1.1",
  "198.20.0.1",
  "100.128.0.1",
  "2606:4700::1111",
  "2a00:1450::1",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
  "2002:808:808::1",
  "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
];

const bad = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "10.255.255.255",
  "100.64.0.1",
  "100.127.255.255",
  "127.0.0.1",
  "127.1.2.3",
  "127.255.255.255",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "192.168.0.1",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::2",
  "::127.0.0.1",
  "::8.8.8.8",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:10.0.0.1",
  "::ffff:0.0.0.0",
  "::ffff:169.254.169.254",
  "0:0:0:0:0:ffff:c0a8:1",
  "64:ff9b::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::10.0.0.1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::1",
  "64:ff9b:1:ffff::8.8.8.8",
  "2002:7f00:1::1",
  "2002:a00:1::1",
  "2002:c0a8:1::1",
  "2002::1",
  "2001:0:4136:e378:8000:63bf:80ff:fffe",
  "2001::1",
  "2001:2::1",
  "2001:10::1",
  "2001:db8::1",
  "3fff::1",
  "100::1",
  "5f00::1",
  "fc00::1",
  "fd12:3456::1",
  "fe80::1",
  "febf::1",
  "fec0::1",
  "ff02::1",
  "ff0e::1",
  "4000::1",
  // The proxy's own: by an interface, by what it was told, and in the form of IPv6.
  "8.8.4.4",
  "::ffff:8.8.4.4",
  "9.9.9.9",
  "2606:4700:0::0:1",
];

Deno.test("a proxy judges addresses by their bytes, in whatever form they come", () => {
  assert.ok(bad.length >= 60);
  for (const address of good) {
    assert.equal(strict.objection(address, 443, "tcp"), undefined, address);
  }
  for (const address of bad) {
    assert.ok(strict.objection(address, 443, "tcp"), address);
    assert.ok(strict.objection(address, 443, "udp"), address);
  }
  for (const name of ["localhost", "", "1.2.3", "0x7f.1"]) {
    assert.equal(strict.objection(name, 443, "tcp"), "it is no address", name);
  }
});

Deno.test("a proxy allows and refuses networks as it is told", () => {
  const own = new Destinations({
    allow: ["10.0.0.0/8", "::1", "127.0.0.1"],
    refuse: ["10.1.0.0/16", "8.8.8.0/24"],
    allowUdpPorts: [53],
  }, () => []);
  for (const address of ["10.0.0.1", "::1", "127.0.0.1", "::ffff:127.0.0.1", "1.1.1.1"]) {
    assert.equal(own.objection(address, 443, "tcp"), undefined, address);
  }
  for (const address of ["10.1.0.1", "8.8.8.8", "::ffff:8.8.8.8", "127.0.0.2", "192.168.0.1"]) {
    assert.ok(own.objection(address, 443, "tcp"), address);
  }
  for (
    const [port, transport, isGood] of [
      [25, "tcp", false],
      [25, "udp", false],
      [53, "tcp", true],
      [53, "udp", true],
      [123, "udp", false],
      [123, "tcp", true],
      [11_211, "udp", false],
      [443, "udp", true],
    ] as const
  ) {
    assert.equal(own.objection("1.1.1.1", port, transport) === undefined, isGood, `${port}`);
  }
  assert.ok(strict.objection("1.1.1.1", 53, "udp"), "unless it is allowed");
});

Deno.test("a proxy refuses names and numbers that stand for its own machine", async () => {
  const { server, url, client } = farSide({ allow: [] });
  await using _ = server;
  const hosts = [
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
  ];
  for (const host of hosts) {
    await assert.rejects(within(connectTcp(url, `${host}:443`, client)), (error) => {
      assert.ok(error instanceof ProxyError, host);
      // Where the system does not take a number for an address, it is a name that is not known.
      const type = error.type === "dns_error" ? "destination_ip_prohibited" : error.type;
      assert.equal(type, "destination_ip_prohibited", host);
      return true;
    });
  }
  for (const host of ["[fe80::1%1]", "[::1", "a b", "", "[v1.x]", "user@host"]) {
    await assert.rejects(within(connectTcp(url, `${host}:443`, client)), TypeError, host);
  }
});

Deno.test("a proxy connects to the address that it has judged, and asks once", async () => {
  await using host = new TcpHost(says(""));
  const port = host.target.split(":")[1];
  let asked = 0;
  // The second answer would lead to the proxy's own machine.
  const answers = [["8.8.8.8"], ["127.0.0.1"]];
  const { server, url, client } = farSide({
    allow: [],
    connectTimeout: 300,
    resolve: () => Promise.resolve(answers[asked++]!),
  });
  await using _ = server;
  await assert.rejects(within(connectTcp(url, `twice.example:${port}`, client)));
  assert.equal(asked, 1);
  await assert.rejects(within(connectTcp(url, `twice.example:${port}`, client)), {
    type: "destination_ip_prohibited",
  });
  assert.equal(host.open.size, 0);
});

Deno.test("a proxy judges each address of a name, and takes one that is good", async () => {
  await using host = new TcpHost(says("hello"));
  const port = host.target.split(":")[1];
  const { server, url, client } = farSide({
    allow: ["127.0.0.1"],
    resolve: () => Promise.resolve(["127.0.0.2", "::1", "127.0.0.1"]),
  });
  await using _ = server;
  const tunnel = await within(connectTcp(url, `several.example:${port}`, client));
  assert.equal(await within(new Response(tunnel.readable).text()), "hello");
  tunnel.writable.close();
});
