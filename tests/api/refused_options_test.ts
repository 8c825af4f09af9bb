import assert from "node:assert/strict";
import { CLIENT_DEFAULTS, DEFAULTS } from "../../src/connection/config.ts";
import { configuredParameters } from "../../src/connection/parameters/local_parameters.ts";
import { transportConfig } from "../../src/api/options/transport_config.ts";
import { checkProtocols } from "../../src/api/options/protocols.ts";
import { Pair } from "../sim/pair.ts";
import { dialHere, listenHere } from "./loopback.ts";

Deno.test("Protocols whose names cannot be told are refused before anything is sent", async () => {
  const many = Array.from({ length: 80 }, (_, i) => "x".repeat(250) + i);
  for (const alpnProtocols of [[""], ["x".repeat(256)], ["é".repeat(128)], many]) {
    assert.throws(() => listenHere({ alpnProtocols }), TypeError);
    assert.throws(() => checkProtocols("connect", alpnProtocols), TypeError);
  }
  await using listener = listenHere({ alpnProtocols: ["x".repeat(255)] });
  await assert.rejects(dialHere(listener, { alpnProtocols: [""] }), TypeError);
  await assert.rejects(dialHere(listener, { serverName: "a".repeat(254) }), TypeError);
});

Deno.test("An interval that keeps nothing alive is refused", () => {
  const refused = [
    { keepAliveInterval: 30_000 },
    { keepAliveInterval: 5_000, maxIdleTimeout: 5_000 },
    { keepAliveInterval: 60_000, maxIdleTimeout: 40_000 },
  ];
  for (const options of refused) {
    assert.throws(() => transportConfig(options, CLIENT_DEFAULTS), /less than maxIdleTimeout/);
  }
  for (const maxIdleTimeout of [60_001, 0]) {
    transportConfig({ keepAliveInterval: 60_000, maxIdleTimeout }, CLIENT_DEFAULTS);
  }
});

Deno.test("min_ack_delay is never more than max_ack_delay, and peers connect with either", () => {
  for (const [maxAckDelay, least] of [[0, 0], [1, 1_000], [25, 1_000]] as const) {
    assert.equal(configuredParameters({ ...DEFAULTS, maxAckDelay }, "server").minAckDelay, least);
  }
  for (const maxAckDelay of [0, 1, 25]) {
    new Pair({ config: { maxAckDelay, ackFrequency: 4 }, paths: 2 }).connect();
  }
});

Deno.test("A path that cannot lead anywhere is refused at once, with what is wrong", async () => {
  await using listener = listenHere();
  await using connection = await dialHere(listener);
  const [path] = connection.paths;
  const refused = [["garbage", 1], ["localhost", 443], ["256.1.1.1", 5], ["", 5], [
    "::g",
    5,
  ]] as const;
  const all = [...refused, ["127.0.0.1", 0], ["127.0.0.1", 70_000], ["::1", 1.5]] as const;
  for (const [hostname, port] of all) {
    const remoteAddress = { transport: "udp", hostname, port } as const;
    const expected = {
      name: "TypeError",
      message: /^Cannot lead a path to .* a literal IP address/,
    };
    await assert.rejects(connection.openPath({ remoteAddress }), expected);
    await assert.rejects(async () => await path!.migrate({ remoteAddress }), expected);
  }
  assert.equal(connection.paths.length, 1);
});
