import assert from "node:assert/strict";
import { Cookies } from "../../cli/get/cookies.ts";

Deno.test("a cookie whose path would be read as another cookie is not written", async () => {
  const file = await Deno.makeTempFile();
  try {
    const url = new URL("https://a.example/");
    const headers = new Headers();
    headers.append("set-cookie", "good=1; Path=/");
    headers.append("set-cookie", "bad=2; Path=/\tFALSE\t0\tforged\tx");
    const cookies = new Cookies();
    cookies.take(url, headers);
    await cookies.write(file);
    const again = new Cookies();
    await again.read(file);
    assert.equal(again.fieldFor(url), "good=1");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a cookie is written with its end, and not at all once it is over", async () => {
  const file = await Deno.makeTempFile();
  try {
    const url = new URL("https://a.example/");
    const year = (number: number) => `01 Jan ${number} 00:00:00 GMT`;
    const fields = [
      "stays=1",
      "aged=2; Max-Age=100",
      `dated=3; Expires=${year(2100)}`,
      "zero=4; Max-Age=0",
      "negative=5; Max-Age=-1",
      `both=6; Max-Age=0; Expires=${year(2100)}`,
      `epoch=7; Expires=${year(1970)}`,
      `past=8; Expires=${year(2020)}`,
    ];
    const headers = new Headers();
    for (const field of fields) headers.append("set-cookie", field);
    const begun = Math.floor(Date.now() / 1000);
    const cookies = new Cookies();
    cookies.take(url, headers);
    await cookies.write(file);
    const written = (await Deno.readTextFile(file)).split("\n").map((line) => line.split("\t"));
    const ends = new Map(written.map(([, , , , end, name]) => [name, Number(end)]));
    ends.delete(undefined);
    const aged = ends.get("aged")!;
    assert.ok(aged >= begun + 100 && aged <= begun + 110, `it ends at ${aged}`);
    assert.deepEqual([...ends.keys()].sort(), ["aged", "dated", "stays"]);
    assert.deepEqual([ends.get("stays"), ends.get("dated")], [0, 4_102_444_800]);
  } finally {
    await Deno.remove(file);
  }
});
