import assert from "node:assert/strict";
import { accessLine, AccessLog, type LineOptions } from "../../cli/server/access_log.ts";
import type { Exchange, RequestHead } from "../../cli/server/exchange.ts";

function exchange(request: Partial<RequestHead> = {}, more: Partial<Exchange> = {}): Exchange {
  return {
    time: new Date(Date.UTC(2026, 1, 3, 4, 5, 6)),
    client: {
      address: "192.0.2.1",
      protocol: "HTTP/3.0",
      paths: () => ["192.0.2.1:5000>198.51.100.1:443"],
      completed: Promise.resolve(),
    },
    request: {
      method: "GET",
      url: "https://files.example/a/b?c=d",
      range: "",
      referer: "",
      agent: "",
      ...request,
    },
    user: "",
    status: 200,
    bytes: 17,
    duration: 12.4,
    isAborted: false,
    ...more,
  };
}

const combined: LineOptions = { format: "combined", hasQuery: true };
const json: LineOptions = { format: "json", hasQuery: true };

Deno.test("a line of the access log is in the combined form of other servers", () => {
  assert.equal(
    accessLine(exchange({ referer: "https://a.example/", agent: "curl/8" }), combined),
    '192.0.2.1 - - [03/Feb/2026:04:05:06 +0000] "GET /a/b?c=d HTTP/3.0" 200 17 ' +
      '"https://a.example/" "curl/8"',
  );
  assert.match(accessLine(exchange(), combined), / 200 17 "-" "-"$/);
});

Deno.test("what clients write into fields cannot forge a line, move a cursor or grow", () => {
  const hostile = 'a"b\\c\n\x1b[2J\x7f\u00e9\u202e\ud800';
  const line = accessLine(exchange({ agent: hostile, referer: hostile }), combined);
  assert.match(line, /^[\x20-\x7e]*$/);
  assert.equal(line.match(/"/g)!.length, 6);
  const right = "a\\x22b\\x5cc\\x0a\\x1b[2J\\x7f\\xc3\\xa9\\xe2\\x80\\xae\\xef\\xbf\\xbd";
  assert.ok(line.endsWith(`"${right}" "${right}"`), line);
  const text = accessLine(exchange({ agent: hostile }), json);
  assert.match(text, /^[\x20-\x7e]*$/);
  assert.equal(JSON.parse(text).agent, hostile);
  for (const options of [combined, json]) {
    const long = "x".repeat(100_000);
    const url = `https://files.example/${long}?${long}`;
    const fields = { method: long, url, agent: long, referer: long, range: long };
    const size = accessLine(exchange(fields, { user: long }), options);
    assert.ok(size.length < 6 * 1_024 + 500, `${size.length}`);
  }
});

Deno.test("a line of the access log names the user, and a space in the name splits no field", () => {
  const user = 'Ann "A" \u00e9 Doe';
  assert.match(
    accessLine(exchange({}, { user }), combined),
    /^192\.0\.2\.1 - Ann\\x20\\x22A\\x22\\x20\\xc3\\xa9\\x20Doe \[/,
  );
  assert.equal(JSON.parse(accessLine(exchange({}, { user }), json)).user, user);
  assert.equal("user" in JSON.parse(accessLine(exchange(), json)), false);
});

Deno.test("queries are left out of the access log if that is asked for, of the referer too", () => {
  const told = exchange({ referer: "https://a.example/x?token=1#part" });
  for (const format of ["combined", "json"] as const) {
    const line = accessLine(told, { format, hasQuery: false });
    assert.doesNotMatch(line, /[?#]|token|c=d/);
    assert.match(line, /https:\/\/a\.example\/x"/);
  }
});

Deno.test("a line of JSON has the paths of the client, the range, and whether it was cut", () => {
  const line = accessLine(exchange({ range: "bytes=0-9" }, { isAborted: true }), json);
  assert.deepEqual(JSON.parse(line), {
    time: "2026-02-03T04:05:06.000Z",
    client: "192.0.2.1",
    paths: ["192.0.2.1:5000>198.51.100.1:443"],
    protocol: "HTTP/3.0",
    method: "GET",
    host: "files.example",
    target: "/a/b?c=d",
    range: "bytes=0-9",
    status: 200,
    bytes: 17,
    duration_ms: 12,
    aborted: true,
  });
});

Deno.test("AccessLog appends to the file that has the name, and goes on where it moved", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/access.log`;
    await Deno.writeTextFile(path, "before\n");
    const log = new AccessLog(path, combined);
    for (let i = 0; i < 3; i++) log.onEnd(exchange());
    await Deno.rename(path, `${path}.1`);
    log.reopen();
    log.onEnd(exchange({}, { status: 404 }));
    log.close();
    const count = (file: string) => Deno.readTextFileSync(file).trimEnd().split("\n").length;
    assert.deepEqual([count(`${path}.1`), count(path)], [1 + 3, 1]);
    assert.match(await Deno.readTextFile(path), /" 404 17 /);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
