import assert from "node:assert/strict";
import { contentType } from "../../cli/http/content_type.ts";

Deno.test("contentType() knows what a file server has, whatever the case of its name", () => {
  const cases: [string, string][] = [
    ["index.HTML", "text/html; charset=utf-8"],
    ["app.js", "text/javascript; charset=utf-8"],
    ["app.mjs", "text/javascript; charset=utf-8"],
    ["data.json", "application/json; charset=utf-8"],
    ["code.ts", "text/plain; charset=utf-8"],
    ["feed.xml", "application/xml"],
    ["picture.svg", "image/svg+xml"],
    ["picture.avif", "image/avif"],
    ["film.mkv", "video/x-matroska"],
    ["film.mp4", "video/mp4"],
    ["list.m3u8", "application/vnd.apple.mpegurl"],
    ["book.epub", "application/epub+zip"],
    ["archive.tar.gz", "application/gzip"],
    ["module.wasm", "application/wasm"],
    ["app.webmanifest", "application/manifest+json"],
  ];
  for (const [name, type] of cases) assert.equal(contentType(name), type, name);
});

Deno.test("contentType() calls what it does not know bytes", () => {
  for (
    const name of ["README", "x.constructor", "x.__proto__", "x.", "", ".html.x", "x.toString"]
  ) {
    assert.equal(contentType(name), "application/octet-stream", name);
  }
});
