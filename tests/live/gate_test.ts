import assert from "node:assert/strict";
import { SystemRandom } from "../../src/io/random.ts";
import { Gate, refusal } from "../../src/live/gate.ts";

const HOST = "127.0.0.1:4711";
/** What a browser says of an address that its user has typed. */
const TYPED = { host: HOST, "sec-fetch-site": "none" };

function begun(): Gate {
  const gate = new Gate(new SystemRandom());
  gate.guard([HOST, "[::1]:4711"]);
  return gate;
}

/** What the gate says to a request; a number is the status of an answer. */
function judge(
  gate: Gate,
  path: string,
  fields: Record<string, string> = TYPED,
  method = "GET",
): Response | string {
  const url = URL.parse(path, `http://${fields.host ?? HOST}`)!.href;
  return gate.judge(new Request(url, { headers: fields, method }));
}

function statusOf(answer: Response | string): number {
  assert.ok(answer instanceof Response, `it lets in: ${answer}`);
  return answer.status;
}

/** The folder and the cookie of a browser that has opened the address. */
function entered(gate: Gate): { folder: string; cookie: string } {
  const answer = judge(gate, `/?token=${gate.token}`) as Response;
  assert.equal(statusOf(answer), 303);
  const [cookie] = answer.headers.get("set-cookie")!.split(";");
  return { folder: answer.headers.get("location")!, cookie: cookie! };
}

Deno.test("A live view lets in who shows the token, once, by a cookie that only its folder sees", () => {
  const gate = begun();
  const { token } = gate;
  const answer = judge(gate, `/?token=${token}`) as Response;
  assert.equal(answer.status, 303);
  const folder = answer.headers.get("location")!;
  assert.match(folder, /^\/[\da-f]{48}\/$/);
  assert.equal(
    answer.headers.get("set-cookie")!.replace(/=[\da-f]{48};/, "=SECRET;"),
    `mpquic-live=SECRET; Path=${folder}; HttpOnly; SameSite=Strict`,
  );
  const [cookie] = answer.headers.get("set-cookie")!.split(";");
  assert.equal(judge(gate, folder, { ...TYPED, cookie: cookie! }), "");
  const own = { ...TYPED, "sec-fetch-site": "same-origin", cookie: `other=1; ${cookie}` };
  assert.equal(judge(gate, `${folder}events?connection=3`, own), "events");
  assert.notEqual(gate.token, token, "the next browser needs another");
});

Deno.test("A used token lets no other browser in, and leads the first one back [attack live-view]", () => {
  const gate = begun();
  const { token } = gate;
  const { folder, cookie } = entered(gate);
  const again = judge(gate, `/?token=${token}`) as Response;
  assert.equal(again.status, 303);
  assert.equal(again.headers.get("set-cookie"), null, "no cookie for the second");
  assert.equal(again.headers.get("location"), folder);
  assert.equal(statusOf(judge(gate, folder)), 403);
  assert.equal(judge(gate, folder, { ...TYPED, cookie }), "");
});

Deno.test("A live view refuses wrong tokens and wrong cookies [attack live-view]", () => {
  const gate = begun();
  const wrong = gate.token.replace(/^./, (first) => first === "0" ? "1" : "0");
  for (const token of ["", "x", wrong, gate.token.slice(1), `${gate.token}0`]) {
    assert.equal(statusOf(judge(gate, `/?token=${token}`)), 403, token);
  }
  const { folder, cookie } = entered(gate);
  for (const bad of ["", "mpquic-live=", `${cookie}0`, cookie.slice(0, -1), `x${cookie}`]) {
    assert.equal(statusOf(judge(gate, folder, { ...TYPED, cookie: bad })), 403, bad);
  }
  const other = entered(gate);
  const mixed = { ...TYPED, cookie: other.cookie };
  assert.equal(statusOf(judge(gate, folder, mixed)), 403, "the cookie of another browser");
});

Deno.test("A live view answers at its literal addresses only: no name leads there [attack live-view]", () => {
  const gate = begun();
  const { folder, cookie } = entered(gate);
  const hosts = [
    "localhost:4711",
    "evil.example",
    "evil.example:4711",
    "127.0.0.1",
    "127.0.0.1:4712",
    "127.1:4711",
    "127.0.0.1.evil.example:4711",
    "[::ffff:127.0.0.1]:4711",
    "127.0.0.1:4711, evil.example",
    "0.0.0.0:4711",
  ];
  for (const host of hosts) {
    const request = new Request(`http://${HOST}${folder}`, {
      headers: { ...TYPED, cookie, host },
    });
    assert.equal(statusOf(gate.judge(request)), 403, host);
  }
  const target = new Request(`http://evil.example${folder}`, { headers: { ...TYPED, cookie } });
  assert.equal(statusOf(gate.judge(target)), 403, "a request line that names another host");
  const v6 = { ...TYPED, host: "[::1]:4711", cookie };
  assert.equal(judge(gate, folder, v6), "", "the other literal address");
});

Deno.test("A live view refuses what pages of other origins ask for [attack live-view]", () => {
  const gate = begun();
  const { folder, cookie } = entered(gate);
  const sites = ["cross-site", "same-site", "", "same-origin, none"];
  for (const site of sites) {
    const fields = { ...TYPED, cookie, "sec-fetch-site": site };
    assert.equal(statusOf(judge(gate, folder, fields)), 403, site);
    assert.equal(statusOf(judge(gate, `/?token=${gate.token}`, fields)), 403, site);
  }
  assert.equal(statusOf(judge(gate, folder, { host: HOST, cookie })), 403, "no browser");
  for (const origin of ["null", "https://evil.example", "http://127.0.0.1:80", `https://${HOST}`]) {
    const fields = { ...TYPED, cookie, "sec-fetch-site": "same-origin", origin };
    assert.equal(statusOf(judge(gate, folder, fields)), 403, origin);
  }
  const own = { ...TYPED, cookie, "sec-fetch-site": "same-origin", origin: `http://${HOST}` };
  assert.equal(judge(gate, folder, own), "");
  assert.equal(entered(gate).folder.length, 50, "the token was not used up by others");
});

Deno.test("A live view has nothing but what can be seen", () => {
  const gate = begun();
  const { folder, cookie } = entered(gate);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const answer = judge(gate, folder, { ...TYPED, cookie }, method) as Response;
    assert.equal(statusOf(answer), 405, method);
    assert.equal(answer.headers.get("allow"), "GET, HEAD");
  }
  for (const path of ["/", "/live.js", "/events", "/x/", "//evil.example/"]) {
    assert.ok([403, 404].includes(statusOf(judge(gate, path))), path);
  }
});

Deno.test("All answers of a live view forbid to keep, frame or share them", () => {
  const gate = begun();
  const answers = [
    refusal(503, "Cannot do that"),
    judge(gate, "/nothing") as Response,
    judge(gate, `/?token=${gate.token}`) as Response,
  ];
  for (const { headers } of answers) {
    assert.match(headers.get("cache-control")!, /no-store/);
    assert.match(headers.get("content-security-policy")!, /^default-src 'self';/);
    assert.match(headers.get("content-security-policy")!, /frame-ancestors 'none'/);
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    const cors = [...headers.keys()].filter((name) => name.startsWith("access-control"));
    assert.deepEqual(cors, []);
  }
});

Deno.test("A live view remembers a limited number of browsers", () => {
  const gate = begun();
  const all = Array.from({ length: 17 }, () => entered(gate));
  const isIn = ({ folder, cookie }: { folder: string; cookie: string }) =>
    judge(gate, folder, { ...TYPED, cookie }) === "";
  assert.deepEqual(all.map(isIn), [false, ...Array(16).fill(true)]);
});
