import { createHash } from "node:crypto";

/** How many images the page of tiles has. */
const TILES = 200;

/**
 * Answers what lies under `/demo/`: `tiles`, a page of 200 images; `tile`, one of them; `echo`,
 * which sends back what it gets; `upload`, which counts and hashes it.
 *
 * @param request What the client asks.
 * @returns The answer, or undefined for any other path.
 */
export async function answerDemo(request: Request): Promise<Response | undefined> {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/demo/tile":
      return tile(Number(url.searchParams.get("n")) || 0);
    case "/demo/tiles":
      return page("Tiles", tiles());
    case "/demo/echo":
      return echo(request);
    case "/demo/upload":
      return request.body ? await measure(request.body) : page("Upload", uploadForm);
  }
}

function tile(number: number): Response {
  const hue = Math.round(number * 360 / TILES) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24">
<rect width="24" height="24" fill="hsl(${hue} 70% 50%)"/></svg>`;
  return new Response(svg, {
    headers: { "content-type": "image/svg+xml", "cache-control": "no-store" },
  });
}

function tiles(): string {
  const images = Array.from({ length: TILES }, (_, n) => `<img src="/demo/tile?n=${n}" alt="">`);
  return `<p>${images.join("\n")}</p>`;
}

function echo(request: Request): Response {
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  // A browser that opens what was echoed must not run it as a page of this server.
  const headers = { "content-type": type, "content-security-policy": "sandbox" };
  return new Response(request.body, { headers });
}

/** Reads a body as it comes, keeping none of it. */
async function measure(body: ReadableStream<Uint8Array>): Promise<Response> {
  const md5 = createHash("md5");
  const sha256 = createHash("sha256");
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    md5.update(chunk);
    sha256.update(chunk);
  }
  return Response.json({ size, md5: md5.digest("hex"), sha256: sha256.digest("hex") });
}

const uploadForm = `<input type="file"><pre></pre><script>
document.querySelector("input").onchange = async ({ target }) => {
  const response = await fetch("/demo/upload", { method: "POST", body: target.files[0] });
  document.querySelector("pre").textContent = await response.text();
};
</script>`;

function page(title: string, body: string): Response {
  const html = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
</head><body><h1>${title}</h1>${body}</body></html>`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}
