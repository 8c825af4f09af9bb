import assert from "node:assert/strict";
import {
  access,
  assemble,
  type Code,
  get,
  i32,
  i64,
  operation,
  repeatWhile,
  set,
  unless,
  ValueType,
} from "../../src/crypto/wasm_assembler.ts";

Deno.test("i32() and i64() write numbers of every size and sign", () => {
  for (let bits = 0; bits < 53; bits++) {
    for (const near of [-1, 0, 1]) {
      for (const value of [2 ** bits + near, -(2 ** bits) + near]) {
        if (Math.abs(value) < 2 ** 31) assert.equal(run(i32Store(value)).getInt32(0, true), value);
        assert.equal(Number(run(i64Store(value)).getBigInt64(0, true)), value);
      }
    }
  }
});

Deno.test("access() reaches offsets of every size", () => {
  for (const offset of [0, 127, 128, 16_383, 16_384, 131_000]) {
    const view = run(access(0x36, offset, i32(0), i32(77)));
    assert.equal(view.getInt32(offset, true), 77);
  }
});

Deno.test("repeatWhile() and unless() branch as they say", () => {
  // Adds 10, 9, ... 1, except for 4.
  const body = [
    ...set(0, i32(10)),
    ...repeatWhile(
      get(0),
      unless(operation(0x46, get(0), i32(4)), set(1, operation(0x6a, get(1), get(0)))),
      set(0, operation(0x6b, get(0), i32(1))),
    ),
    ...access(0x36, 0, i32(0), get(1)),
  ];
  assert.equal(run(body).getInt32(0, true), 51);
});

function i32Store(value: number): Code {
  return access(0x36, 0, i32(0), i32(value));
}

function i64Store(value: number): Code {
  return access(0x37, 0, i32(0), i64(value));
}

/** What the memory holds after a function with this body and two locals has run. */
function run(body: Code): DataView {
  const locals = [[2, ValueType.I32]] as const;
  const bytes = assemble(3, [{ name: "run", parameters: 0, locals, body }]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  (exports.run as () => void)();
  return new DataView((exports.memory as WebAssembly.Memory).buffer);
}
