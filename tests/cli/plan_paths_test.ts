import assert from "node:assert/strict";
import { UsageError } from "../../cli/failure.ts";
import { doubled, planPaths, readTarget, targetText } from "../../cli/plan_paths.ts";

const eth = { name: "eth0", addresses: ["192.0.2.1", "2001:db8::1"] };
const wlan = { name: "wlan0", addresses: ["198.51.100.1"] };
const usb = { name: "usb0", addresses: ["203.0.113.1"] };
const url = { hostname: "192.0.2.100", port: 6121 };
const second = { hostname: "198.51.100.100", port: 6121 };
const third = { hostname: "203.0.113.100", port: 7000 };

Deno.test("planPaths() gives the first interface the URL and interface n+1 the nth -mip", () => {
  assert.deepEqual(planPaths([eth, wlan, usb], [second, third], url), [
    { interfaceName: "eth0", localAddress: "192.0.2.1", remote: url },
    { interfaceName: "wlan0", localAddress: "198.51.100.1", remote: second },
    { interfaceName: "usb0", localAddress: "203.0.113.1", remote: third },
  ]);
});

Deno.test("planPaths() sends all interfaces to the URL when there is no -mip", () => {
  const plan = planPaths([eth, wlan], [], url);
  assert.deepEqual(plan.map((path) => path.remote), [url, url]);
  assert.deepEqual(plan.map((path) => path.localAddress), ["192.0.2.1", "198.51.100.1"]);
});

Deno.test("planPaths() leaves the local address to the system without interfaces", () => {
  const named = { hostname: "server.example", port: 443 };
  assert.deepEqual(planPaths([], [], named), [
    { interfaceName: undefined, localAddress: undefined, remote: named },
  ]);
});

Deno.test("planPaths() picks the address of the server's family", () => {
  const six = { hostname: "2001:db8::100", port: 6121 };
  assert.equal(planPaths([eth], [], six)[0]!.localAddress, "2001:db8::1");
  assert.throws(() => planPaths([eth, wlan], [six], url), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /\[2001:db8::100\]:6121 from wlan0: it has no IPv6 address/);
    return true;
  });
});

Deno.test("planPaths() refuses a -mip list that does not fit -n", () => {
  const cases: [Parameters<typeof planPaths>[0], Parameters<typeof planPaths>[1], RegExp][] = [
    [[eth, wlan], [second, third], /2 interfaces of -n with 2 addresses of -mip: -mip needs 1/],
    [[eth, wlan, usb], [second], /3 interfaces of -n with 1 address of -mip: -mip needs 2/],
    [[eth], [second], /1 interface of -n with 1 address of -mip: name at least two/],
    [[], [second], /0 interfaces of -n with 1 address of -mip: name at least two/],
  ];
  for (const [interfaces, mip, pattern] of cases) {
    assert.throws(() => planPaths(interfaces, mip, url), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, pattern);
      return true;
    });
  }
});

Deno.test("doubled() makes two paths of one interface, or of none", () => {
  assert.deepEqual(planPaths(doubled([eth]), [], url), [
    { interfaceName: "eth0", localAddress: "192.0.2.1", remote: url },
    { interfaceName: "eth0", localAddress: "192.0.2.1", remote: url },
  ]);
  const plan = planPaths(doubled([]), [second], url);
  assert.deepEqual(plan.map((path) => path.remote), [url, second]);
  assert.deepEqual(plan.map((path) => path.localAddress), [undefined, undefined]);
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
