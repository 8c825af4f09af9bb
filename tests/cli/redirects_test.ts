import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { followRedirects } from "../../cli/http/redirects.ts";

const start = new URL("https://h.example/start");

/** Follows redirects that a table gives, and tells what was asked for. */
async function follow(
  table: Record<string, readonly [status: number, location: string]>,
  init: RequestInit = {},
): Promise<{ asked: string[]; status: number }> {
  const asked: string[] = [];
  const response = await followRedirects(start, init, (url, how) => {
    const { method = "GET", body, headers } = how;
    const type = new Headers(headers).get("content-type");
    asked.push([method, url.pathname, body ?? "", type ?? ""].join(" ").trim());
    const [status, location] = table[url.pathname] ?? [200, ""];
    return Promise.resolve(new Response(null, { status, headers: location ? { location } : {} }));
  });
  return { asked, status: response.status };
}

Deno.test("followRedirects() goes where the server points, as long as that is the server", async () => {
  const { asked, status } = await follow({ "/start": [302, "b"], "/b": [301, "/c?d=e"] });
  assert.deepEqual(asked, ["GET /start", "GET /b", "GET /c"]);
  assert.equal(status, 200);
  for (const elsewhere of ["https://other.example/", "//h.example:444/", "http://h.example/"]) {
    await assert.rejects(follow({ "/start": [302, elsewhere] }), (error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /redirected to another server; fetch .* instead/);
      return true;
    });
  }
});

Deno.test("followRedirects() keeps or loses method and body as fetch does", async () => {
  const headers = { "content-type": "text/plain", "x-a": "b" };
  const ends: readonly [status: number, method: string, second: string][] = [
    [301, "POST", "GET /b"],
    [302, "POST", "GET /b"],
    [303, "POST", "GET /b"],
    [303, "PUT", "GET /b"],
    [307, "POST", "POST /b x text/plain"],
    [308, "POST", "POST /b x text/plain"],
    [302, "PUT", "PUT /b x text/plain"],
    [303, "HEAD", "HEAD /b x text/plain"],
  ];
  for (const [status, method, second] of ends) {
    const { asked } = await follow({ "/start": [status, "/b"] }, { method, body: "x", headers });
    assert.equal(asked[1], second, `${status} ${method}`);
  }
});

Deno.test("followRedirects() asks for a new body where the first has been sent", async () => {
  const bodies: unknown[] = [];
  const send = (url: URL, { body }: RequestInit) => {
    bodies.push(body);
    const headers = { location: "/b" };
    const status = url.pathname === "/start" ? 307 : 200;
    return Promise.resolve(new Response(null, { status, headers }));
  };
  await followRedirects(start, { method: "POST", body: "first" }, send, () => "second");
  assert.deepEqual(bodies, ["first", "second"]);
});

Deno.test("followRedirects() does not follow what is no redirect, or has no end", async () => {
  assert.equal((await follow({ "/start": [304, "/b"] })).asked.length, 1);
  assert.equal((await follow({ "/start": [201, "/b"] })).asked.length, 1);
  assert.equal((await follow({ "/start": [302, ""] })).status, 302);
  await assert.rejects(follow({ "/start": [302, "/start"] }), /redirected without end/);
});
