import assert from "node:assert/strict";
import { StreamError } from "../../mod.ts";
import { connectFailure, lostConnection } from "../../cli/console/connect_failure.ts";
import { Failure } from "../../cli/console/failure.ts";

function withCode(code: number, message: string): Error {
  return Object.assign(new Error(message), { code });
}

Deno.test("connectFailure() says what to do about each kind of failure", () => {
  const cases: [unknown, RegExp][] = [
    [new DOMException("late", "TimeoutError"), /Cannot reach h:1: nothing answers; check/],
    [
      Object.defineProperty(new DOMException("late", "TimeoutError"), "cause", {
        value: new Error("Network is unreachable (os error 101)"),
      }),
      /Cannot reach h:1: Network is unreachable \(os error 101\); check that .* is online/,
    ],
    [
      withCode(0x100 + 48, "Cannot verify the certificate: it is self-signed"),
      /Cannot trust the certificate of h:1: it is self-signed; .*--cacert FILE.*--insecure/,
    ],
    [
      withCode(0x100 + 45, "Cannot accept the certificate for a: it expired on Monday"),
      /: it expired on Monday; look whether the clock .* is right, or .*--insecure$/,
    ],
    [
      withCode(
        0x100 + 46,
        "Cannot accept the server's certificate for 2001:db8::1: it is good for a",
      ),
      /of h:1: it is good for a; name one of these in the URL, or .*--insecure$/,
    ],
    [
      withCode(
        0x100 + 46,
        "Cannot accept the server's certificate for a: it is good for no name at all",
      ),
      /of h:1: it is good for no name at all; .*--cacert FILE.*--insecure$/,
    ],
    [withCode(0x100 + 120, "no"), /Cannot speak HTTP\/3 with h:1/],
    [
      Object.assign(withCode(0x10, "Cannot reach h: no way"), { cause: new Error("No route") }),
      /Cannot reach h:1: No route; check that .* is online/,
    ],
    [withCode(0x02, "no"), /takes no connections now/],
    [new TypeError('Cannot resolve "h": no such host'), /Cannot find h:1: check its name/],
    [withCode(0x0a, "Cannot accept this: odd"), /Cannot connect to h:1: odd$/],
    ["odd", /Cannot connect to h:1: odd$/],
  ];
  for (const [error, pattern] of cases) {
    const failure = connectFailure(error, "h:1");
    assert.match(failure.message, pattern);
    assert.equal(failure.exitCode, 1);
  }
});

Deno.test({
  name: "connectFailure() names the permission to look names up, which that for a port is not",
  permissions: { net: ["h:1"] },
}, () => {
  const error = new TypeError('Cannot resolve "h": getaddrinfo EPERM h');
  const text = "Cannot ask for the address of h:1: run with --allow-net";
  assert.equal(connectFailure(error, "h:1").message, text);
});

Deno.test("connectFailure() leaves sentences that were made already", () => {
  const failure = new Failure("Cannot do it", 3);
  assert.equal(connectFailure(failure, "h:1"), failure);
});

Deno.test("lostConnection() knows a server that does not take our certificate", () => {
  const closed = (alert: number) =>
    withCode(0x100 + alert, "Cannot go on: the peer closed the connection, TLS alert");
  const cases: [alert: number, pattern: RegExp][] = [
    [44, /does not take our certificate, .*; show another one with --cert FILE$/],
    [48, /does not take our certificate, .*; show another one with --cert FILE$/],
    [116, /wants a certificate of its clients; show ours with --cert FILE$/],
  ];
  for (const [alert, pattern] of cases) {
    const ofStream = new StreamError(0x102, "Cannot go on", { cause: closed(alert) });
    for (const error of [closed(alert), ofStream]) {
      const { message, curlCode } = lostConnection(error, "a:1");
      assert.match(message, pattern);
      assert.equal(curlCode, 35, "nothing that passes");
    }
  }
});

Deno.test("lostConnection() tells a broken answer from a lost connection", () => {
  const broken = new StreamError(0x102, "Cannot read stream 0: the peer reset it");
  assert.match(lostConnection(broken, "h:1").message, /h:1 broke off its answer \(code 0x102\)/);
  assert.match(
    lostConnection(new Error("gone"), "h:1").message,
    /connection to h:1 was lost, gone/,
  );
});
