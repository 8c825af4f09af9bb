import assert from "node:assert/strict";
import { ByteBuffer } from "../../src/qpack/byte_buffer.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import type { FieldLine } from "../../src/qpack/field_line.ts";
import { writePrefixInt } from "../../src/qpack/prefix_int.ts";
import { publicVectors } from "../public_vectors.ts";

const folder = publicVectors("qpack/");
const ignore = folder === undefined;

Deno.test("QpackDecoder decodes what other encoders wrote", { ignore }, async (test) => {
  const files = [...list("encoded/qpack-05/")];
  assert.ok(files.length > 100, `${files.length} files`);
  for (const file of files) {
    const [name, , capacity, blocked] = file.slice(file.lastIndexOf("/") + 1).split(".");
    if (name === "examples") continue; // what is in them is not published
    const expected = read(name!);
    await test.step(file, async () => {
      const decoder = new QpackDecoder({
        maxTableCapacity: Number(capacity),
        maxBlockedStreams: Number(blocked),
      });
      // These files begin with the capacity they allow; since RFC 9204 it begins at 0.
      const setCapacity = new ByteBuffer();
      writePrefixInt(setCapacity, 0x20, 5, Number(capacity));
      decoder.receive(setCapacity.take());
      assert.deepEqual(
        await decodeAll(decoder, Deno.readFileSync(new URL(file, folder))),
        expected,
      );
    });
  }
});

Deno.test("QpackEncoder and QpackDecoder agree on real header lists", { ignore }, async (test) => {
  for (const name of ["fb-req", "fb-req-hq", "fb-resp", "fb-resp-hq", "netbsd", "netbsd-hq"]) {
    const sections = read(name);
    assert.ok(sections.length > 10, name);
    await test.step(name, () => {
      const encoder = new QpackEncoder({ riskedStreams: 16 });
      const decoder = new QpackDecoder();
      encoder.allow(4096, 16);
      for (const [i, section] of sections.entries()) {
        const lines = section.split("\n").map((line): FieldLine => {
          const [name, value] = line.split("\t");
          return { name: name!, value: value ?? "" };
        });
        const encoded = encoder.encode(4 * i, lines);
        decoder.receive(encoder.instructions.take());
        const decoded = decoder.decode(4 * i, encoded);
        encoder.receive(decoder.instructions.take());
        assert.equal(text(decoded as FieldLine[]), section);
      }
    });
  }
});

function* list(path: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(path, folder))) {
    if (entry.isDirectory) yield* list(`${path}${entry.name}/`);
    else if (entry.name.includes(".out.")) yield path + entry.name;
  }
}

function read(name: string): string[] {
  const text = Deno.readTextFileSync(new URL(`qifs/${name}.qif`, folder));
  return text.replace(/^#.*\n/gm, "").split(/\n\n+/).map((section) => section.trimEnd())
    .filter((section) => section !== "");
}

/** Records are an 8-byte stream ID, a 4-byte length and the bytes; stream 0 is the encoder's. */
async function decodeAll(decoder: QpackDecoder, bytes: Uint8Array): Promise<string[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const results = new Map<number, FieldLine[] | Promise<FieldLine[]>>();
  for (let at = 0; at < bytes.length;) {
    const id = Number(view.getBigUint64(at));
    const length = view.getUint32(at + 8);
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (id === 0) decoder.receive(data);
    else results.set(id, decoder.decode(id, data));
    at += 12 + length;
  }
  const sorted = [...results].sort(([a], [b]) => a - b);
  return await Promise.all(sorted.map(async ([, lines]) => text(await lines)));
}

function text(lines: FieldLine[]): string {
  return lines.map(({ name, value }) => `${name}\t${value}`).join("\n").trimEnd();
}
