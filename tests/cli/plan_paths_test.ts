import assert from "node:assert/strict";
import { UsageError } from "../../cli/console/failure.ts";
import { doubled, planPaths, readTarget, targetText } from "../../cli/paths/plan_paths.ts";

const eth = { name: "eth0", pattern: "eth0", addresses: ["192.0.2.1", "2001:db8::1"] };
const wlan = { name: "wlan0", pattern: "wlan0", addresses: ["198.51.100.1"] };
const usb = { name: "usb0", pattern: "usb*", addresses: ["203.0.113.1"] };
const usb1 = { name: "usb1", pattern: "usb*", addresses: ["203.0.113.2"] };
const gone = { name: "ppp", pattern: "ppp*", addresses: [] };
const literal = { name: "127.0.0.2", pattern: "127.0.0.2", addresses: ["127.0.0.2"] };
const second = { hostname: "198.51.100.100", port: 6121 };
const third = { hostname: "203.0.113.100", port: 7000 };

/** What the library is told of each path. */
function wishes(...given: Parameters<typeof planPaths>): [string | undefined, string][] {
  return planPaths(...given).map(({ localAddress, remotes }) => [
    localAddress,
    remotes.map(targetText).join(),
  ]);
}

Deno.test("planPaths() gives the first interface the URL and interface n+1 the nth -mip", () => {
  assert.deepEqual(planPaths([eth, wlan, usb], [[second], [third]]), [
    { interfaceName: "eth0", localAddress: "eth0", addresses: eth.addresses, remotes: [] },
    { interfaceName: "wlan0", localAddress: "wlan0", addresses: wlan.addresses, remotes: [second] },
    { interfaceName: "usb0", localAddress: "usb0", addresses: usb.addresses, remotes: [third] },
  ]);
});

Deno.test("planPaths() leads all interfaces to wherever the server is when there is no -mip", () => {
  assert.deepEqual(wishes([eth, wlan, literal], []), [["eth0", ""], ["wlan0", ""], [
    "127.0.0.2",
    "",
  ]]);
});

Deno.test("planPaths() leaves the paths to the library without interfaces", () => {
  assert.deepEqual(planPaths([], []), []);
});

Deno.test("planPaths() wishes for interfaces by what they are called, there or not", () => {
  // A beginning of a name is one wish, which may come to mean more interfaces.
  assert.deepEqual(wishes([usb, usb1, gone], []), [["usb*", ""], ["ppp*", ""]]);
  assert.deepEqual(wishes([eth, gone], [[second]]), [["eth0", ""], [
    "ppp*",
    "198.51.100.100:6121",
  ]]);
  assert.deepEqual(wishes([eth, eth], []), [["eth0", ""], ["eth0", ""]], "it was named twice");
});

Deno.test("planPaths() refuses an address of another family, but an interface may get one", () => {
  const six = { hostname: "2001:db8::100", port: 6121 };
  assert.deepEqual(wishes([eth, wlan], [[six]])[1], ["wlan0", "[2001:db8::100]:6121"]);
  assert.deepEqual(wishes([eth, literal], [[six, third]])[1]![0], "127.0.0.2");
  assert.throws(() => planPaths([eth, literal], [[six]]), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /\[2001:db8::100\]:6121 from 127.0.0.2: it has no IPv6 address/);
    return true;
  });
});

Deno.test("planPaths() refuses a -mip list that does not fit -n", () => {
  const cases: [Parameters<typeof planPaths>[0], Parameters<typeof planPaths>[1], RegExp][] = [
    [[eth, wlan], [[second], [third]], /2 interfaces of -n with 2 addresses of -mip: -mip needs 1/],
    [[eth, wlan, usb], [[second]], /3 interfaces of -n with 1 address of -mip: -mip needs 2/],
    [[eth], [[second]], /1 interface of -n with 1 address of -mip: name at least two/],
    [[], [[second]], /0 interfaces of -n with 1 address of -mip: name at least two/],
  ];
  for (const [interfaces, mip, pattern] of cases) {
    assert.throws(() => planPaths(interfaces, mip), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, pattern);
      return true;
    });
  }
});

Deno.test("doubled() makes two paths of one interface, or of none", () => {
  assert.deepEqual(wishes(doubled([eth]), []), [["eth0", ""], ["eth0", ""]]);
  const second = { hostname: "198.51.100.100", port: 1 };
  assert.deepEqual(wishes(doubled([]), [[second]]), [[undefined, ""], [
    undefined,
    "198.51.100.100:1",
  ]]);
});

Deno.test("readTarget() reads hosts and addresses with and without port", () => {
  const cases: [string, string, number][] = [
    ["192.0.2.7", "192.0.2.7", 6121],
    ["192.0.2.7:443", "192.0.2.7", 443],
    ["b.example", "b.example", 6121],
    ["b.example:8443", "b.example", 8443],
    ["2001:db8::7", "2001:db8::7", 6121],
    ["[2001:db8::7]", "2001:db8::7", 6121],
    ["[2001:db8::7]:443", "2001:db8::7", 443],
  ];
  for (const [text, hostname, port] of cases) {
    assert.deepEqual(readTarget(text, 6121), { hostname, port }, text);
  }
});

Deno.test("readTarget() refuses what is no address", () => {
  const texts = ["", ":443", "h:0", "h:65536", "h:x", "[::1", "[h]:1", "a:b:c", "https://h", "a b"];
  for (const text of texts) {
    assert.throws(() => readTarget(text, 6121), UsageError, text);
  }
});

Deno.test("targetText() writes IPv6 addresses in brackets", () => {
  assert.equal(targetText({ hostname: "::1", port: 1 }), "[::1]:1");
  assert.equal(targetText({ hostname: "h", port: 1 }), "h:1");
});
