import assert from "node:assert/strict";
import { makeIssuedCertificate, serve } from "../../mod.ts";
import { getProgram } from "../../cli/get/get_program.ts";
import { hasCurl } from "./curl.ts";
import { cases, type CurlCase, files, MODIFIED } from "./curl_cases.ts";
import { mainCommand } from "./program_runner.ts";

// mpquic get beside curl: the same command lines, to the same handler over HTTP/3 and over TCP.

/** The content of /file: 1,000 different characters. */
const content = Array.from({ length: 250 }, (_, i) => String(i).padStart(4, "0")).join("");
const seen = new Set<string>();

async function handle(request: Request): Promise<Response> {
  const { pathname, searchParams, search } = new URL(request.url);
  const code = Number(searchParams.get("code") ?? 302);
  switch (pathname) {
    case "/redirect":
      return new Response("moved", {
        status: code,
        headers: { location: searchParams.get("to")! },
      });
    case "/loop":
      return new Response("again", { status: 302, headers: { location: "/loop" } });
    case "/status":
      return new Response("no luck\n", { status: code });
    case "/flaky": {
      const isFirst = !seen.has(search);
      seen.add(search);
      return new Response(isFirst ? "later" : "now", { status: isFirst ? 503 : 200 });
    }
    case "/slow":
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return new Response("late");
    case "/gzip": {
      const coded = new Blob(["zipped text"]).stream().pipeThrough(new CompressionStream("gzip"));
      const isAsked = request.headers.get("accept-encoding")?.includes("gzip");
      if (!isAsked) return new Response("zipped text");
      return new Response(coded, { headers: { "content-encoding": "gzip" } });
    }
    case "/cookie": {
      const headers = new Headers();
      headers.append("set-cookie", "set=1; Path=/");
      headers.append("set-cookie", "foreign=1; Domain=other.example");
      return new Response("", { headers });
    }
    case "/bare":
      return new Response(null, { status: 204 });
    case "/conditional":
      if (request.headers.get("if-modified-since") !== MODIFIED) break;
      return new Response(null, { status: 304, headers: { "last-modified": MODIFIED } });
    case "/named": {
      const headers = { "content-disposition": decodeURIComponent(search.slice(1)) };
      return new Response(`named ${search}`, { headers });
    }
    case "/file":
      return file(request.headers);
  }
  return await echo(request);
}

function file(headers: Headers): Response {
  const fields = {
    etag: '"1"',
    "last-modified": MODIFIED,
    "x-a": "b",
    "content-type": "text/plain",
  };
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  if (from === undefined) return new Response(content, { headers: fields });
  const first = from === "" ? content.length - Number(to) : Number(from);
  const last = from === "" || to === "" ? content.length - 1 : Number(to);
  const range = `bytes ${first > last ? "*" : `${first}-${last}`}/${content.length}`;
  return new Response(first > last ? "" : content.slice(first, last + 1), {
    status: first > last ? 416 : 206,
    headers: { ...fields, "content-range": range },
  });
}

/** What was asked, as text: method, path, the fields that flags are about, and the body. */
async function echo(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = new Uint8Array(await request.arrayBuffer());
  const names = ["accept", "content-type", "authorization", "cookie", "referer", "x-a", "x-b"]
    .concat(
      "x-one",
      "x-two",
      "if-modified-since",
      "if-unmodified-since",
      "range",
      search === "?agent" ? "" : "user-agent",
    );
  const fields = names.filter((name) => name !== "").map((name) => {
    const value = request.headers.get(name);
    const isOwn = name === "user-agent" && /^(?:curl|mpquic)\//.test(value ?? "");
    return `${name}: ${isOwn ? "of its own" : value}`;
  });
  const boundary = /boundary=(\S+)/.exec(request.headers.get("content-type") ?? "")?.[1] ?? "-----";
  const text = [`${request.method} ${pathname}${search}`, ...fields].join("\n") + "\n\n" +
    new TextDecoder("latin1").decode(body);
  return new Response(text.replaceAll(boundary, "BOUNDARY"));
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly files: Record<string, string>;
}

/** An outcome, and what the program said about it, which is not compared. */
interface Told {
  readonly outcome: Outcome;
  readonly stderr: string;
}

/** Runs one of the programs in a folder of its own. */
async function run(
  program: "curl" | "mpquic",
  { args, stdin }: CurlCase,
  port: number,
): Promise<Told> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await Deno.writeTextFile(`${folder}/whole`, content);
    const origin = `https://127.0.0.1:${port}`;
    const words = args.map((word) =>
      word.replace("ORIGIN", origin).replace("PORT", String(port))
        .replace("OTHER", `https://localhost:${port}`).replace("NONCE", crypto.randomUUID())
        .replace("USER", `https://me:pass%40word@127.0.0.1:${port}`)
        .replace("RESOLVE", `named.example:${port}:127.0.0.1`)
    );
    const trust = args.includes("--cacert") ? [] : ["-k"];
    // curl waits for 300 s by itself, mpquic for 10, which a machine with much to do may need.
    const all = ["-sS", "--connect-timeout", "100", ...trust, ...words];
    // Over HTTP/2 the server of the runtime breaks off what curl need not send to its end.
    const command = program === "curl"
      ? new Deno.Command("curl", { args: ["--http1.1", ...all], cwd: folder, ...pipes(stdin) })
      : mainCommand(["get", ...all], stdin === undefined ? "null" : "piped", folder);
    const process = command.spawn();
    if (stdin !== undefined) {
      const writer = process.stdin.getWriter();
      await writer.write(new TextEncoder().encode(stdin.replaceAll("ORIGIN", origin)));
      await writer.close().catch(() => {}); // a program that fails early reads nothing
    }
    const output = await process.output();
    const decoder = new TextDecoder();
    const outcome = {
      code: output.code,
      stdout: plain(decoder.decode(output.stdout), port),
      files: await filesBelow(folder, port),
    };
    return { outcome, stderr: decoder.decode(output.stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function pipes(stdin: string | undefined): Deno.CommandOptions {
  return { stdin: stdin === undefined ? "null" : "piped", stdout: "piped", stderr: "piped" };
}

/** Without what differs from run to run. */
function plain(text: string, port: number): string {
  return text.replaceAll(String(port), "PORT").replaceAll(/^# .*\n/gm, "").trim();
}

/** The contents of files that the program has made or changed, dates included where they are old. */
async function filesBelow(folder: string, port: number): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) {
      for (const [below, text] of Object.entries(await filesBelow(path, port))) {
        all[`${name}/${below}`] = text;
      }
    } else {
      const { mtime } = await Deno.stat(path);
      const date = mtime!.getFullYear() < 2022 ? ` of ${mtime!.toISOString()}` : "";
      const text = plain(await Deno.readTextFile(path), port);
      // The order of cookies is of no meaning.
      all[`${name}${date}`] = name === "jar" ? text.split("\n").sort().join("\n") : text;
    }
  }
  return all;
}

Deno.test({
  name: "mpquic get does what curl does with the same command line",
  ignore: !hasCurl,
}, async () => {
  const { certPem, keyPem } = await makeIssuedCertificate(["127.0.0.1", "localhost"]);
  const key = { cert: certPem, key: keyPem };
  const closing = new AbortController();
  const { signal } = closing;
  const addresses = { port: 0, localAddresses: ["127.0.0.1"] };
  const overUdp = serve({ ...addresses, ...key, signal }, handle);
  const hostname = "127.0.0.1";
  const overTcp = Deno.serve({ port: 0, hostname, ...key, signal, onListen: () => {} }, handle);
  const waiting = [...cases];
  const differences: string[] = [];
  const worker = async () => {
    for (let one; (one = waiting.shift());) {
      const [expected, found] = await Promise.all([
        run("curl", one, overTcp.addr.port),
        run("mpquic", one, overUdp.addr.port),
      ]);
      try {
        if (one.isCodeOnly) assert.equal(found.outcome.code, expected.outcome.code);
        else assert.deepEqual(found.outcome, expected.outcome);
      } catch (error) {
        const told = `curl said: ${expected.stderr}\nmpquic said: ${found.stderr}`;
        differences.push(`${one.name}: ${(error as Error).message}\n${told}`);
      }
    }
  };
  try {
    await Promise.all([worker(), worker(), worker()]);
  } finally {
    closing.abort();
    await Promise.all([overUdp.finished, overTcp.finished]);
  }
  assert.deepEqual(differences, []);
});

Deno.test("mpquic get -i with -z shows the head that came, and no content that is not wanted", async () => {
  const { certPem, keyPem } = await makeIssuedCertificate(["127.0.0.1"]);
  const place = { port: 0, localAddresses: ["127.0.0.1"] };
  await using server = serve({ ...place, cert: certPem, key: keyPem }, handle);
  const url = `https://127.0.0.1:${server.addr.port}/file`;
  const args = ["get", "-ksSi", "-z", MODIFIED, "-w", "%{http_code}", url];
  const { code, stdout } = await mainCommand(args).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(code, 0);
  assert.match(text, /^HTTP\/3 200\s[^]*\nlast-modified: Mon, 30 Nov 2020 [^]*\r\n\r\n304$/);
  assert.ok(!text.includes(content));
});

Deno.test("mpquic get -i with -L shows the head of each redirect too", async () => {
  const { certPem, keyPem } = await makeIssuedCertificate(["127.0.0.1"]);
  const place = { port: 0, localAddresses: ["127.0.0.1"] };
  await using server = serve({ ...place, cert: certPem, key: keyPem }, handle);
  const url = `https://127.0.0.1:${server.addr.port}/redirect?to=/file`;
  for (const [flags, body] of [["-ksSiL", content], ["-ksSIL", ""]] as const) {
    const { code, stdout } = await mainCommand(["get", flags, url]).output();
    assert.equal(code, 0);
    const [first, second, ...rest] = new TextDecoder().decode(stdout).split("\r\n\r\n");
    assert.match(first!, /^HTTP\/3 302\s[^]*\nlocation: \/file\b/);
    assert.match(second!, /^HTTP\/3 200\s[^]*\nx-a: b\b/);
    assert.deepEqual(rest, [body]);
  }
});

/** The rows of the table in docs/get.md: flags, and whether they do what they do with curl. */
function rows(): { flags: string[]; verdict: string }[] {
  const text = Deno.readTextFileSync(new URL("../../docs/get.md", import.meta.url));
  return Array.from(text.matchAll(/^\| (`-.*?) +\| (\w+)/gm), ([, flags, verdict]) => ({
    flags: Array.from(flags!.matchAll(/`--?([\w-]+|:)`/g), ([, name]) => name!),
    verdict: verdict!,
  }));
}

Deno.test("docs/get.md has each flag of get once, and each that is the same was tried", () => {
  const named = rows().flatMap(({ flags }) => flags);
  const forms = getProgram.flags.flatMap(({ name, short }) => short ? [short, name] : [name]);
  assert.deepEqual([...named].sort(), [...forms].sort());
  const words = cases.flatMap(({ args }) => args);
  const tried = (flag: string) =>
    words.some((word) => word === `--${flag}` || (/^-[^-]/.test(word) && word[1] === flag));
  for (const { flags, verdict } of rows()) {
    if (
      verdict !== "same" ||
      ["silent", "insecure", "show-error"].some((name) => flags.includes(name))
    ) {
      continue; // those of each case
    }
    assert.ok(flags.some(tried), `no case has ${flags.join(" or ")}`);
  }
});
