import assert from "node:assert/strict";
import { type FileHandler, staticFiles } from "../../cli/files/static_files.ts";

const origin = "https://localhost:6121";

/** A folder beside a secret, served. */
/** How many descriptors this process has open on files of temporary folders; 0 where none is told. */
function openFiles(): number {
  if (Deno.build.os !== "linux") return 0;
  const links = [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      return [Deno.readLinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return []; // the descriptor that the list was read by
    }
  });
  return links.filter((path) => path.endsWith("/digits.txt")).length;
}

async function withSite(
  use: (serve: FileHandler, root: string) => Promise<void>,
): Promise<void> {
  const outer = await Deno.realPath(await Deno.makeTempDir());
  const root = `${outer}/site`;
  try {
    await Deno.mkdir(`${root}/dir/sub`, { recursive: true });
    await Deno.mkdir(`${root}/listed`);
    await Deno.mkdir(`${root}/.git`);
    await Deno.mkdir(`${outer}/site-twin`);
    await Deno.writeTextFile(`${outer}/secret.txt`, "secret");
    await Deno.writeTextFile(`${outer}/site-twin/secret.txt`, "secret");
    await Deno.writeTextFile(`${root}/digits.txt`, "0123456789");
    await Deno.writeTextFile(`${root}/empty.bin`, "");
    await Deno.writeTextFile(`${root}/.env`, "secret");
    await Deno.writeTextFile(`${root}/.git/config`, "secret");
    await Deno.writeTextFile(`${root}/dir/index.html`, "<p>index</p>");
    await Deno.writeTextFile(`${root}/listed/a & <b>.txt`, "x".repeat(1500));
    await Deno.writeTextFile(`${root}/listed/.hidden`, "secret");
    await Deno.mkdir(`${root}/listed/zoo`);
    await Deno.symlink("../digits.txt", `${root}/listed/inside.html`);
    await Deno.symlink("../../secret.txt", `${root}/listed/outside.txt`);
    // As old as files usually are that are asked for.
    await Deno.utime(`${root}/digits.txt`, new Date(), new Date(Date.now() - 60_000));
    await use(await staticFiles(root), root);
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
}

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Request {
  return new Request(origin + path, { method, headers });
}

/** A request whose URL is not normalised, as a stranger's client may send it. */
function raw(path: string): Request {
  return { method: "GET", url: origin + path, headers: new Headers() } as Request;
}

async function text(response: Response): Promise<string> {
  return await response.text();
}

Deno.test("staticFiles() serves a file with type, length, tag and date", async () => {
  await withSite(async (serve) => {
    const response = await serve(get("/digits.txt"));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(response.headers.get("content-length"), "10");
    assert.equal(response.headers.get("accept-ranges"), "bytes");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.match(response.headers.get("etag")!, /^"a-[0-9a-f]+(?:-[0-9a-f]+)?"$/);
    assert.ok(!Number.isNaN(Date.parse(response.headers.get("last-modified")!)));
    assert.equal(await text(response), "0123456789");
  });
});

Deno.test("staticFiles() answers HEAD with the headers of GET and no body", async () => {
  await withSite(async (serve) => {
    for (const path of ["/digits.txt", "/dir/", "/listed/", "/missing", "/dir"]) {
      const head = await serve(get(path, {}, "HEAD"));
      const full = await serve(get(path));
      assert.equal(head.status, full.status, path);
      assert.equal(head.body, null, path);
      assert.deepEqual([...head.headers], [...full.headers], path);
      await full.body?.cancel();
    }
  });
});

Deno.test("staticFiles() serves an empty file", async () => {
  await withSite(async (serve) => {
    const response = await serve(get("/empty.bin"));
    assert.equal(response.headers.get("content-length"), "0");
    assert.equal(response.headers.get("content-type"), "application/octet-stream");
    assert.equal(await text(response), "");
    const range = await serve(get("/empty.bin", { range: "bytes=0-" }));
    assert.equal(range.status, 200);
  });
});

Deno.test("staticFiles() serves index.html, and redirects to the folder's slash", async () => {
  await withSite(async (serve) => {
    const index = await serve(get("/dir/"));
    assert.equal(index.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(await text(index), "<p>index</p>");
    const redirect = await serve(get("/dir?a=b"));
    assert.equal(redirect.status, 301);
    assert.equal(redirect.headers.get("location"), "/dir/?a=b");
    assert.equal((await serve(get("/digits.txt/"))).status, 404);
  });
});

Deno.test("staticFiles() never redirects to another host", async () => {
  await withSite(async (serve) => {
    const response = await serve(raw("//dir"));
    assert.equal(response.headers.get("location"), "/dir/");
    assert.equal((await serve(raw("//other.example/dir"))).status, 404);
  });
});

Deno.test("staticFiles() lists a folder without hidden files and links that lead out", async () => {
  await withSite(async (serve) => {
    const response = await serve(get("/listed/"));
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(response.headers.get("content-security-policy")!, /default-src 'none'/);
    const page = await text(response);
    const links = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    assert.deepEqual(links, [
      "../",
      "./zoo/",
      "./a%20%26%20%3Cb%3E.txt",
      "./inside.html",
    ]);
    assert.ok(page.includes("a &#38; &#60;b&#62;.txt"));
    assert.ok(page.includes("1.5 kB"));
    assert.ok(!page.includes("hidden") && !page.includes("outside"));
    assert.equal((await serve(get("/listed/a%20%26%20%3Cb%3E.txt"))).status, 200);
  });
});

Deno.test("staticFiles() lists no folder if it is told not to", async () => {
  await withSite(async (_, root) => {
    const serve = await staticFiles(root, { listing: false });
    assert.equal((await serve(get("/listed/"))).status, 404);
    assert.equal((await serve(get("/"))).status, 404);
    assert.equal(await text(await serve(get("/dir/"))), "<p>index</p>");
    assert.equal((await serve(get("/digits.txt"))).status, 200);
  });
});

Deno.test("staticFiles() serves hidden files if it is told to, and still nothing outside", async () => {
  await withSite(async (_, root) => {
    const serve = await staticFiles(root, { dotfiles: true });
    assert.equal(await text(await serve(get("/.env"))), "secret");
    assert.equal(await text(await serve(get("/.git/config"))), "secret");
    assert.match(await text(await serve(get("/listed/"))), /\.hidden/);
    for (
      const path of ["/../secret.txt", "/..", "/listed/../../secret.txt", "/%2e%2e/secret.txt"]
    ) {
      assert.ok(!(await text(await serve(raw(path)))).includes("secret"), path);
    }
    assert.equal((await serve(get("/listed/outside.txt"))).status, 403);
  });
});

Deno.test("staticFiles() refuses methods other than GET and HEAD", async () => {
  await withSite(async (serve) => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const response = await serve(get("/digits.txt", {}, method));
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("allow"), "GET, HEAD");
    }
  });
});

Deno.test("staticFiles() never leaves its folder [attack file-server]", async () => {
  const attacks = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/%2E%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/..\\secret.txt",
    "/dir/..\\..\\secret.txt",
    "/dir/../../secret.txt",
    "/dir/%2e%2e/%2e%2e/secret.txt",
    "/%252e%252e/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/%e0%80%ae%e0%80%ae/secret.txt",
    "/.%00./secret.txt",
    "/digits.txt%00.html",
    "/digits.txt\0.html",
    "/..;/secret.txt",
    "/../site-twin/secret.txt",
    "/./.env",
    "/.env",
    "/%2eenv",
    "/.git/config",
    "/dir/../.env",
    "/listed/.hidden",
    "/listed/outside.txt",
    "/%",
    "/%zz",
    "/%ff",
    "//etc/passwd",
    "/etc/passwd",
    `/${"a/".repeat(3000)}`,
    `/${"a".repeat(300)}`,
    `/${"%2e%2e/".repeat(20)}etc/passwd`,
  ];
  await withSite(async (serve) => {
    for (const attack of attacks) {
      const response = await serve(raw(attack));
      assert.ok([400, 403, 404].includes(response.status), `${attack}: ${response.status}`);
      assert.doesNotMatch(await text(response), /secret|root:/, attack);
    }
  });
});

Deno.test("staticFiles() follows links within its folder only, and never to hidden files", async () => {
  await withSite(async (serve, root) => {
    await Deno.symlink(".git", `${root}/public`);
    await Deno.symlink("/", `${root}/slash`);
    await Deno.symlink("loop", `${root}/loop`);
    await Deno.symlink("nowhere", `${root}/dangling`);
    const inside = await serve(get("/listed/inside.html"));
    assert.equal(inside.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(await text(inside), "0123456789");
    assert.equal((await serve(get("/listed/outside.txt"))).status, 403);
    assert.equal((await serve(get("/public/config"))).status, 403);
    assert.equal((await serve(get("/slash/etc/passwd"))).status, 403);
    assert.equal((await serve(get("/loop"))).status, 404);
    assert.equal((await serve(get("/dangling"))).status, 404);
  });
});

Deno.test("staticFiles() serves what is well known, and hides what is hidden in it [attack file-server]", async () => {
  await withSite(async (serve, root) => {
    await Deno.mkdir(`${root}/.well-known/acme-challenge`, { recursive: true });
    await Deno.mkdir(`${root}/dir/.well-known`);
    for (const path of ["acme-challenge/token", "security.txt", ".secret"]) {
      await Deno.writeTextFile(`${root}/.well-known/${path}`, "known");
    }
    await Deno.writeTextFile(`${root}/dir/.well-known/a`, "known");
    await Deno.symlink("../.well-known", `${root}/dir/linked`);
    for (const path of ["/.well-known/acme-challenge/token", "/.well-known/security.txt"]) {
      assert.equal(await text(await serve(get(path))), "known", path);
    }
    assert.equal((await serve(get("/dir/linked/security.txt"))).status, 200);
    // RFC 8615, Section 3: only at the root.
    for (const path of ["/.well-known/.secret", "/dir/.well-known/a", "/.well-knowns"]) {
      assert.equal((await serve(get(path))).status, 404, path);
    }
    assert.ok((await text(await serve(get("/")))).includes('href="./.well-known/"'));
  });
});

Deno.test({
  name: "staticFiles() lists and serves names with backslashes, where that is but a sign",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withSite(async (_, root) => {
      await Deno.mkdir(`${root}/odd\\`);
      await Deno.mkdir(`${root}/odd\\/d\\e`);
      await Deno.writeTextFile(`${root}/odd\\/a\\b`, "back");
      await Deno.writeTextFile(`${root}/odd\\/d\\e/..\\f`, "slash");
      await Deno.writeTextFile(`${root}/odd\\secret`, "secret");
      // A root whose name ends with one, beside a file whose name begins like it.
      const serve = await staticFiles(`${root}/odd\\`);
      await Deno.symlink("../odd\\secret", `${root}/odd\\/out`);
      const page = await text(await serve(get("/")));
      const links = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1]!);
      assert.deepEqual(links, ["./d%5Ce/", "./a%5Cb"]);
      assert.equal(await text(await serve(get("/a%5Cb"))), "back");
      assert.equal((await serve(get("/d%5Ce"))).headers.get("location"), "/d%5Ce/");
      assert.equal((await serve(get("/out"))).status, 403);
      const open = await staticFiles(`${root}/odd\\`, { dotfiles: true });
      assert.equal(await text(await open(get("/d%5Ce/..%5Cf"))), "slash");
    });
  },
});

Deno.test("staticFiles() serves what its root leads to, now and later", async () => {
  await withSite(async (_, root) => {
    const link = `${root}-link`;
    await Deno.symlink(root, link);
    const serve = await staticFiles(link);
    assert.equal(await text(await serve(get("/digits.txt"))), "0123456789");
    assert.equal(await text(await serve(get("/listed/inside.html"))), "0123456789");
    assert.equal((await serve(get("/listed/outside.txt"))).status, 403);
    assert.match(await text(await serve(get("/listed/"))), /zoo/);
    // A new release of the site, as they are deployed.
    await Deno.mkdir(`${root}-next`);
    await Deno.writeTextFile(`${root}-next/digits.txt`, "9876543210");
    await Deno.symlink(`${root}-next`, `${link}-new`);
    await Deno.rename(`${link}-new`, link);
    assert.equal(await text(await serve(get("/digits.txt"))), "9876543210");
    assert.equal((await serve(get("/dir/"))).status, 404);
  });
});

Deno.test("staticFiles() answers 503 while too many files are open, and holds none", async () => {
  await withSite(async (serve, root) => {
    const { open, readDir } = Deno;
    const before = openFiles();
    for (const number of [23, 24]) {
      const error = new Error(`Too many open files (os error ${number}): open '${root}'`);
      Deno.open = () => Promise.reject(error);
      Deno.readDir = () => {
        throw error;
      };
      try {
        for (const path of ["/digits.txt", "/dir/", "/listed/"]) {
          const response = await serve(get(path));
          assert.equal(response.status, 503, path);
          assert.equal(response.headers.get("retry-after"), "1");
          await response.body?.cancel();
        }
      } finally {
        Object.assign(Deno, { open, readDir });
      }
    }
    assert.equal(await text(await serve(get("/digits.txt"))), "0123456789");
    assert.match(await text(await serve(get("/listed/"))), /zoo/);
    assert.equal(openFiles(), before);
  });
});

Deno.test("staticFiles() serves neither pipes nor devices [attack file-server]", async () => {
  await withSite(async (serve, root) => {
    const made = await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
    assert.ok(made.success);
    assert.equal((await serve(get("/pipe"))).status, 404);
  });
});

Deno.test("staticFiles() answers 304 when the client has the file", async () => {
  await withSite(async (serve) => {
    const { headers } = await serve(get("/digits.txt", {}, "HEAD"));
    const etag = headers.get("etag")!;
    const date = headers.get("last-modified")!;
    const same: Record<string, string>[] = [
      { "if-none-match": etag },
      { "if-none-match": `"other", W/${etag}` },
      { "if-none-match": "*" },
      { "if-modified-since": date },
      { "if-none-match": etag, "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
    ];
    for (const condition of same) {
      const response = await serve(get("/digits.txt", condition));
      assert.equal(response.status, 304, JSON.stringify(condition));
      assert.equal(response.headers.get("etag"), etag);
      assert.equal(response.body, null);
    }
    const other: Record<string, string>[] = [
      { "if-none-match": '"other"' },
      { "if-none-match": '"other"', "if-modified-since": date },
      { "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
      { "if-modified-since": "yesterday" },
      { "if-match": etag },
    ];
    for (const condition of other) {
      const response = await serve(get("/digits.txt", condition));
      assert.equal(response.status, 200, JSON.stringify(condition));
      await response.body?.cancel();
    }
  });
});

Deno.test("staticFiles() answers 412 when the client means another version", async () => {
  await withSite(async (serve) => {
    const { headers } = await serve(get("/digits.txt", {}, "HEAD"));
    const conditions: Record<string, string>[] = [
      { "if-match": '"other"' },
      { "if-match": `W/${headers.get("etag")}` },
      { "if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
    ];
    for (const condition of conditions) {
      assert.equal((await serve(get("/digits.txt", condition))).status, 412);
    }
  });
});

Deno.test("staticFiles() gives a new tag to a changed file", async () => {
  await withSite(async (serve, root) => {
    const before = await serve(get("/digits.txt", {}, "HEAD"));
    await Deno.utime(`${root}/digits.txt`, new Date(), new Date(Date.now() + 5000));
    const after = await serve(get("/digits.txt", {}, "HEAD"));
    assert.notEqual(before.headers.get("etag"), after.headers.get("etag"));
    // Its clock is ahead of ours; nothing was changed in the future (RFC 9110, Section 8.8.2.1).
    assert.equal(after.headers.get("last-modified"), null);
  });
});

Deno.test("staticFiles() serves single ranges", async () => {
  const cases: [string, string, string][] = [
    ["bytes=0-3", "0123", "bytes 0-3/10"],
    ["bytes=4-", "456789", "bytes 4-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
    ["Bytes = 9-9", "9", "bytes 9-9/10"],
    ["bytes=20-30, 1-2", "12", "bytes 1-2/10"],
  ];
  await withSite(async (serve) => {
    for (const [range, expected, contentRange] of cases) {
      const response = await serve(get("/digits.txt", { range }));
      assert.equal(response.status, 206, range);
      assert.equal(response.headers.get("content-range"), contentRange, range);
      assert.equal(response.headers.get("content-length"), String(expected.length), range);
      assert.equal(await text(response), expected, range);
    }
  });
});

Deno.test("staticFiles() serves several ranges as multipart/byteranges", async () => {
  await withSite(async (serve) => {
    const response = await serve(get("/digits.txt", { range: "bytes=0-1,5-6,-1" }));
    assert.equal(response.status, 206);
    assert.equal(response.headers.get("content-range"), null);
    const type = response.headers.get("content-type")!;
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(type)![1]!;
    const body = await text(response);
    assert.equal(response.headers.get("content-length"), String(body.length));
    const parts = body.split(`\r\n--${boundary}`);
    assert.equal(parts.length, 5);
    assert.equal(parts[4], "--\r\n");
    assert.equal(
      parts[2],
      "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 5-6/10\r\n\r\n56",
    );
  });
});

Deno.test("staticFiles() answers 416 when every range lies beyond the end", async () => {
  await withSite(async (serve) => {
    for (
      const range of ["bytes=10-", "bytes=10-20,30-40", "bytes=-0", `bytes=${"9".repeat(400)}-`]
    ) {
      const response = await serve(get("/digits.txt", { range }));
      assert.equal(response.status, 416, range);
      assert.equal(response.headers.get("content-range"), "bytes */10", range);
    }
  });
});

Deno.test("staticFiles() sends the whole file for ranges it does not honour", async () => {
  const ranges = [
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=3-1",
    "bytes=1",
    "lines=1-2",
    "bytes=0-9,0-9",
    `bytes=${Array.from({ length: 17 }, () => "0-0").join(",")}`,
    `bytes=${"0-0,".repeat(10_000)}`,
  ];
  await withSite(async (serve) => {
    for (const range of ranges) {
      const response = await serve(get("/digits.txt", { range }));
      assert.equal(response.status, 200, range.slice(0, 40));
      assert.equal(await text(response), "0123456789");
    }
  });
});

Deno.test("staticFiles() gives a new tag to other bytes of the same length and date", async () => {
  await withSite(async (serve, root) => {
    const path = `${root}/digits.txt`;
    const { mtime } = await Deno.stat(path);
    const before = await serve(get("/digits.txt", {}, "HEAD"));
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // the runtime tells seconds
    await Deno.writeTextFile(path, "9876543210");
    await Deno.utime(path, mtime!, mtime!);
    const after = await serve(get("/digits.txt", {}, "HEAD"));
    assert.equal(after.headers.get("last-modified"), before.headers.get("last-modified"));
    assert.notEqual(after.headers.get("etag"), before.headers.get("etag"));
  });
});

Deno.test("staticFiles() honours If-Range by tag and by date", async () => {
  await withSite(async (serve) => {
    const { headers } = await serve(get("/digits.txt", {}, "HEAD"));
    const etag = headers.get("etag")!;
    const cases: [string, number][] = [
      [etag, 206],
      [headers.get("last-modified")!, 206],
      [`W/${etag}`, 200],
      ['"other"', 200],
      ["Thu, 01 Jan 1970 00:00:00 GMT", 200],
      ["nonsense", 200],
    ];
    for (const [condition, status] of cases) {
      const response = await serve(
        get("/digits.txt", { range: "bytes=0-0", "if-range": condition }),
      );
      assert.equal(response.status, status, condition);
      await response.body?.cancel();
    }
  });
});

Deno.test("staticFiles() never continues one version of a file with another", async () => {
  await withSite(async (serve, root) => {
    // Two versions of one length in one second, or in one step of the file system's clock; the
    // second must not end before the first version was served.
    const left = 1_000 - Date.now() % 1_000;
    if (left < 500) await new Promise((resolve) => setTimeout(resolve, left + 5));
    const changed = new Date();
    const path = `${root}/digits.txt`;
    await Deno.utime(path, changed, changed);
    const { headers } = await serve(get("/digits.txt", {}, "HEAD"));
    await Deno.writeTextFile(path, "9876543210");
    await Deno.utime(path, changed, changed);
    for (const name of ["etag", "last-modified"]) {
      const validator = headers.get(name) ?? changed.toUTCString();
      const part = { range: "bytes=5-", "if-range": validator };
      const response = await serve(get("/digits.txt", part));
      assert.equal(await text(response), "9876543210", `${name}: ${validator}`);
    }
    // The tag is good enough for a cache all the same.
    const cached = await serve(get("/digits.txt", { "if-none-match": headers.get("etag")! }));
    assert.equal(cached.status, 304);
  });
});

Deno.test("staticFiles() reads a big file in large chunks, no faster than they are taken", async () => {
  await withSite(async (serve, root) => {
    const size = 3_000_001;
    const data = new Uint8Array(size).map((_, i) => i * 31 >> 3);
    await Deno.writeFile(`${root}/big.bin`, data);
    const reader = (await serve(get("/big.bin"))).body!.getReader();
    const first = await reader.read();
    assert.ok(first.value!.length >= 65_536);
    // Were the file read ahead, cutting it now would not be noticed any more.
    await Deno.truncate(`${root}/big.bin`, 1_000_000);
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
    }, /became \d+ bytes shorter/);
    await Deno.writeFile(`${root}/big.bin`, data);
    const response = await serve(get("/big.bin", { range: "bytes=1-" }));
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), data.subarray(1));
  });
});

Deno.test({
  name: "staticFiles() closes files that are not read to their end",
  sanitizeResources: true,
  fn: () =>
    withSite(async (serve) => {
      const before = openFiles();
      await (await serve(get("/digits.txt"))).body!.cancel();
      const reader = (await serve(get("/digits.txt"))).body!.getReader();
      await reader.read();
      await reader.cancel();
      await serve(get("/digits.txt", {}, "HEAD"));
      await serve(get("/digits.txt", { "if-none-match": "*" }));
      await serve(get("/digits.txt", { range: "bytes=99-" }));
      assert.equal(openFiles(), before);
    }),
});

Deno.test({
  name: "staticFiles() answers 403 for a file that may not be read",
  ignore: Deno.uid() === 0, // root may read everything
  fn: () =>
    withSite(async (serve, root) => {
      await Deno.chmod(`${root}/digits.txt`, 0o000);
      assert.equal((await serve(get("/digits.txt"))).status, 403);
    }),
});

Deno.test("staticFiles() follows its root at once when that comes to lead elsewhere", async () => {
  const outer = await Deno.makeTempDir();
  try {
    for (const folder of ["a/sub/sub", "b"]) {
      await Deno.mkdir(`${outer}/${folder}`, { recursive: true });
      await Deno.writeTextFile(`${outer}/${folder}/file`, folder);
    }
    await Deno.writeTextFile(`${outer}/a/file`, "a");
    await Deno.writeTextFile(`${outer}/a/sub/file`, "a/sub");
    const root = `${outer}/current`;
    await Deno.symlink("a", root);
    const serve = await staticFiles(root);
    for (const target of ["a", "b", "a", "a/sub", "b"]) {
      await Deno.remove(root);
      await Deno.symlink(target, root);
      assert.equal(await text(await serve(get("/file"))), target);
    }
  } finally {
    await Deno.remove(outer, { recursive: true });
  }
});
