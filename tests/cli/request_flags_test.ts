import assert from "node:assert/strict";
import { Failure } from "../../cli/failure.ts";
import { requestBody, type RequestChoices, requestHeaders } from "../../cli/request_flags.ts";

function choices(more: Partial<RequestChoices>): RequestChoices {
  return { method: "POST", headers: [], data: [], include: false, ...more };
}

Deno.test("requestBody() joins texts and files, byte by byte", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = new Uint8Array([0, 255, 13, 10, 38]);
    await Deno.writeFile(`${folder}/file`, bytes);
    const body = async (...data: string[]) => {
      const made = await requestBody(choices({ data }));
      return made && [...made];
    };
    const utf8 = (text: string) => [...new TextEncoder().encode(text)];
    assert.equal(await body(), undefined);
    assert.deepEqual(await body(""), []);
    assert.deepEqual(await body("a=ä", "b"), utf8("a=ä&b"));
    assert.deepEqual(await body(`@${folder}/file`), [...bytes]);
    assert.deepEqual(await body("a", `@${folder}/file`), [...utf8("a&"), ...bytes]);
    for (const path of [`${folder}/none`, folder, ""]) {
      await assert.rejects(body(`@${path}`), (error) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, /^Cannot read ".*": .*; name another file with --data @FILE$/);
        return true;
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("requestHeaders() says what kind a body is, unless its user does", () => {
  const fields = (more: Partial<RequestChoices>) => [...requestHeaders(choices(more))];
  assert.deepEqual(fields({ headers: [["X-A", "1"], ["x-a", "2"]] }), [["x-a", "1, 2"]]);
  assert.deepEqual(fields({ data: ["x"] }), [
    ["content-type", "application/x-www-form-urlencoded"],
  ]);
  assert.deepEqual(fields({ data: ["x"], headers: [["Content-Type", "text/plain"]] }), [
    ["content-type", "text/plain"],
  ]);
});

Deno.test("requestHeaders() makes one field of several cookies", () => {
  const fields = requestHeaders(
    choices({ headers: [["Cookie", "a=1"], ["cookie", "b=2"]], data: [] }),
  );
  assert.equal(fields.get("cookie"), "a=1; b=2");
});
