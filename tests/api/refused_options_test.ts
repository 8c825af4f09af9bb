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
