import assert from "node:assert/strict";
import { concatBytes, fromHex } from "../../src/bytes/bytes.ts";
import { varints } from "../../src/http3/wire/frame.ts";
import { readSettings, writeSettings } from "../../src/http3/wire/settings.ts";

Deno.test("readSettings() returns what writeSettings() wrote", () => {
  const settings = { maxTableCapacity: 4096, blockedStreams: 16, maxFieldSectionSize: 65_536 };
  for (let i = 0; i < 100; i++) {
    const all = { ...settings, extendedConnect: i % 2 === 1, datagrams: i % 4 > 1 };
    assert.deepEqual(readSettings(writeSettings(all)), all);
  }
});

Deno.test("readSettings() takes what is missing as not granted", () => {
  assert.deepEqual(readSettings(varints()), {
    maxTableCapacity: 0,
    blockedStreams: 0,
    maxFieldSectionSize: Infinity,
    extendedConnect: false,
    datagrams: false,
  });
});

Deno.test("readSettings() passes over unknown identifiers, those beyond 2^53 twice", () => {
  const huge = fromHex("ffffffffffffffff00");
  assert.equal(readSettings(concatBytes(huge, huge, varints(7, 5))).blockedStreams, 5);
});
