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
