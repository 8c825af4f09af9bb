import assert from "node:assert/strict";
import { portInUse, withAltSvc } from "../../cli/tcp_server.ts";

Deno.test("withAltSvc() points to HTTP/3 and keeps everything else", async () => {
  const original = new Response("body", { status: 203, headers: { etag: '"1"' } });
  const response = withAltSvc(original, 6121);
  assert.equal(response.headers.get("alt-svc"), 'h3=":6121"; ma=86400');
  assert.equal(response.headers.get("etag"), '"1"');
  assert.equal(response.status, 203);
  assert.equal(await response.text(), "body");
  assert.equal(withAltSvc(new Response(null, { status: 304 }), 1).body, null);
});

Deno.test("portInUse() says what to do", () => {
  assert.match(portInUse("UDP", "127.0.0.1", 6121).message, /UDP port 6121 .*with -port$/);
});
