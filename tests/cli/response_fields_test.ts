import assert from "node:assert/strict";
import type { Field } from "../../cli/flags/http_fields.ts";
import { withFields } from "../../cli/files/response_fields.ts";

function answering(cors: boolean, headers: readonly Field[], status = 200) {
  const handler = () =>
    Promise.resolve(new Response("body", { status, headers: { "cache-control": "no-cache" } }));
  return withFields(handler, { cors, headers });
}

function ask(method = "GET", headers: HeadersInit = {}): Request {
  return new Request("https://localhost/", { method, headers });
}

Deno.test("withFields() adds fields to every answer, and replaces those that are there", async () => {
  const headers: Field[] = [["x-a", "1"], ["Cache-Control", "max-age=60"], ["x-a", "2"]];
  const response = await answering(false, headers, 404)(ask());
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("x-a"), "1, 2");
  assert.equal(response.headers.get("cache-control"), "max-age=60");
  assert.equal(response.headers.get("access-control-allow-origin"), null);
  assert.equal(await response.text(), "body");
});

Deno.test("withFields() lets pages of other origins read answers, and ask before", async () => {
  const handler = answering(true, []);
  const response = await handler(ask());
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal(response.headers.get("access-control-expose-headers"), "*");
  assert.equal(await response.text(), "body");
  const asking = { origin: "https://other.example", "access-control-request-method": "GET" };
  const preflight = await handler(ask("OPTIONS", asking));
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.equal(preflight.headers.get("access-control-allow-methods"), "GET, HEAD");
  assert.equal(preflight.headers.get("access-control-allow-headers"), "*");
  assert.equal((await handler(ask("OPTIONS"))).status, 200, "not every OPTIONS is such a question");
  assert.equal((await answering(false, [])(ask("OPTIONS", asking))).status, 200);
});
