// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * A web server with a folder for git, pip and browsers. It has a page that fetches as many bytes as
 * its query says, and prints what the page reports, a line each. It ends with its input.
 */
import { payload } from "./payload.ts";

/** Its TCP port. */
export const SHELF_PORT = 8082;

/** What a page of a browser says of what it has fetched. */
export interface Report {
  readonly bytes: number;
  /** Of all bytes: see `hashOf`. */
  readonly hash: number;
  readonly milliseconds: number;
  readonly error?: string;
}

/** A sum of bytes that a page can make as well: digests of browsers are for secure origins. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = Math.imul(hash, 31) + byte | 0;
  return hash;
}

const PAGE = `<!doctype html><title>Film</title><script type="module">
${hashOf}
const from = performance.now();
const report = await fetch("/bytes" + location.search)
  .then((response) => response.arrayBuffer())
  .then((buffer) => {
    const milliseconds = performance.now() - from;
    return { bytes: buffer.byteLength, hash: hashOf(new Uint8Array(buffer)), milliseconds };
  })
  .catch((error) => ({ bytes: 0, hash: 0, milliseconds: 0, error: String(error) }));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
</script>`;

const HTML = { "content-type": "text/html; charset=utf-8" };

/** Runs git's own program for servers, which speaks CGI (RFC 3875). */
async function answerGit(request: Request, folder: string): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const header = (name: string) => request.headers.get(name) ?? "";
  const process = new Deno.Command("git", {
    args: ["http-backend"],
    env: {
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: header("git-protocol"),
      PATH_INFO: pathname,
      QUERY_STRING: `${searchParams}`,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
    },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const body = request.body ?? new Blob([]).stream();
  body.pipeTo(process.stdin).catch(() => {}); // it may have read enough
  const reader = process.stdout.getReader();
  let head = "";
  let rest = new Uint8Array();
  for (let end = -1; end < 0;) {
    const { value, done } = await reader.read();
    if (done) return new Response("git said nothing", { status: 500 });
    const from = head.length;
    head += Array.from(value, (byte) => String.fromCharCode(byte)).join("");
    end = head.indexOf("\r\n\r\n");
    if (end < 0) continue;
    rest = value.slice(Math.max(0, end + 4 - from));
    head = head.slice(0, end);
  }
  reader.releaseLock();
  const fields = head.split("\r\n").map((line) => line.split(": ") as [string, string]);
  const status = Number(fields.find(([name]) => name === "Status")?.[1].slice(0, 3) ?? 200);
  const start = new Blob([rest]).stream();
  const content = ReadableStream.from((async function* () {
    yield* start;
    yield* process.stdout;
  })());
  const headers = fields.filter(([name]) => name !== "Status");
  return new Response(content, { status, headers });
}

async function answerFile(path: string): Promise<Response> {
  try {
    const { isDirectory } = await Deno.stat(path);
    if (isDirectory) return await answerFile(`${path.replace(/\/$/, "")}/index.html`);
    const file = await Deno.open(path);
    const headers = path.endsWith(".html") ? HTML : { "content-type": "application/zip" };
    return new Response(file.readable, { headers });
  } catch {
    return new Response("nothing here", { status: 404 });
  }
}

if (import.meta.main) {
  const folder = Deno.args[0]!;
  const onListen = () => console.log("ready");
  Deno.serve({ hostname: "0.0.0.0", port: SHELF_PORT, onListen }, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/page") return new Response(PAGE, { headers: HTML });
    if (pathname === "/bytes") return new Response(payload(0, Number(search.slice(1))));
    if (pathname === "/report") {
      console.log(JSON.stringify(await request.json()));
      return new Response("thanks");
    }
    if (pathname.startsWith("/git/")) return await answerGit(request, folder);
    return await answerFile(`${folder}${pathname}`);
  });
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}
