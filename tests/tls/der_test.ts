import assert from "node:assert/strict";
import { checkDer, DerError } from "../../src/tls/x509/der.ts";
import { make } from "./authority.ts";

const right = ["0500", "3000", "0101ff", "010100", "30060101ff020100"];

Deno.test("checkDer() takes one value, however deep", async () => {
  const long = `048180${"00".repeat(0x80)}`;
  const values = [...right, long].map((hex) => Uint8Array.fromHex(hex));
  for (const value of [...values, (await make(undefined)).der]) {
    assert.doesNotThrow(() => checkDer(value));
  }
});

Deno.test("checkDer() refuses what is not DER", () => {
  const wrong = {
    "nothing": "",
    "a tag alone": "30",
    "a length that is cut": "3082",
    "less than it says": "0402aa",
    "bytes behind": "050000",
    "a value behind": "05000500",
    "a value inside that reaches out": "300304020000",
    "bytes behind a value inside": "3003050001",
    "a length without end": "30800000",
    "a long form for a short length": "048101aa",
    "zeros before a length": "04820080" + "00".repeat(0x80),
    "a length of four bytes": "048400000001aa",
    "true as 1": "010101",
    "a truth value of two bytes": "0102ffff",
    "a truth value without any": "0100",
    "a long tag": "1f010100",
  };
  for (const [what, hex] of Object.entries(wrong)) {
    assert.throws(() => checkDer(Uint8Array.fromHex(hex)), DerError, what);
  }
});

Deno.test("checkDer() refuses a certificate that is cut anywhere, or has a byte more", async () => {
  const { der } = await make(undefined);
  for (let i = 0; i < der.length; i++) assert.throws(() => checkDer(der.subarray(0, i)), DerError);
  assert.throws(() => checkDer(Uint8Array.of(...der, 0)), DerError);
});
