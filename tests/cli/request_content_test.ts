import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { RequestContent } from "../../cli/http/request_content.ts";

const LONG = 3_000_000;

/** A folder with a short file and a long one. */
async function withFiles(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${folder}/short`, new Uint8Array([0, 255, 13, 10, 38]));
    await Deno.writeFile(`${folder}/long`, new Uint8Array(LONG).map((_, i) => i % 251));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function bytesOf(content: RequestContent): Promise<number[]> {
  return [...await new Response(content.body()).bytes()];
}

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

Deno.test("RequestContent joins texts and files, byte by byte", async () => {
  await withFiles(async (folder) => {
    const short = [0, 255, 13, 10, 38];
    const cases: [string[], number[]][] = [
      [[""], []],
      [["a=ä", "b"], utf8("a=ä&b")],
      [[`@${folder}/short`], short],
      [["a", `@${folder}/short`], [...utf8("a&"), ...short]],
      [["", ""], utf8("&")],
    ];
    for (const [data, expected] of cases) {
      const content = await RequestContent.of(data);
      assert.ok(content.body() instanceof Uint8Array, "what is short is at hand");
      for (const _ of [1, 2]) {
        assert.deepEqual(await bytesOf(content), expected, "as often as wanted");
      }
      assert.equal(content.length, expected.length);
    }
    for (const path of [`${folder}/none`, folder, ""]) {
      await assert.rejects(RequestContent.of([`@${path}`]), (error) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, /^Cannot read .*: .*; name another file with --data @FILE$/);
        return true;
      });
      const ofForm = RequestContent.join([{ path }], "-F NAME=@FILE");
      await assert.rejects(ofForm, /; name another file with -F NAME=@FILE$/);
    }
  });
});

Deno.test("RequestContent reads a long file while it is sent, as often as that is", async () => {
  await withFiles(async (folder) => {
    const content = await RequestContent.of(["a", `@${folder}/long`, "b"]);
    assert.equal(content.length, LONG + 4);
    for (const _ of [1, 2]) {
      const body = content.body();
      assert.ok(body instanceof ReadableStream);
      const bytes = await new Response(body).bytes();
      assert.equal(bytes.length, LONG + 4);
      assert.deepEqual([...bytes.subarray(0, 4)], [...utf8("a&"), 0, 1]);
      assert.deepEqual([...bytes.subarray(-3)], [(LONG - 1) % 251, ...utf8("&b")]);
    }
    const broken = content.body() as ReadableStream<Uint8Array>;
    await Deno.truncate(`${folder}/long`, 1_000_000);
    await assert.rejects(new Response(broken).bytes(), /it became \d+ bytes shorter meanwhile/);
  });
});

Deno.test("RequestContent lets what has no end yet flow by, once", async () => {
  await withFiles(async (folder) => {
    const make = await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    assert.ok(make.success);
    const feed = (source: string) =>
      new Deno.Command("sh", { args: ["-c", `cat ${source} > ${folder}/pipe`] }).output();
    const fed = feed(`${folder}/long`);
    const content = await RequestContent.of([`@${folder}/pipe`]);
    assert.equal(content.length, undefined, "its end has not come");
    assert.equal((await bytesOf(content)).length, LONG);
    await fed;
    assert.throws(() => content.body(), {
      name: "Failure",
      message: /Cannot send .*pipe a second time: put it into a file/,
    });
    const fedShort = feed(`${folder}/short`);
    const short = await RequestContent.of([`@${folder}/pipe`, "x"]);
    await fedShort;
    assert.equal(short.length, 7);
    for (const _ of [1, 2]) assert.equal((await bytesOf(short)).length, 7);
  });
});
