import assert from "node:assert/strict";
import type { Link, LinkProblem } from "../../mod.ts";
import {
  adviceBeside,
  type CheckedLink,
  linkLines,
  verdict,
} from "../../cli/check/check_report.ts";
import { canBeUsed } from "../../cli/check/check_report.ts";
import { linkThatSent } from "../../cli/check/link_counters.ts";
import type { LinkTrial } from "../../cli/check/link_trial.ts";
import { readCheckOptions } from "../../cli/check/check_options.ts";
import { readNameServers, resolveInTime, silentResolver } from "../../cli/check/resolver.ts";

const wlan0 = link("wlan0", "192.168.0.7", "192.168.0.1");
const usb0 = link("usb0", "192.168.42.7", "192.168.42.1");

const otherLink: LinkProblem = {
  kind: "otherLink",
  family: "IPv4",
  message: "Packets from 192.168.42.7 leave by wlan0, not by usb0",
  cure: ["ip route add default via 192.168.42.1 dev usb0 table 102", "ip rule add x"],
};
const tunnel: LinkProblem = { ...otherLink, kind: "tunnel", message: "Beside wg0", cure: [] };

function link(name: string, address: string, gateway: string): Link {
  return { name, addresses: [address], gateways: [gateway], packetsSent: 100, problems: [] };
}

const answered: LinkTrial = {
  status: 200,
  failure: undefined,
  isHeard: true,
  device: "usb0",
  rtt: 12.34,
  size: 1232,
  ecn: "capable",
};
const silent: LinkTrial = {
  ...answered,
  status: undefined,
  isHeard: false,
  failure: "Nothing comes back by usb0",
};

function checked(problems: readonly LinkProblem[], trial?: LinkTrial): CheckedLink {
  return { link: { ...usb0, problems }, trial, mismatch: undefined };
}

Deno.test("check believes the system where nothing was sent, and an answer more than the system", () => {
  assert.equal(canBeUsed(checked([])), true);
  assert.equal(canBeUsed(checked([otherLink])), false);
  assert.equal(canBeUsed(checked([otherLink], answered)), true, "a rule sends by the link");
  assert.equal(canBeUsed(checked([otherLink], { ...answered, device: "wlan0" })), false);
  assert.equal(canBeUsed(checked([], { ...answered, device: "wlan0" })), false);
  assert.equal(canBeUsed(checked([], { ...answered, device: undefined })), true, "no counters");
  assert.equal(canBeUsed(checked([tunnel], answered)), true, "beside a tunnel, if that is meant");
  assert.equal(canBeUsed(checked([], silent)), false);
  assert.equal(canBeUsed({ ...checked([]), mismatch: "IPv6 only" }), false);
});

Deno.test("check prints what it measured, the problem in lines that fit, and the cure unbroken", () => {
  assert.deepEqual(linkLines(checked([], answered), 80), [
    "usb0: 192.168.42.7, via 192.168.42.1",
    "  The server answers 200, RTT 12.3 ms, datagrams of 1232 bytes, ECN",
  ]);
  assert.deepEqual(linkLines(checked([otherLink], { ...answered, device: "wlan0" }), 40), [
    "usb0: 192.168.42.7, via 192.168.42.1",
    "  The server answers 200, but by wlan0,",
    "  RTT 12.3 ms, datagrams of 1232 bytes,",
    "  ECN",
    "  Packets from 192.168.42.7 leave by",
    "  wlan0, not by usb0:",
    "    ip route add default via 192.168.42.1 dev usb0 table 102",
    "    ip rule add x",
  ]);
  const [, nothing, reason] = linkLines(checked([], silent), 200);
  assert.equal(nothing, "  Nothing comes back by usb0");
  assert.match(reason!, /drops UDP/);
  const strayed = linkLines(checked([], { ...answered, device: "wlan0" }), 200).at(-1)!;
  assert.match(strayed, /meant for usb0 leave by wlan0: a rule/);
  assert.equal(linkLines(checked([tunnel], answered), 80).at(-1), "  Beside wg0");
  assert.equal(verdict([checked([]), checked([], silent)]), "1 of 2 links can be used");
  assert.equal(verdict([]), "No link has an address that others can reach");
});

Deno.test("check tells how to go beside a tunnel, with what it was told itself", () => {
  const url = new URL("https://server.example/a?b=it's");
  const options = { url, insecure: true, caCert: undefined, crlFile: undefined };
  const beside = checked([tunnel], answered);
  assert.deepEqual(adviceBeside([beside, checked([])], options, 80), [
    "What is not named goes by the tunnel alone. To go beside it:",
    "    mpquic get -k -n usb0 -O 'https://server.example/a?b=it%27s'",
  ]);
  const trusting = { url: undefined, insecure: false, caCert: "it's.pem", crlFile: "a.crl" };
  const [, command] = adviceBeside([beside], trusting, 80);
  assert.equal(
    command,
    "    mpquic get --cacert 'it'\\''s.pem' --crlfile a.crl -n usb0 -O https://...",
  );
  assert.deepEqual(adviceBeside([checked([tunnel], silent), checked([])], options, 80), []);
  const unbound: LinkProblem = { ...tunnel, cure: ["ip rule add x"] };
  assert.equal(canBeUsed(checked([unbound])), false, "without a rule packets take the tunnel");
});

Deno.test("linkThatSent() takes the link that was meant if it sent enough, else the busiest", () => {
  const after = (wlan: number | undefined, usb: number) => [
    { ...wlan0, packetsSent: wlan },
    { ...usb0, packetsSent: usb },
  ];
  const before = after(100, 7);
  assert.equal(linkThatSent(before, after(900, 10), "usb0", 3), "usb0");
  assert.equal(linkThatSent(before, after(103, 9), "usb0", 3), "wlan0");
  assert.equal(linkThatSent(before, after(101, 7), "usb0", 3), undefined);
  assert.equal(linkThatSent(before, after(undefined, 7), "usb0", 3), undefined);
  assert.equal(linkThatSent(before, after(900, 10), "lo", 3), undefined, "lo is not counted");
});

Deno.test("a silent name server is asked by another link, if it is beyond the one that is silent", () => {
  assert.deepEqual(
    readNameServers("# x\nnameserver 9.9.9.9\nsearch a\n nameserver fd00::1\nnameserver x"),
    [
      "9.9.9.9",
      "fd00::1",
    ],
  );
  const told = silentResolver(["9.9.9.9"], () => wlan0, [wlan0, usb0]);
  assert.deepEqual(told, {
    message: "The name server 9.9.9.9 does not answer by wlan0: ask it by usb0",
    cure: ["ip route replace 9.9.9.9 via 192.168.42.1 dev usb0"],
  });
  const own = silentResolver(["192.168.0.1"], () => wlan0, [wlan0, usb0]);
  assert.deepEqual(own.cure, [], "no other link reaches the router of a link");
  assert.match(own.message, /by wlan0: name another one/);
  assert.deepEqual(silentResolver(["9.9.9.9"], () => wlan0, [wlan0]).cure, []);
  assert.deepEqual(silentResolver(["fd00::1"], () => wlan0, [wlan0, usb0]).cure, []);
  assert.match(silentResolver([], () => undefined, []).message, /^No name server answers/);
});

Deno.test("resolveInTime() gives addresses at once, and names that do not exist as a failure", async () => {
  assert.deepEqual(await resolveInTime("[::1]", 10_000), ["::1"]);
  await assert.rejects(resolveInTime("nosuch.invalid", 60_000), /Cannot find nosuch\.invalid/);
});

Deno.test("check takes one server, with or without https://, and says what it cannot take", () => {
  const options = (...args: string[]) => {
    const read = readCheckOptions(args);
    assert.ok(typeof read === "object");
    return read;
  };
  assert.equal(options().url, undefined);
  assert.equal(options("server.example:4433").url!.href, "https://server.example:4433/");
  assert.equal(options("-k", "https://[::1]:8443/x").url!.port, "8443");
  assert.deepEqual(options("-n", "wlan0,usb").interfaces, ["wlan0", "usb"]);
  assert.equal(options("--timeout", "0.5").timeout, 500);
  assert.throws(() => options("http://server.example/"), /begins with https/);
  assert.throws(() => options("a", "b"), /give one URL/);
  assert.throws(() => options("-k", "--cacert", "x"), /not both/);
  assert.throws(() => options("--verbos"), /no such flag/);
});
