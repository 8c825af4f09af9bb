import assert from "node:assert/strict";
import { findResources } from "../../cli/http/html_resources.ts";
import { answerDemo } from "../../examples/demo_handlers.ts";

const origin = "https://localhost:6121";

async function ask(path: string, body?: BodyInit): Promise<Response> {
  const init = body === undefined ? {} : { method: "POST", body };
  const response = await answerDemo(new Request(origin + path, init));
  assert.ok(response);
  return response;
}

Deno.test("answerDemo() serves a page that loads 200 images", async () => {
  const response = await ask("/demo/tiles");
  const images = findResources(await response.text(), new URL(`${origin}/demo/tiles`));
  assert.equal(images.length, 200);
  for (const url of [images[0]!, images[199]!]) {
    const tile = await ask(url.pathname + url.search);
    assert.equal(tile.headers.get("content-type"), "image/svg+xml");
    assert.match(await tile.text(), /<svg .*hsl\(\d+ /s);
  }
  assert.doesNotMatch(await (await ask("/demo/tile?n=<script>")).text(), /script/);
});

Deno.test("answerDemo() sends back what it gets", async () => {
  const response = await ask("/demo/echo", "hello");
  assert.match(response.headers.get("content-type")!, /^text\/plain/);
  assert.equal(await response.text(), "hello");
  assert.equal(await (await ask("/demo/echo")).text(), "");
});

Deno.test("answerDemo() counts and hashes an upload, and shows a form without one", async () => {
  assert.deepEqual(await (await ask("/demo/upload", "abc")).json(), {
    size: 3,
    md5: "900150983cd24fb0d6963f7d28e17f72",
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
  assert.match(await (await ask("/demo/upload")).text(), /<input type="file">/);
});

Deno.test("answerDemo() leaves other paths to others", async () => {
  for (const path of ["/", "/demo", "/demo/tile/", "/demo/other"]) {
    assert.equal(await answerDemo(new Request(origin + path)), undefined);
  }
});
