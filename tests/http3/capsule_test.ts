import assert from "node:assert/strict";
import { concatBytes, fromHex } from "../../src/bytes/bytes.ts";
import { type CapsuleOptions, CapsuleReader, encodeCapsule } from "../../src/http3/wire/capsule.ts";
import { frameHeader } from "../../src/http3/wire/frame.ts";

/** A stream of these bytes in chunks of a size. */
function reader(bytes: Uint8Array, size?: number, options?: CapsuleOptions): CapsuleReader {
  let at = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += size ?? bytes.length));
    },
  });
  return new CapsuleReader(stream, options);
}

Deno.test("CapsuleReader hands on the types asked for, however they are cut", async () => {
  const bytes = concatBytes(
    encodeCapsule(0x00, fromHex("0102")),
    encodeCapsule(0x2843, new Uint8Array(5_000)),
    encodeCapsule(0x1d, new Uint8Array(0)),
    encodeCapsule(0x00, new Uint8Array(300).fill(7)),
  );
  for (const size of [1, 3, 64, bytes.length]) {
    const capsules = reader(bytes, size, { types: [0x00, 0x1d] });
    assert.deepEqual(await capsules.next(), { type: 0, value: fromHex("0102") });
    assert.deepEqual(await capsules.next(), { type: 0x1d, value: fromHex("") });
    assert.equal((await capsules.next())!.value.length, 300);
    assert.equal(await capsules.next(), undefined);
  }
});

Deno.test("encodeCapsule() refuses a value that is no Uint8Array", () => {
  assert.throws(() => encodeCapsule(0x00, "text" as unknown as Uint8Array), TypeError);
});

Deno.test("CapsuleReader refuses streams that end within a capsule", async () => {
  const whole = encodeCapsule(0x00, new Uint8Array(100));
  for (let length = 1; length < whole.length; length++) {
    await assert.rejects(reader(whole.subarray(0, length)).next(), {
      name: "StreamError",
      code: 0x10e,
    });
  }
  const unknown = encodeCapsule(0x21, new Uint8Array(100)).subarray(0, 50);
  await assert.rejects(reader(unknown).next(), { code: 0x10e });
});

Deno.test("CapsuleReader does not hold more than it may", async () => {
  const options = { maxSize: 100 };
  assert.ok(await reader(encodeCapsule(0, new Uint8Array(100)), 10, options).next());
  await assert.rejects(reader(encodeCapsule(0, new Uint8Array(101)), 10, options).next(), {
    code: 0x107,
  });
  await assert.rejects(reader(frameHeader(0, 2 ** 40)).next(), { code: 0x107 });
});
