import assert from "node:assert/strict";
import { type RequestChoices, requestHeaders } from "../../cli/flags/request_flags.ts";

function choices(more: Partial<RequestChoices>): RequestChoices {
  return { method: "POST", headers: [], data: [], include: false, ...more };
}

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
