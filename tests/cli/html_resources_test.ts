import assert from "node:assert/strict";
import { findResources } from "../../cli/http/html_resources.ts";

const page = new URL("https://h.example:6121/dir/page.html?q=1");

function paths(html: string): string[] {
  return findResources(html, page).map((url) => url.href.replace("https://h.example:6121", ""));
}

Deno.test("findResources() finds link, script and img in any quoting", () => {
  const html = `<!DOCTYPE html><HTML><head>
    <link rel="stylesheet" href="style.css"><link href='/icon.png' rel=icon>
    <SCRIPT SRC=app.js defer></SCRIPT></head>
    <body><img alt="a > b" src = "../pic.png?a=1&amp;b=2"><img src=tile/1/></body>`;
  assert.deepEqual(paths(html), [
    "/dir/style.css",
    "/icon.png",
    "/dir/app.js",
    "/pic.png?a=1&b=2",
    "/dir/tile/1/",
  ]);
});

Deno.test("findResources() names each once, without fragment, never the page itself", () => {
  const html = `<img src="a.png"><img src="a.png#x"><img src=""><img src="?q=1"><img src="#top">`;
  assert.deepEqual(paths(html), ["/dir/a.png"]);
});

Deno.test("findResources() leaves out other origins, other schemes and mere pointers", () => {
  const html = `<img src="https://other.example/a.png"><img src="//h.example/no-port.png">
    <img src="data:image/png;base64,AAAA"><script src="javascript:x()"></script>
    <link rel="canonical" href="/canonical"><link rel="next" href="/next"><a href="/page">p</a>
    <img src="http://[broken"><img src="https://h.example:6121/absolute.png">`;
  assert.deepEqual(paths(html), ["/absolute.png"]);
});

Deno.test("findResources() follows base", () => {
  assert.deepEqual(paths(`<base href="/other/"><img src="a.png">`), ["/other/a.png"]);
  assert.deepEqual(paths(`<base href="https://cdn.example/"><img src="a.png">`), []);
});

Deno.test("findResources() looks neither into comments nor into scripts", () => {
  const html = `<!-- <img src="1.png"> --><script>"<img src='2.png'>"</script>
    <style>/* <img src="3.png"> */</style><script src="4.js"><img src="5.png"></script
    ><img src="6.png">`;
  assert.deepEqual(paths(html), ["/dir/4.js", "/dir/6.png"]);
});

Deno.test("findResources() survives pages that end anywhere", () => {
  const html = `<link rel="stylesheet" href="a.css"><script src='b.js'>x</script><img src=c.png>`;
  for (let end = 0; end <= html.length; end++) assert.ok(paths(html.slice(0, end)).length <= 3);
  assert.deepEqual(paths('<img src="a.png'), []);
  assert.deepEqual(paths("<<<img src=a.png>"), ["/dir/a.png"]);
});

Deno.test("findResources() is bounded in time and number on hostile pages", () => {
  const started = performance.now();
  for (const piece of ["<", "<img ", "<!--", "<a =", "<img src='", "<script>", "<a/ ", "&#x"]) {
    findResources(piece.repeat(200_000), page);
  }
  const many = Array.from({ length: 5000 }, (_, i) => `<img src="${i}.png">`).join("");
  assert.equal(findResources(many, page).length, 1000);
  assert.ok(performance.now() - started < 5000);
});
