import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type UploadLimits, Uploads } from "../../cli/files/uploads.ts";
import { validatorsOf } from "../../cli/http/conditional.ts";
import { withUploads } from "../../cli/server/upload_handler.ts";
import { UserFile } from "../../cli/server/user_file.ts";
import { staticFiles } from "../../cli/files/static_files.ts";

const LIMITS: UploadLimits = { overwrite: false, maxSize: 1_000, maxCount: 2 };

/** A folder that takes files, and what is in it. */
class Site implements AsyncDisposable {
  readonly folder: string;
  readonly root: string;
  readonly uploads: Uploads;

  private constructor(folder: string, limits: Partial<UploadLimits>) {
    this.folder = folder;
    this.root = `${folder}/site`;
    this.uploads = new Uploads(this.root, { ...LIMITS, ...limits });
  }

  static async make(limits: Partial<UploadLimits> = {}): Promise<Site> {
    const folder = await Deno.makeTempDir();
    await Deno.mkdir(`${folder}/site/sub`, { recursive: true });
    return new Site(folder, limits);
  }

  put(
    path: string,
    body: BodyInit | null,
    headers: Record<string, string> = {},
    user = "me",
  ): Promise<Response> {
    const request = new Request(`https://a.example${path}`, { method: "PUT", body, headers });
    return this.uploads.put(request, user);
  }

  /** The names in the folder, those of parts as "part". */
  get names(): string[] {
    const names = [...Deno.readDirSync(this.root)].map(({ name }) => name);
    return names.map((name) => name.startsWith(".upload-") ? "part" : name).toSorted();
  }

  text(name: string): string {
    return Deno.readTextFileSync(`${this.root}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("a file is taken whole, and replaced only if that is meant", async () => {
  await using site = await Site.make();
  const made = await site.put("/a.txt", "one");
  assert.equal(made.status, 201);
  assert.deepEqual([site.text("a.txt"), site.names], ["one", ["a.txt", "sub"]]);
  assert.equal((await site.put("/a.txt", "two")).status, 428);
  assert.equal((await site.put("/a.txt", "two", { "if-match": '"x"' })).status, 412);
  assert.equal((await site.put("/a.txt", "two", { "if-none-match": "*" })).status, 412);
  assert.equal(site.text("a.txt"), "one");
  assert.match(made.headers.get("etag")!, /^(?:W\/)?"/);
  // What has just been changed has no strong tag yet.
  const past = new Date(Date.now() - 60_000);
  await Deno.utime(`${site.root}/a.txt`, past, past);
  const { etag } = validatorsOf(await Deno.stat(`${site.root}/a.txt`));
  assert.equal((await site.put("/a.txt", "two", { "if-match": etag })).status, 204);
  assert.equal(site.text("a.txt"), "two");
  assert.equal((await site.put("/none", "x", { "if-match": "*" })).status, 412);
  await using other = await Site.make({ overwrite: true });
  assert.equal((await other.put("/sub/a.txt", "one")).status, 201);
  assert.equal((await other.put("/sub/a.txt", "two")).status, 204);
  assert.equal(other.text("sub/a.txt"), "two");
});

Deno.test("a file that comes compressed is refused, as it would be served as it is", async () => {
  await using site = await Site.make();
  const refused = await site.put("/a.txt", "gzip", { "content-encoding": "gzip" });
  assert.deepEqual([refused.status, refused.headers.get("accept-encoding")], [415, "identity"]);
  assert.equal((await site.put("/a.txt", "one", { "content-encoding": "identity" })).status, 201);
  assert.deepEqual(site.names, ["a.txt", "sub"]);
});

Deno.test("a date that only readers ask by keeps no file from being replaced", async () => {
  await using site = await Site.make({ overwrite: true });
  await site.put("/a.txt", "one");
  const past = new Date(Date.now() - 60_000);
  await Deno.utime(`${site.root}/a.txt`, past, past);
  const since = new Date().toUTCString();
  assert.equal((await site.put("/a.txt", "two", { "if-modified-since": since })).status, 204);
  assert.equal(site.text("a.txt"), "two");
  const until = new Date(past.getTime() - 60_000).toUTCString();
  assert.equal((await site.put("/a.txt", "x", { "if-unmodified-since": until })).status, 412);
  assert.equal((await site.put("/a.txt", "x", { "if-none-match": "*" })).status, 412);
  assert.equal(site.text("a.txt"), "two");
});

Deno.test("a length that is no number is refused, as it would pass every limit", async () => {
  await using site = await Site.make();
  for (const length of ["5, 5", "much"]) {
    const answer = await site.put("/a.txt", "x".repeat(2_000), { "content-length": length });
    assert.equal(answer.status, 400, length);
  }
  assert.deepEqual(site.names, ["sub"]);
});

Deno.test("nothing is taken outside of the folder, over folders, or under hidden names", async () => {
  await using site = await Site.make({ overwrite: true });
  await Deno.mkdir(`${site.folder}/outside`);
  await Deno.writeTextFile(`${site.folder}/outside/file`, "kept");
  await Deno.symlink(`${site.folder}/outside`, `${site.root}/out`);
  await Deno.symlink(`${site.folder}/outside/file`, `${site.root}/link`);
  await Deno.mkdir(`${site.root}/.git`);
  await Deno.symlink(`${site.root}/.git`, `${site.root}/git`);
  const cases: [string, number][] = [
    ["/out/file", 403],
    ["/out/new", 403],
    ["/link", 409],
    ["/sub", 409],
    ["/sub/", 400],
    ["/", 400],
    ["/.htaccess", 403],
    ["/.git/config", 403],
    ["/git/config", 403],
    ["/.well-known/x", 403],
    ["/.upload-0123", 403],
    ["/sub/..%2f..%2foutside%2ffile", 400],
    ["/%2e%2e/outside/file", 404],
    ["/none/a", 404],
    ["/a%00b", 400],
    [`/${"n".repeat(300)}`, 400],
  ];
  for (const [path, status] of cases) {
    assert.equal((await site.put(path, "x")).status, status, path);
  }
  assert.equal(await Deno.readTextFile(`${site.folder}/outside/file`), "kept");
  assert.deepEqual([...Deno.readDirSync(`${site.folder}/outside`)].length, 1);
  assert.deepEqual(site.names, [".git", "git", "link", "out", "sub"]);
});

Deno.test("files and uploads beyond the limits are refused, said or not", async () => {
  await using site = await Site.make();
  const large = "x".repeat(1_001);
  assert.equal((await site.put("/a", large, { "content-length": "1001" })).status, 413);
  assert.equal((await site.put("/a", large)).status, 413);
  assert.equal((await site.put("/a", "x", { "content-range": "bytes 0-0/1001" })).status, 413);
  assert.equal((await site.put("/a", "xyz", { "content-length": "2" })).status, 400);
  assert.equal((await site.put("/a", "x", { "content-range": "bytes 5-2/9" })).status, 400);
  assert.deepEqual(site.names, ["sub"]);
  const pending = [0, 1].map(() => new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>());
  const running = pending.map(({ readable }, i) => site.put(`/${i}`, readable));
  const writers = pending.map(({ writable }) => writable.getWriter());
  for (const writer of writers) await writer.write(new Uint8Array(10));
  assert.equal((await site.put("/2", "x")).status, 503);
  await writers[0]!.close();
  assert.equal((await running[0])!.status, 201);
  // Another writer of the same file, in another thread of the server too, learns how far it is.
  for (const uploads of [site.uploads, new Uploads(site.root, LIMITS)]) {
    const again = new Request("https://a.example/1", { method: "PUT", body: "x" });
    const second = await uploads.put(again, "me");
    assert.deepEqual([second.status, second.headers.get("upload-offset")], [409, "10"]);
  }
  await writers[1]!.close();
  assert.equal((await running[1])!.status, 201);
  assert.deepEqual(site.names, ["0", "1", "sub"]);
});

Deno.test("an upload follows no link, takes no place that is taken meanwhile, and no room there is not", async () => {
  await using site = await Site.make({ maxSize: 2 ** 53 });
  const first = await site.put("/a.txt", "0123", { "content-range": "bytes 0-3/8" });
  assert.equal(first.status, 202);
  const part = [...Deno.readDirSync(site.root)].find(({ name }) => name.startsWith(".upload-"))!;
  await Deno.remove(`${site.root}/${part.name}`);
  await Deno.writeTextFile(`${site.folder}/outside`, "kept");
  await Deno.symlink(`${site.folder}/outside`, `${site.root}/${part.name}`);
  for (const range of ["bytes 4-7/8", "bytes 0-3/8"]) {
    assert.equal((await site.put("/a.txt", "4567", { "content-range": range })).status, 409);
  }
  assert.equal(await Deno.readTextFile(`${site.folder}/outside`), "kept");

  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const answer = site.put("/b.txt", readable);
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("late"));
  await Deno.writeTextFile(`${site.root}/b.txt`, "early");
  await writer.close();
  assert.equal((await answer).status, 428);
  assert.equal(site.text("b.txt"), "early");

  const endless = { "content-range": "bytes 0-3/9000000000000000" };
  assert.equal((await site.put("/c.txt", "0123", endless)).status, 507);
});

Deno.test("an upload that was cut off goes on where it ended, for its user only", async () => {
  await using site = await Site.make();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const answer = site.put("/a.txt", readable, { "content-length": "10" });
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("0123"));
  await writer.abort(new Error("the client is gone")).catch(() => {});
  assert.equal((await answer).status, 500);
  assert.deepEqual(site.names, ["part", "sub"]);
  const rest = { "content-range": "bytes 6-9/10" };
  const told = await site.put("/a.txt", "6789", rest);
  assert.deepEqual([told.status, told.headers.get("upload-offset")], [409, "4"]);
  const foreign = await site.put("/a.txt", "456789", { "content-range": "bytes 4-9/10" }, "you");
  assert.deepEqual([foreign.status, foreign.headers.get("upload-offset")], [409, "0"]);
  const part = await site.put("/a.txt", "45", { "content-range": "bytes 4-5/10" });
  assert.deepEqual([part.status, part.headers.get("upload-offset")], [202, "6"]);
  assert.equal((await site.put("/a.txt", "6789", rest)).status, 201);
  assert.equal(site.text("a.txt"), "0123456789");
  assert.deepEqual(site.names, ["a.txt", "sub"]);
});

Deno.test("an upload is one writer's until the file has its name", async () => {
  await using site = await Site.make({ maxSize: 100_000_000, maxCount: 10 });
  const content = new Uint8Array(40_000_000).fill(0x61);
  const digest = createHash("sha256").update(content).digest("base64");
  let isDone = false;
  const first = site.put("/a", content, { "repr-digest": `sha-256=:${digest}:` })
    .finally(() => isDone = true);
  const others = new Set<number>();
  while (!isDone) {
    const part = site.names.includes("part");
    if (part) others.add((await site.put("/a", "half")).status);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal((await first).status, 201);
  assert.deepEqual(await Deno.readFile(`${site.root}/a`), content);
  for (const status of others) assert.ok([409, 428].includes(status), `${status}`);
  assert.ok(others.has(409));
});

Deno.test("a file without the digest that was said is not kept", async () => {
  await using site = await Site.make();
  const digest = (text: string) => ({
    "repr-digest": `sha-256=:${createHash("sha256").update(text).digest("base64")}:`,
  });
  assert.equal((await site.put("/a", "right", digest("wrong"))).status, 422);
  assert.deepEqual(site.names, ["sub"]);
  assert.equal((await site.put("/a", "right", digest("right"))).status, 201);
});

Deno.test("parts that were left for a day are removed, others are not", async () => {
  await using site = await Site.make();
  const [old, young] = [".upload-old", ".upload-young"].map((name) => `${site.root}/${name}`);
  await Deno.writeTextFile(old!, "x");
  await Deno.writeTextFile(young!, "x");
  await Deno.utime(old!, new Date(), new Date(Date.now() - 90_000_000));
  assert.equal((await site.put("/a", "x")).status, 201);
  assert.deepEqual(site.names, ["a", "part", "sub"]);
});

Deno.test("users prove themselves by name and password, or the password alone", async () => {
  await using site = await Site.make();
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const file = `${site.folder}/users`;
  await Deno.writeTextFile(file, `# ours\nme:${hash("se:cret")}\nyou:${hash("other")}\n`);
  const users = await UserFile.open(file, "auth");
  const basic = (text: string) => `Basic ${btoa(text)}`;
  const cases: [string | null, string | undefined][] = [
    [basic("me:se:cret"), "me"],
    [basic("you:se:cret"), undefined],
    [basic("me:wrong"), undefined],
    ["Bearer other", "you"],
    ["Bearer wrong", undefined],
    ["Basic %%%", undefined],
    ["Digest x", undefined],
    ["", undefined],
    [null, undefined],
  ];
  for (const [field, user] of cases) assert.equal(await users.userOf(field), user, `${field}`);
  for (const text of ["", "me:abc", "no line"]) {
    await Deno.writeTextFile(file, text);
    await assert.rejects(UserFile.open(file, "auth"), { name: "Failure" });
  }
});

Deno.test("the file of users is read again, and what is no list leaves those from before", async () => {
  await using site = await Site.make();
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const file = `${site.folder}/users`;
  const told: string[] = [];
  await Deno.writeTextFile(file, `me:${hash("one")}\n`);
  const users = await UserFile.open(file, "auth", {
    onNews: (line) => told.push(`news: ${line}`),
    onFault: (line) => told.push(`fault: ${line}`),
  });
  const look = async (text: string) => {
    await Deno.writeTextFile(file, text);
    await users.look();
    await users.look(); // nothing has changed
    return [await users.userOf("Bearer one"), await users.userOf("Bearer two")];
  };
  assert.deepEqual(await look(`you:${hash("two")}\n`), [undefined, "you"]);
  assert.deepEqual(await look("half a li"), [undefined, "you"]);
  await Deno.remove(file);
  await users.look();
  assert.equal(await users.userOf("Bearer two"), "you");
  assert.deepEqual(await look(`me:${hash("one")}\n`), ["me", undefined]);
  const news = /^news: Using the changed/;
  const texts = [news, /^fault: .*line 1 of .*stay$/, /^fault: .*gone; .*stay$/, news];
  assert.equal(told.length, texts.length, told.join("\n"));
  for (const [i, text] of texts.entries()) assert.match(told[i]!, text);
});

Deno.test("without a user nothing is taken; what was uploaded is sandboxed, parts are hidden", async () => {
  await using site = await Site.make();
  const file = `${site.folder}/users`;
  await Deno.writeTextFile(file, `me:${createHash("sha256").update("x").digest("hex")}`);
  const files = await staticFiles(site.root, { dotfiles: true });
  const handler = withUploads(files, site.uploads, await UserFile.open(file, "auth"));
  const ask = (path: string, init: RequestInit = {}) =>
    handler(new Request(`https://a.example${path}`, init));
  const put = { method: "PUT", body: "<script>" };
  const refused = await ask("/a.html", put);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("www-authenticate")!, /^Basic realm="upload"/);
  assert.deepEqual(site.names, ["sub"]);
  const authorization = "Bearer x";
  assert.equal((await ask("/a.html", { ...put, headers: { authorization } })).status, 201);
  const shown = await ask("/a.html");
  assert.equal(await shown.text(), "<script>");
  assert.equal(shown.headers.get("content-security-policy"), "sandbox");
  assert.equal(shown.headers.get("x-content-type-options"), "nosniff");
  await Deno.writeTextFile(`${site.root}/.upload-x`, "half");
  assert.equal((await ask("/.upload-x")).status, 404);
  assert.doesNotMatch(await (await ask("/")).text(), /upload-x/);
  assert.equal((await ask("/a.html", { method: "DELETE" })).headers.get("allow"), "GET, HEAD, PUT");
  // How far an upload has come is told to its user only.
  const range = { authorization, "content-range": "bytes 0-3/10" };
  assert.equal((await ask("/b", { method: "PUT", body: "0123", headers: range })).status, 202);
  const head = async (headers: Record<string, string>) =>
    (await ask("/b", { method: "HEAD", headers })).headers.get("upload-offset");
  assert.equal(await head({ authorization }), "4");
  assert.equal(await head({}), null);
  assert.equal(await head({ authorization: "Bearer y" }), null);
});

Deno.test("a file gets its name where there are no hard links, and takes none that is taken", async () => {
  await using site = await Site.make();
  const { link, rename } = Deno;
  Deno.link = () => Promise.reject(new Deno.errors.PermissionDenied("(os error 1)")); // as exFAT
  try {
    assert.equal((await site.put("/a.txt", "one")).status, 201);
    assert.deepEqual([site.text("a.txt"), site.names], ["one", ["a.txt", "sub"]]);
    // Of several at a time one gets the name, and the others leave nothing in its place.
    Deno.rename = async (from, to) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await rename(from, to);
    };
    const both = ["me", "you"].map(async (user) => {
      return [user, (await site.put("/b.txt", `of ${user}`, {}, user)).status];
    });
    const answers = await Promise.all(both);
    const won = answers.filter(([, status]) => status === 201);
    assert.equal(won.length, 1, answers.join());
    assert.ok(answers.some(([, status]) => status === 409 || status === 412), answers.join());
    assert.equal(site.text("b.txt"), `of ${won[0]![0]}`);
    const loser = won[0]![0] === "me" ? "you" : "me";
    assert.equal((await site.put("/b.txt", "again", {}, loser)).status, 428);
    assert.deepEqual(site.names, ["a.txt", "b.txt", "part", "sub"]);
  } finally {
    Object.assign(Deno, { link, rename });
  }
});
