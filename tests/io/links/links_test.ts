import assert from "node:assert/strict";
import type { LocalAddress } from "../../../src/io/interfaces.ts";
import type { LinkFacts } from "../../../src/io/links/link_facts.ts";
import { judgeLinks } from "../../../src/io/links/link_judge.ts";
import { readRoutes4, readRoutes6, routeTo } from "../../../src/io/links/route.ts";

const ROUTES_4 =
  `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
usb0\t00000000\t012AA8C0\t0003\t0\t0\t700\t00000000\t0\t0\t0
wlan0\t0000A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0
usb0\t002AA8C0\t00000000\t0001\t0\t0\t700\t00FFFFFF\t0\t0\t0
eth0\t000000AC\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0
torn line
`;
const ROUTES_6 =
  `20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000258 00000001 00000000 00000001    wlan0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000258 00000002 00000000 00000003    wlan0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

const addresses: readonly LocalAddress[] = [
  { name: "lo", hostname: "127.0.0.1", family: "IPv4" },
  { name: "wlan0", hostname: "192.168.0.7", family: "IPv4" },
  { name: "wlan0", hostname: "2001:db8::7", family: "IPv6" },
  { name: "wlan0", hostname: "fe80::7", family: "IPv6" },
  { name: "usb0", hostname: "192.168.42.7", family: "IPv4" },
  { name: "eth0", hostname: "172.16.0.7", family: "IPv4" },
];

function facts(changes: Partial<LinkFacts> = {}): LinkFacts {
  return {
    addresses,
    routes: [...readRoutes4(ROUTES_4), ...readRoutes6(ROUTES_6)],
    bindsDevice: true,
    reversePathFilter: () => 0,
    isTunnel: (device) => device.startsWith("wg"),
    packetsSent: () => 7,
    router: () => undefined,
    ...changes,
  };
}

/** What stands in the way of each link, as `name kind`. */
function problems(changes: Partial<LinkFacts>, destination?: string): string[] {
  return judgeLinks(facts(changes), destination).flatMap(({ name, problems }) =>
    problems.map(({ kind, family }) => `${name} ${family} ${kind}`)
  );
}

Deno.test("Routes are read as the system writes them; what is torn or refuses is passed over", () => {
  const four = readRoutes4(ROUTES_4);
  assert.deepEqual(four.map(({ device, length }) => `${device}/${length}`), [
    "wlan0/0",
    "usb0/0",
    "wlan0/24",
    "usb0/24",
  ]);
  assert.deepEqual([four[0]!.gateway, four[0]!.metric, four[2]!.gateway], [
    "192.168.0.1",
    600,
    undefined,
  ]);
  const six = readRoutes6(ROUTES_6);
  assert.deepEqual(six.map(({ device, length, gateway }) => [device, length, gateway]), [
    ["wlan0", 64, undefined],
    ["wlan0", 0, "fe80::1"],
  ]);
});

Deno.test("routeTo() takes the longest prefix, then the smallest metric, of a device if asked", () => {
  const { routes } = facts();
  assert.equal(routeTo("203.0.113.9", routes!)!.device, "wlan0");
  assert.equal(routeTo("192.168.42.9", routes!)!.device, "usb0");
  assert.equal(routeTo("192.168.42.9", routes!)!.length, 24);
  assert.equal(routeTo("203.0.113.9", routes!, "usb0")!.gateway, "192.168.42.1");
  assert.equal(routeTo("203.0.113.9", routes!, "eth0"), undefined);
  assert.equal(routeTo("2001:db8:1::9", routes!)!.gateway, "fe80::1");
  assert.equal(routeTo("example.test", routes!), undefined);
});

Deno.test("judgeLinks() finds what keeps each link from being used", () => {
  assert.deepEqual(problems({}), ["eth0 IPv4 noRoute"]);
  assert.deepEqual(problems({ bindsDevice: false }), ["usb0 IPv4 otherLink", "eth0 IPv4 noRoute"]);
  const strict = (device: string) => device === "lo" ? 0 : 1;
  assert.deepEqual(problems({ reversePathFilter: strict }), [
    "usb0 IPv4 reversePathFilter",
    "eth0 IPv4 noRoute",
  ]);
  assert.deepEqual(problems({ reversePathFilter: () => 2 }), ["eth0 IPv4 noRoute"]);
  assert.deepEqual(problems({ reversePathFilter: () => undefined }), ["eth0 IPv4 noRoute"]);
  assert.deepEqual(problems({ routes: undefined }), []);
  assert.deepEqual(problems({}, "2001:db8:9::1"), []);
  assert.deepEqual(problems({ routes: readRoutes4(ROUTES_4) }, "2001:db8:9::1"), [
    "wlan0 IPv6 noRoute",
  ]);
});

Deno.test("judgeLinks() finds a tunnel that has the default route, whole or in two halves", () => {
  const half = (destination: string) => `wg0\t${destination}\t00000000\t0001\t0\t0\t0\t00000080`;
  const halves = readRoutes4(`\n${half("00000000")}\n${half("00000080")}\n`);
  const whole = readRoutes4("\nwg0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\n");
  const wg0: LocalAddress = { name: "wg0", hostname: "10.9.0.2", family: "IPv4" };
  for (const tunnel of [halves, whole]) {
    const routes = [...readRoutes4(ROUTES_4), ...tunnel];
    assert.deepEqual(problems({ routes, addresses: [...addresses, wg0] }, "203.0.113.9"), [
      "wlan0 IPv4 tunnel",
      "usb0 IPv4 tunnel",
      "eth0 IPv4 noRoute",
    ]);
  }
  // A socket that cannot be bound needs a rule to leave beside it.
  const unbound = { routes: [...readRoutes4(ROUTES_4), ...whole], bindsDevice: false };
  const [problem] = judgeLinks(facts(unbound), "203.0.113.9")[0]!.problems;
  assert.match(problem!.message, /leave by the tunnel wg0, .*, not by wlan0: .* --allow-ffi/);
  assert.deepEqual(problem!.cure, [
    "ip route add default via 192.168.0.1 dev wlan0 table 101",
    "ip rule add from 192.168.0.7 table 101",
  ]);
});

Deno.test("The cure of each problem has the machine's own names and addresses", () => {
  const cures = (changes: Partial<LinkFacts>) =>
    judgeLinks(facts(changes)).flatMap(({ problems }) => problems.flatMap(({ cure }) => cure));
  assert.deepEqual(cures({ bindsDevice: false }), [
    "ip route add default via 192.168.42.1 dev usb0 table 102",
    "ip rule add from 192.168.42.7 table 102",
    "ip route add default via ROUTER dev eth0 metric 1000",
  ]);
  assert.equal(
    cures({ reversePathFilter: () => 1 })[0],
    "sysctl -w net.ipv4.conf.usb0.rp_filter=2",
  );
  const routers: Record<string, string> = { eth0: "172.16.0.1" };
  const noRoute = "ip route add default via 172.16.0.1 dev eth0 metric 1000";
  assert.deepEqual(cures({ router: (device) => routers[device] }), [noRoute]);
  const tunnel = "ip route add default dev eth0 metric 1000";
  assert.deepEqual(cures({ isTunnel: (device) => device === "eth0" }), [tunnel]);
  const [first] = judgeLinks(facts({ routes: readRoutes4(ROUTES_4) }));
  const { message, cure } = first!.problems.find(({ family }) => family === "IPv6")!;
  assert.match(
    message,
    /by wlan0 with IPv6: no route leads on by it\. Add one by the link's router$/,
  );
  assert.deepEqual(cure, [
    `ip -6 route add default via "$(ip -6 neigh show dev wlan0 | awk '/ router / { print $1; exit }')" ` +
    "dev wlan0 metric 1000",
  ]);
  const eth0 = judgeLinks(facts()).find(({ name }) => name === "eth0")!;
  assert.match(eth0.problems[0]!.message, /the address of the link's router in place of ROUTER$/);
  const [wlan] = judgeLinks(facts());
  assert.deepEqual(wlan, {
    name: "wlan0",
    addresses: ["192.168.0.7", "2001:db8::7"],
    gateways: ["192.168.0.1", "fe80::1"],
    packetsSent: 7,
    problems: [],
  });
});
