import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { openOutput, Transfer, type TransferOptions } from "../../cli/client/transfer.ts";

const origin = "https://h.example";

/** A transfer from a server that is a table. */
function make(
  pages: Record<string, () => Response>,
  options: Partial<TransferOptions> = {},
): { transfer: Transfer; asked: string[]; lines: string[] } {
  const asked: string[] = [];
  const lines: string[] = [];
  const transfer = new Transfer({
    urls: [new URL(`${origin}/`)],
    delay: 0,
    fetch: (url) => {
      asked.push(url.pathname);
      const page = pages[url.pathname];
      return Promise.resolve(page ? page() : new Response("none", { status: 404 }));
    },
    onAnswer: ({ url, status, length, isNamed }) =>
      lines.push(`${status} ${url.pathname} ${length} ${isNamed}`),
    signal: new AbortController().signal,
    ...options,
  });
  return { transfer, asked, lines };
}

function html(body: string): () => Response {
  return () => new Response(body, { headers: { "content-type": "text/html; charset=utf-8" } });
}

Deno.test("Transfer.run() also fetches what a page loads", async () => {
  const images = Array.from({ length: 100 }, (_, i) => `<img src="/${i}.png">`).join("");
  const { transfer, asked, lines } = make({
    "/": html(images),
    "/1.png": html('<img src="/not-this">'),
  });
  await transfer.run();
  assert.equal(asked.length, 101);
  assert.deepEqual(new Set(asked).size, 101);
  assert.equal(transfer.failed.length, 0, "a missing image does not make the page fail");
  assert.equal(transfer.bytes, images.length + 21 + 99 * 4);
  assert.ok(lines.includes("404 /7.png 4 false"));
  assert.equal(lines[0], `200 / ${images.length} true`);
});

Deno.test("Transfer.run() does not look into other types and failed answers", async () => {
  const plain = make({ "/": () => new Response('<img src="/a.png">') });
  await plain.transfer.run();
  assert.deepEqual(plain.asked, ["/"]);
  const failed = make({ "/": () => new Response(html("<img src=/a>")().body, { status: 500 }) });
  await failed.transfer.run();
  assert.deepEqual(failed.asked, ["/"]);
  assert.deepEqual(failed.transfer.failed.map((answer) => answer.status), [500]);
  assert.deepEqual(failed.lines, []);
});

Deno.test("Transfer.run() writes the body to the output, failed answers excepted", async () => {
  const chunks: Uint8Array[] = [];
  const output = () =>
    Promise.resolve(new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(chunk) }));
  const good = make({ "/": () => new Response("body") }, { openOutput: output });
  await good.transfer.run();
  assert.equal(new TextDecoder().decode(chunks[0]), "body");
  let opened = false;
  const bad = make({}, {
    openOutput: () => {
      opened = true;
      return output();
    },
  });
  await bad.transfer.run();
  assert.equal(opened, false);
});

Deno.test("Transfer.run() writes what comes before a body, even if the answer is a failure", async () => {
  for (const status of [200, 404]) {
    let text = "";
    const sink = new WritableStream<Uint8Array>({
      write: (chunk) => void (text += new TextDecoder().decode(chunk)),
    });
    const { transfer } = make({ "/": () => new Response("body", { status }) }, {
      openOutput: () => Promise.resolve(sink),
      head: (response) => new TextEncoder().encode(`${response.status}\n`),
    });
    await transfer.run();
    assert.equal(text, `${status}\nbody`);
  }
});

Deno.test("Transfer.run() expects no body where there is none", async () => {
  const { transfer } = make({
    "/": () => new Response(null, { headers: { "content-length": "5000" } }),
  });
  await transfer.run();
  assert.equal(transfer.expected, undefined);
  assert.equal(transfer.failed.length, 0);
});

Deno.test("Transfer.run() says when the output cannot be written", async () => {
  const full = new WritableStream({ write: () => Promise.reject(new Error("no space left")) });
  const { transfer } = make({ "/": () => new Response("body") }, {
    openOutput: () => Promise.resolve(full),
  });
  await transfer.run();
  const error = transfer.broken[0]?.error;
  assert.ok(error instanceof Failure);
  assert.match(error.message, /^Cannot write the body: no space left; name another place with -o$/);
});

Deno.test("Transfer.run() waits for the output before it reads on", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (++pulled > 50) controller.close();
      else controller.enqueue(new Uint8Array(10));
    },
  }, { highWaterMark: 0 });
  const gate = Promise.withResolvers<void>();
  const sink = new WritableStream<Uint8Array>({ write: () => gate.promise });
  const { transfer } = make({ "/": () => new Response(body) }, {
    openOutput: () => Promise.resolve(sink),
  });
  const running = transfer.run();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(pulled < 5, `${pulled} chunks were read ahead`);
  gate.resolve();
  await running;
  assert.equal(transfer.bytes, 500);
});

Deno.test("Transfer.run() delays the second request", async () => {
  const times: number[] = [];
  const started = performance.now();
  const { transfer } = make({}, {
    urls: [new URL(`${origin}/a`), new URL(`${origin}/b`)],
    delay: 60,
    fetch: () => {
      times.push(performance.now() - started);
      return Promise.resolve(new Response("x"));
    },
  });
  await transfer.run();
  assert.ok(times[0]! < 50 && times[1]! >= 58, times.join());
});

Deno.test("Transfer.run() stops when it is aborted", async () => {
  const controller = new AbortController();
  const urls = [new URL(`${origin}/a`), new URL(`${origin}/b`)];
  const { transfer, asked } = make({}, { urls, delay: 60_000, signal: controller.signal });
  const running = transfer.run();
  controller.abort(new Failure("stopped"));
  await assert.rejects(running, /stopped/);
  assert.deepEqual(asked, ["/a"]);
});

Deno.test("Transfer.expected is the sum of the lengths, if all are known", async () => {
  const sized = () => new Response("body", { headers: { "content-length": "4" } });
  const urls = [new URL(`${origin}/a`), new URL(`${origin}/b`)];
  const known = make({ "/a": sized, "/b": sized }, { urls });
  await known.transfer.run();
  assert.equal(known.transfer.expected, 8);
  const unknown = make({ "/a": sized }, { urls });
  await unknown.transfer.run();
  assert.equal(unknown.transfer.expected, undefined);
});

Deno.test("openOutput() says in a sentence why it cannot", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const path of [directory, `${directory}/none/file`]) {
      await assert.rejects(openOutput(path), (error) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, /^Cannot write .*; name another file with -o$/);
        return true;
      });
    }
    const writer = (await openOutput(`${directory}/file`)).getWriter();
    await writer.write(new TextEncoder().encode("text"));
    await writer.close();
    assert.equal(await Deno.readTextFile(`${directory}/file`), "text");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "openOutput() notices that a disk is full",
  ignore: Deno.build.os !== "linux", // where /dev/full plays one
  fn: async () => {
    const openFull = () => openOutput("/dev/full");
    const { transfer } = make({ "/": () => new Response("body") }, { openOutput: openFull });
    await transfer.run();
    assert.match(String(transfer.broken[0]?.error), /Cannot write the body: the disk is full/);
  },
});

Deno.test("Transfer.run() lets no URL, named or of a page, stop the others", async () => {
  const gone = () => {
    throw new Error("reset");
  };
  const { transfer, lines } = make({
    "/": html('<img src="/gone.png"><img src="/good.png">'),
    "/good.png": () => new Response("good"),
    "/gone.png": gone,
    "/broken": () => new Response(new ReadableStream({ pull: gone })),
    "/late": () => new Response("late"),
  }, { urls: ["/broken", "/", "/late"].map((path) => new URL(origin + path)) });
  await transfer.run();
  assert.deepEqual(
    transfer.broken.map(({ url, isNamed }) => [url.pathname, isNamed]).sort(),
    [["/broken", true], ["/gone.png", false]],
  );
  for (const line of ["200 /late 4 true", "200 /good.png 4 false"]) assert.ok(lines.includes(line));
});
