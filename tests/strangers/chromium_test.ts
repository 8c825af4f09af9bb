import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { staticFiles } from "../../cli/files/static_files.ts";
import { makeDevelopmentCertificate, type RequestInfo, serve } from "../../mod.ts";
import { Browser, findBrowser } from "./browser.ts";

const IMAGES = 200;
const UPLOAD = 50_000_000;
/** Content of uploads that are answered before they are read, and the status of the answers. */
const REFUSED: readonly [size: number, status: number][] = [
  [100_000, 413],
  [20_000_000, 413],
  [20_000_000, 401],
  [20_000_000, 405],
];
const PATIENCE = 60_000;

/** What the page says of itself. */
interface Report {
  readonly href: string;
  readonly protocols: Record<string, number>;
  readonly images: number;
  readonly broken: number;
  readonly hash: string;
  readonly answer: string;
  readonly cancelled: string;
  /** The status of each upload that is refused, and the milliseconds until it was shown. */
  readonly refused: readonly [status: number, milliseconds: number][];
  readonly error?: string;
}

const program = findBrowser();

Deno.test({
  name: "Chromium loads a page of 200 images, uploads, cancels, and comes again, over h3",
  ignore: !program,
}, async () => {
  await using site = await Site.make();
  const { server } = site;
  await using browser = new Browser(program!, `localhost:${server.addr.port}`, site.spkiHash);
  for (const visit of [1, 2]) {
    const report = await browser.visit(`${site.url}/index.html?${visit}`, site.nextReport());
    assert.equal(report.error, undefined);
    assert.match(report.href, /^https:\/\/localhost:/, "not an error page");
    // The page itself and its images, all over HTTP/3.
    assert.deepEqual(Object.keys(report.protocols), ["h3"]);
    assert.ok(report.protocols.h3! > IMAGES, JSON.stringify(report.protocols));
    assert.equal(report.images, IMAGES);
    assert.equal(report.broken, 0);
    assert.equal(report.answer, report.hash, "the upload arrived as it was");
    assert.equal(report.cancelled, "AbortError");
    assert.deepEqual(report.refused.map(([status]) => status), REFUSED.map(([, status]) => status));
    for (const [status, took] of report.refused) assert.ok(took < 10_000, `${status}: ${took} ms`);
    await site.cancelled.promise;
  }
});

/** A server with a page, images of different sizes, and what the page talks to. */
class Site implements AsyncDisposable {
  readonly server: ReturnType<typeof serve>;
  readonly spkiHash: string;
  /** Resolves when a response was cancelled by the browser. */
  cancelled = Promise.withResolvers<void>();
  readonly #folder: string;
  #onReport = Promise.withResolvers<Report>();

  private constructor(folder: string, server: ReturnType<typeof serve>, spkiHash: string) {
    this.#folder = folder;
    this.server = server;
    this.spkiHash = spkiHash;
  }

  static async make(): Promise<Site> {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/index.html`, page());
    for (let i = 0; i < IMAGES; i++) await Deno.writeFile(`${folder}/${i}.bmp`, bitmap(i + 1));
    const { certPem: cert, keyPem: key, spkiSha256Base64 } = await makeDevelopmentCertificate([
      "localhost",
    ]);
    const files = await staticFiles(folder);
    const options = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
    const server = serve(options, (request, info) => site.#answer(request, info, files));
    const site: Site = new Site(folder, server, spkiSha256Base64);
    return site;
  }

  get url(): string {
    return `https://localhost:${this.server.addr.port}`;
  }

  /** Waits for the page to report, for as long as a slow machine may take. */
  async nextReport(): Promise<Report> {
    this.cancelled = Promise.withResolvers();
    this.#onReport = Promise.withResolvers();
    const timer = setTimeout(
      () => this.#onReport.reject(new Error("the page did not report")),
      PATIENCE,
    );
    try {
      return await this.#onReport.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #answer(
    request: Request,
    _info: RequestInfo,
    files: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    switch (new URL(request.url).pathname) {
      case "/report":
        this.#onReport.resolve(await request.json());
        return new Response("thanks");
      case "/upload": {
        const hash = createHash("sha256");
        for await (const piece of request.body!) hash.update(piece);
        return new Response(hash.digest("hex"));
      }
      case "/refused":
        return new Response("no", { status: Number(new URL(request.url).search.slice(1)) });
      case "/endless":
        return new Response(this.#endless());
      default:
        return await files(request);
    }
  }

  /** A body that only ends when its reader cancels. */
  #endless(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000)),
      cancel: () => this.cancelled.resolve(),
    });
  }
}

function page(): string {
  const images = Array.from({ length: IMAGES }, (_, i) => `<img src="${i}.bmp" alt="">`);
  return `<!doctype html><title>Test</title>${images.join("\n")}
<script>
addEventListener("load", async () => {
  const report = { href: location.href };
  try {
    const images = [...document.images];
    report.images = images.length;
    report.broken = images.filter((image) => image.naturalWidth === 0).length;
    const data = new Uint8Array(${UPLOAD});
    for (let i = 0; i < data.length; i++) data[i] = (i * 2654435761) >>> 9;
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
    report.hash = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const response = await fetch("/upload", { method: "POST", body: data });
    report.answer = await response.text();
    report.refused = [];
    for (const [size, status] of ${JSON.stringify(REFUSED)}) {
      const started = performance.now();
      const refused = await fetch("/refused?" + status, {
        method: "POST",
        body: new Uint8Array(size),
        signal: AbortSignal.timeout(10000),
      });
      await refused.text();
      report.refused.push([refused.status, performance.now() - started]);
    }
    const abort = new AbortController();
    const endless = await fetch("/endless", { signal: abort.signal });
    const reader = endless.body.getReader();
    await reader.read();
    abort.abort();
    report.cancelled = await reader.read().then(() => "not at all", (error) => error.name);
    report.protocols = {};
    const kinds = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    for (const { nextHopProtocol } of kinds) {
      report.protocols[nextHopProtocol] = (report.protocols[nextHopProtocol] ?? 0) + 1;
    }
  } catch (error) {
    report.error = String(error);
  }
  await fetch("/report", { method: "POST", body: JSON.stringify(report) });
});
</script>`;
}

/** An uncompressed image of one row, with more pixels the higher its number. */
function bitmap(width: number): Uint8Array {
  const HEADERS = 54;
  const size = HEADERS + width * 100 * 4;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(2, size, true);
  view.setUint32(10, HEADERS, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width * 100, true);
  view.setInt32(22, 1, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 32, true);
  return bytes;
}
