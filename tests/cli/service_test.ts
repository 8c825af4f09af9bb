import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fetch, type FetchInit, makeIssuedCertificate } from "../../mod.ts";
import { SummedMetrics } from "../../cli/server/summed_metrics.ts";
import { hasPromtool } from "./installed.ts";
import { run, RunningServer } from "./program_runner.ts";

// What those who run the server for years use: its log, its metrics, its pace, its end.

const HOST = "127.0.0.1";
const { certPem, keyPem, caPem } = await makeIssuedCertificate([HOST]);
const init: FetchInit = { caCerts: [caPem], localAddresses: [HOST] };

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/site`);
    await Deno.writeTextFile(`${folder}/c.pem`, certPem);
    await Deno.writeTextFile(`${folder}/k.pem`, keyPem);
    await Deno.writeTextFile(`${folder}/site/a.txt`, "hello\n");
    await Deno.writeFile(`${folder}/site/large`, new Uint8Array(400_000).fill(7));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function start(folder: string, ...args: string[]): Promise<RunningServer> {
  const pair = ["--cert", `${folder}/c.pem`, "--key", `${folder}/k.pem`];
  return RunningServer.start(...pair, "-p", "0", "--host", HOST, ...args, `${folder}/site`);
}

/** Waits until something is so. */
async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 20_000;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < end, "waited for 20 seconds");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function linesOf(file: string): string[] {
  try {
    return Deno.readTextFileSync(file).split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

const linesIn = (file: string, count: number) =>
  until(() => linesOf(file).length >= count ? linesOf(file) : undefined);

Deno.test("the server says why it cannot write its log", async () => {
  await withFolder(async (folder) => {
    const reason = /access\.log: its folder does not exist; name another file with --access-log/;
    await assert.rejects(start(folder, "--access-log", `${folder}/none/access.log`), reason);
  });
});

Deno.test("the server logs each request, over TCP too, and opens its log again on SIGHUP", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/access.log`;
    const flags = ["--access-log", file, "--log-format", "json", "--log-no-query", "-tcp"];
    await using server = await start(folder, ...flags);
    const url = `https://${HOST}:${server.port}/a.txt?token=secret`;
    const agent = 'a"b\\c';
    await (await fetch(url, { ...init, headers: { "user-agent": agent } })).text();
    const [line] = await linesIn(file, 1);
    const { time: _time, duration_ms: _duration, paths, ...rest } = JSON.parse(line!);
    assert.deepEqual(rest, {
      client: HOST,
      protocol: "HTTP/3.0",
      method: "GET",
      host: `${HOST}:${server.port}`,
      target: "/a.txt",
      status: 200,
      bytes: 6,
      aborted: false,
      agent,
    });
    assert.match(paths[0], /^127\.0\.0\.1:\d+>127\.0\.0\.1:\d+$/);
    await Deno.rename(file, `${file}.1`);
    Deno.kill(server.pid, "SIGHUP");
    await until(() => exists(file) ? true : undefined);
    // A listing, too: whether it is still wanted is asked without a warning of the runtime.
    using client = Deno.createHttpClient({ caCerts: [caPem] });
    for (const each of [url, `https://${HOST}:${server.port}/`]) {
      await discarded(globalThis.fetch(each, { client }));
    }
    const [second] = await linesIn(file, 1);
    const { client: address, protocol, bytes } = JSON.parse(second!);
    assert.deepEqual([address, protocol, bytes], [HOST, "HTTP/2.0", 6]);
    assert.equal(linesOf(`${file}.1`).length, 1);
  });
});

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}

/** An answer whose content has been read. */
async function discarded(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  await response.bytes();
  return response;
}

/** The samples of a text of metrics, each line of which must be what Prometheus reads. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE ([a-z_]+) (?:counter|gauge|histogram)$/.exec(line)?.[1];
    if (type !== undefined) typed.add(type);
    if (type !== undefined || /^# HELP [a-z_]+ \S.*$/.test(line)) continue;
    const label = '[a-z]+="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
    const match = new RegExp(`^([a-z_]+)((?:\\{${label}(?:,${label})*\\})?) (\\S+)$`).exec(line);
    assert.ok(match, line);
    const [, name, labels, value] = match;
    assert.ok(typed.has(name!) || typed.has(name!.replace(/_(?:bucket|sum|count)$/, "")), line);
    assert.ok(!found.has(`${name}${labels}`), `${line} is there twice`);
    found.set(`${name}${labels}`, Number(value));
  }
  return found;
}

Deno.test("the server tells its metrics without a word that clients choose", async () => {
  await withFolder(async (folder) => {
    await using server = await start(folder, "--metrics", "0");
    const at = /Metrics at (http:\/\/127\.0\.0\.1:\d+)\/metrics\n/.exec(server.text)![1]!;
    const url = `https://${HOST}:${server.port}`;
    await (await fetch(`${url}/a.txt`, init)).text();
    await (await fetch(`${url}/secret-name?x`, { ...init, method: "DELETE" })).text();
    const healthy = await globalThis.fetch(`${at}/healthz`);
    assert.deepEqual([healthy.status, await healthy.text()], [200, "well\n"]);
    const read = async () => await (await globalThis.fetch(`${at}/metrics`)).text();
    const text = await until(async () => {
      const text = await read();
      return samples(text).get("mpquic_http_requests_in_flight") === 0 ? text : undefined;
    });
    const found = samples(text);
    const request = (method: string, code: number) =>
      found.get(
        `mpquic_http_requests_total{protocol="HTTP/3.0",method="${method}",code="${code}"}`,
      );
    assert.deepEqual([request("GET", 200), request("other", 405)], [1, 1]);
    const paths = [...found].filter(([name]) => name.startsWith("mpquic_paths{"));
    assert.deepEqual(paths.map(([, count]) => count), [1]);
    assert.match(paths[0]![0], /interface="lo",status="available",health="[a-z]+"/);
    assert.equal(found.get('mpquic_held{resource="connections"}'), 1);
    assert.equal(found.get('mpquic_http_request_duration_seconds_bucket{le="+Inf"}'), 2);
    assert.doesNotMatch(text, /secret|a\.txt|127\.0\.0\.1|DELETE/);
    assert.equal((await discarded(globalThis.fetch(`${at}/`))).status, 404);
  });
});

Deno.test({
  name: "Prometheus's own parser takes the metrics, and those of workers",
  ignore: !hasPromtool,
  async fn() {
    await withFolder(async (folder) => {
      await using server = await start(folder, "--metrics", "0", "-tcp");
      const at = /Metrics at (\S+)\n/.exec(server.text)![1]!;
      const url = `https://${HOST}:${server.port}`;
      await discarded(fetch(`${url}/a.txt`, init));
      await discarded(fetch(`${url}/none"\\`, { ...init, method: "M\u0041DE-UP" }));
      using client = Deno.createHttpClient({ caCerts: [caPem] });
      await discarded(globalThis.fetch(url, { client }));
      const response = await globalThis.fetch(at);
      assert.equal(
        response.headers.get("content-type"),
        "text/plain; version=0.0.4; charset=utf-8",
      );
      const text = await response.text();
      const sum = new SummedMetrics();
      for (const worker of ["a", "b"]) sum.note(worker, text, 0);
      for (const each of [text, sum.text(text)]) {
        const { code, stderr } = await promtool("check", "metrics", each);
        assert.deepEqual([new TextDecoder().decode(stderr), code], ["", 0]);
      }
      const { success } = await promtool(
        "check",
        "metrics",
        text.replace('method="GET"', "method=GET"),
      );
      assert.equal(success, false, "it would tell");
    });
  },
});

/** Runs the tool of Prometheus, with a text on its standard input. */
async function promtool(...words: string[]): Promise<Deno.CommandOutput> {
  const text = words.length > 2 ? words.pop()! : "";
  const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const process = new Deno.Command("promtool", { args: words, ...pipes }).spawn();
  const writer = process.stdin.getWriter();
  // A tool that reads nothing of it ends before.
  await writer.write(new TextEncoder().encode(text)).catch(() => {});
  await writer.close().catch(() => {});
  return await process.output();
}

Deno.test("a server that drains cuts no answer, and its balancer knows", async () => {
  await withFolder(async (folder) => {
    const flags = ["--drain", "1m", "--limit-rate", "100k", "--metrics", `${HOST}:0`];
    const server = await start(folder, ...flags);
    const at = /Metrics at (\S+)\/metrics\n/.exec(server.text)![1]!;
    const begun = performance.now();
    const response = await fetch(`https://${HOST}:${server.port}/large`, init);
    const reader = response.body!.getReader();
    let count = (await reader.read()).value!.length;
    const stopped = server.stop();
    await until(async () => (await discarded(globalThis.fetch(`${at}/healthz`))).status === 503);
    for (let part; !(part = await reader.read()).done;) count += part.value.length;
    assert.equal(count, 400_000);
    // 400 kB at 102.4 kB a second, of which the first tenth of a second's are given at once.
    assert.ok(performance.now() - begun > 3_000, "the answer keeps to its rate");
    assert.deepEqual((await stopped).code, 0);
  });
});

Deno.test("a server that ends cuts off what takes longer over TCP, too, and logs that", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/access.log`;
    const flags = ["--drain", "1s", "--limit-rate", "100k", "--access-log", file, "-tcp"];
    const server = await start(folder, ...flags, "--log-format", "json");
    const cut: Promise<unknown>[] = [];
    for (const http2 of [true, false]) {
      const client = Deno.createHttpClient({ caCerts: [caPem], http2, http1: !http2 });
      const url = `https://${HOST}:${server.port}/large`;
      const response = await globalThis.fetch(url, { client });
      cut.push(assert.rejects(response.bytes()).finally(() => client.close()));
    }
    assert.equal((await server.stop()).code, 0);
    await Promise.all(cut);
    const lines = linesOf(file).map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ protocol, aborted }) => `${protocol} ${aborted}`).toSorted(),
      ["HTTP/1.1 true", "HTTP/2.0 true"],
    );
  });
});

Deno.test("the server takes files of its users, over HTTP/3 and over TCP", async () => {
  await withFolder(async (folder) => {
    const hash = createHash("sha256").update("secret").digest("hex");
    await Deno.writeTextFile(`${folder}/users`, `me:${hash}\n`);
    const flags = ["--allow-upload", "--auth", `${folder}/users`, "--max-uploads", "4", "-tcp"];
    await using server = await start(folder, ...flags, "--overwrite", "--max-upload", "1M");
    const url = `https://${HOST}:${server.port}/new.bin`;
    const body = new Uint8Array(300_000).map((_, i) => i * i);
    const put = (more: Record<string, string>, content = body) =>
      discarded(fetch(url, { ...init, method: "PUT", body: content, headers: more }));
    assert.equal((await put({})).status, 401);
    const authorization = `Basic ${btoa("me:secret")}`;
    assert.equal((await put({ authorization })).status, 201);
    const got = await fetch(url, init);
    assert.deepEqual([...await got.bytes()], [...body]);
    assert.equal(got.headers.get("content-security-policy"), "sandbox");
    assert.equal((await put({ authorization }, new Uint8Array(1_100_000))).status, 413);
    using client = Deno.createHttpClient({ caCerts: [caPem] });
    const more = { client, method: "PUT", body: "over TCP", headers: { authorization } };
    assert.equal((await discarded(globalThis.fetch(url, more))).status, 204);
    assert.equal(await Deno.readTextFile(`${folder}/site/new.bin`), "over TCP");
  });
});

Deno.test("the server refuses flags of a service that make no sense with a sentence", async () => {
  const cases: [string[], RegExp][] = [
    [["--log-format", "json"], /Cannot shape a log .*--access-log/],
    [["--access-log", "-", "--log-format", "xml"], /--log-format: give one of combined, json/],
    [["--metrics", "here"], /--metrics: give a port/],
    [["--metrics", "70000"], /--metrics: give a port/],
    [["--drain", "soon"], /--drain: give a time, such as 90s, 30m or 2h/],
    [["--allow-upload"], /Cannot take files from everybody: .*--auth FILE/],
    [["--overwrite"], /Cannot use --overwrite alone/],
    [["--limit-rate", "0"], /--limit-rate: give bytes a second/],
  ];
  await Promise.all(cases.map(async ([args, pattern]) => {
    const { code, stderr } = await run("server", ...args);
    assert.match(stderr, pattern);
    assert.equal(code, 2);
  }));
});
