import assert from "node:assert/strict";
import { lostConnection } from "../../cli/console/connect_failure.ts";
import { Failure } from "../../cli/console/failure.ts";
import { type Answer, Download } from "../../cli/get/download.ts";
import { PartFile } from "../../cli/get/part_file.ts";
import { Retry, type RetryChoices } from "../../cli/get/retry.ts";
import { StreamSink } from "../../cli/get/stream_sink.ts";

// What a download does when servers, files and networks change between its answers.

const asked = new URL("https://h.example/file");
const SIZE = 300_000;
const first = bytes(1);
const second = bytes(2);

/** Bytes that differ everywhere from those of another seed. */
function bytes(seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff);
}

const choices: RetryChoices = {
  retry: undefined,
  retryDelay: 0,
  retryMaxTime: undefined,
  retryRefused: false,
  retryAll: false,
};

type Fields = Readonly<Record<string, string>>;
type Reply = (fields: Fields) => Response | Answer;

/** A folder, and a download into its file "file" from a server that is a list of replies. */
class Scene implements AsyncDisposable {
  readonly path: string;
  readonly lines: string[] = [];
  readonly fields: Fields[] = [];
  /** Bytes of bodies that have come. */
  received = 0;

  private constructor(readonly folder: string) {
    this.path = `${folder}/file`;
  }

  static async make(): Promise<Scene> {
    return new Scene(await Deno.makeTempDir());
  }

  async run(replies: readonly Reply[], more: Partial<RetryChoices> = {}): Promise<Answer> {
    const waiting = [...replies];
    const sink = await PartFile.open(this.path, { asked, say: (line) => this.lines.push(line) });
    const download = new Download({
      ask: (fields) => {
        this.fields.push(fields);
        const reply = waiting.shift();
        if (reply === undefined) throw new Failure("Cannot reach h.example", 1, 7);
        const answer = reply(fields);
        return Promise.resolve(
          answer instanceof Response ? { response: answer, url: asked } : answer,
        );
      },
      sink,
      retry: new Retry({ ...choices, retry: 20, retryMaxTime: 0, ...more }),
      explain: (error) => lostConnection(error, "h.example"),
      pause: () => Promise.resolve(),
      say: (line) => this.lines.push(line),
      onBytes: (count) => void (this.received += count),
      keepsAll: false,
    });
    try {
      return await download.run();
    } finally {
      sink.close();
    }
  }

  /** Fetches the first bytes of a version, and stops as if the program were killed. */
  async begin(headers: Fields, content = first, count = 200_000): Promise<void> {
    const reply = () => whole(content, headers, count);
    await assert.rejects(this.run([reply], { retry: 0 }), Failure);
    this.lines.length = this.fields.length = this.received = 0;
    assert.equal((await Deno.stat(`${this.path}.part`)).size, count);
  }

  /** Fails unless the file is there, whole, and nothing beside it. */
  async expect(content: Uint8Array): Promise<void> {
    assert.deepEqual(await Deno.readFile(this.path), new Uint8Array(content));
    const names = [...Deno.readDirSync(this.folder)].map(({ name }) => name);
    assert.deepEqual(names, ["file"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A body that breaks off after some bytes. */
function broken(content: Uint8Array<ArrayBuffer>, count: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= count) return controller.error(new Error("the connection is gone"));
      controller.enqueue(content.slice(at, Math.min(at + 30_000, count)));
      at += 30_000;
    },
  });
}

function whole(
  content: Uint8Array<ArrayBuffer>,
  headers: Fields,
  count = content.length,
): Response {
  const body = count < content.length ? broken(content, count) : content;
  return new Response(body, { headers: { "content-length": `${content.length}`, ...headers } });
}

/** The part that was asked for. */
function rest(
  fields: Fields,
  content: Uint8Array<ArrayBuffer>,
  headers: Fields = {},
  until = content.length,
): Response {
  const from = Number(/^bytes=(\d+)-$/.exec(fields["range"]!)![1]);
  const body = broken(content, until);
  const range = `bytes ${from}-${content.length - 1}/${content.length}`;
  return new Response(until < content.length ? skip(body, from) : content.slice(from), {
    status: 206,
    headers: { "content-range": range, ...headers },
  });
}

function skip(body: ReadableStream<Uint8Array>, count: number): ReadableStream<Uint8Array> {
  let left = count;
  return body.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        const part = chunk.subarray(Math.min(left, chunk.length));
        left -= chunk.length - part.length;
        if (part.length > 0) controller.enqueue(part);
      },
    }),
  );
}

const etag = { etag: '"one"' };

Deno.test("a download goes on after losses, with the part that is missing", async () => {
  await using scene = await Scene.make();
  await scene.run([
    () => whole(first, etag, 120_000),
    (fields) => rest(fields, first, etag, 240_000),
    (fields) => rest(fields, first, etag),
  ]);
  await scene.expect(first);
  const [, second, third] = scene.fields;
  assert.deepEqual(second, { range: `bytes=${120_000 - 65_536}-`, "if-range": '"one"' });
  assert.deepEqual(third, { range: `bytes=${240_000 - 65_536}-`, "if-range": '"one"' });
  assert.ok(scene.received - SIZE <= 2 * 65_536, `${scene.received} bytes`);
  assert.equal(scene.lines.length, 2);
  assert.match(scene.lines[0]!, /connection to h.example was lost.*going on at byte 120000/);
});

Deno.test("a download goes on in a later run of the program", async () => {
  await using scene = await Scene.make();
  await scene.begin(etag);
  await scene.run([(fields) => rest(fields, first, etag)]);
  await scene.expect(first);
  assert.ok(scene.received <= 100_000 + 65_536);
});

Deno.test("a part that is complete but for its name is only looked at", async () => {
  await using scene = await Scene.make();
  await scene.begin(etag);
  await Deno.writeFile(`${scene.path}.part`, first);
  await scene.run([(fields) => rest(fields, first, etag)]);
  await scene.expect(first);
  assert.equal(scene.received, 65_536);
});

Deno.test("a date tells versions apart, if the server's clock says that it is old enough", async () => {
  const old = {
    date: "Mon, 30 Nov 2026 05:00:00 GMT",
    "last-modified": "Mon, 30 Nov 2026 04:00:00 GMT",
  };
  await using scene = await Scene.make();
  await scene.begin(old);
  await scene.run([(fields) => rest(fields, first, old)]);
  assert.equal(scene.fields[0]!["if-range"], old["last-modified"]);
  await scene.expect(first);
  await using fresh = await Scene.make();
  await fresh.begin({ ...old, "last-modified": "Mon, 30 Nov 2026 04:59:59 GMT" });
  await fresh.run([() => whole(first, {})]);
  assert.deepEqual(fresh.fields, [{}], "the file may change in that second");
  await fresh.expect(first);
});

Deno.test("a file of the same length and date, but other bytes, is fetched from its beginning", async () => {
  const same = {
    date: "Mon, 30 Nov 2026 05:00:00 GMT",
    "last-modified": "Mon, 30 Nov 2026 04:00:00 GMT",
  };
  await using scene = await Scene.make();
  await scene.begin(same);
  await scene.run([(fields) => rest(fields, second, same), () => whole(second, same)]);
  await scene.expect(second);
  assert.match(scene.lines.at(-1)!, /Starting over .*: the file has changed, though its length/);
  assert.deepEqual(scene.fields[1], {});
});

Deno.test("another tag means another file, even if the server sends the part", async () => {
  await using scene = await Scene.make();
  await scene.begin(etag);
  const other = { etag: '"two"' };
  await scene.run([(fields) => rest(fields, second, other), () => whole(second, other)]);
  await scene.expect(second);
  assert.match(scene.lines.at(-1)!, /Starting over .*: the file has changed$/);
});

Deno.test("without a strong validator a download starts over", async () => {
  for (const headers of [{}, { etag: 'W/"one"' }, { etag: "one" }] as Fields[]) {
    await using scene = await Scene.make();
    await scene.run([() => whole(first, headers, 120_000), () => whole(second, headers)]);
    await scene.expect(second);
    assert.deepEqual(scene.fields, [{}, {}]);
    assert.match(scene.lines.at(-1)!, /Starting over .*: the server does not tell its versions/);
  }
});

Deno.test("an answer with all of it, instead of a part, is taken from its beginning", async () => {
  for (const [content, headers] of [[first, etag], [second, { etag: '"two"' }]] as const) {
    await using scene = await Scene.make();
    await scene.begin(etag);
    await scene.run([() => whole(content, headers)]);
    await scene.expect(content);
    assert.match(scene.lines.at(-1)!, /Starting over with https:\/\/h.example\/file: /);
  }
});

Deno.test("an answer in another coding is not joined", async () => {
  await using scene = await Scene.make();
  await scene.begin(etag);
  const coded = { ...etag, "content-encoding": "gzip" };
  await scene.run([(fields) => rest(fields, first, coded), () => whole(second, coded)]);
  await scene.expect(second);
  assert.match(scene.lines.at(-1)!, /its coding is another one/);
});

Deno.test("a server that has no such part is asked for all of it", async () => {
  await using scene = await Scene.make();
  await scene.begin(etag);
  const none = new Response("no", { status: 416, headers: { "content-range": "bytes */100" } });
  await scene.run([() => none, () => whole(second, etag)]);
  await scene.expect(second);
  assert.match(scene.lines.at(-1)!, /has no such part/);
});

Deno.test("a Content-Range that does not fit is not believed", async () => {
  const wrong = [
    "bytes 0-299999/300000",
    "bytes 134465-299999/300000",
    "bytes 134464-299999/300001",
    "bytes 134464-299999/200000",
    "bytes 299999-134464/300000",
    "items 134464-299999/300000",
    "bytes */300000",
    "",
  ];
  for (const range of wrong) {
    await using scene = await Scene.make();
    await scene.begin(etag);
    const reply = (fields: Fields) => rest(fields, first, { ...etag, "content-range": range });
    await scene.run([reply, () => whole(second, etag)]);
    await scene.expect(second);
    assert.match(scene.lines.at(-1)!, /Starting over/, range);
  }
});

Deno.test("a part of another URL, or without a note, is not gone on with", async () => {
  const spoil = [
    async ({ path }: Scene) => await Deno.remove(`${path}.part.json`),
    async ({ path }: Scene) => await Deno.writeTextFile(`${path}.part.json`, "{"),
    async ({ path }: Scene) => await Deno.writeTextFile(`${path}.part.json`, '{"asked":1}'),
    async ({ path }: Scene) => {
      const text = await Deno.readTextFile(`${path}.part.json`);
      await Deno.writeTextFile(`${path}.part.json`, text.replace(asked.href, `${asked.href}?b`));
    },
    async ({ path }: Scene) => await Deno.writeFile(`${path}.part`, new Uint8Array(SIZE + 1)),
  ];
  for (const [i, change] of spoil.entries()) {
    await using scene = await Scene.make();
    await scene.begin(etag);
    await change(scene);
    await scene.run([() => whole(second, etag)]);
    assert.deepEqual(scene.fields, [{}], `case ${i}`);
    await scene.expect(second);
    assert.match(scene.lines[0]!, /Starting over: .*file\.part (has no note|is of|is longer)/);
  }
});

Deno.test("a redirect to another file begins again, one with another query goes on", async () => {
  await using scene = await Scene.make();
  await scene.begin(etag);
  const at = (path: string, response: Response) => ({ response, url: new URL(path, asked) });
  await scene.run([
    (fields) => at("/other", rest(fields, first, etag)),
    () => at("/other", whole(second, etag)),
  ]);
  await scene.expect(second);
  assert.match(scene.lines.at(-1)!, /it is redirected to another file/);
  await using signed = await Scene.make();
  await signed.begin(etag);
  await signed.run([(fields) => at("/file?signature=2", rest(fields, first, etag))]);
  await signed.expect(first);
});

Deno.test("bytes beyond the announced length, and an early end, are failures", async () => {
  await using long = await Scene.make();
  const tooLong = () => new Response(first, { headers: { "content-length": "200000", ...etag } });
  await assert.rejects(long.run([tooLong], { retry: 0 }), /more bytes come than the 200000/);
  await using short = await Scene.make();
  const tooShort = () =>
    new Response(first.slice(0, 1000), { headers: { "content-length": `${SIZE}`, ...etag } });
  await short.run([tooShort, (fields) => rest(fields, first, etag)]);
  await short.expect(first);
  assert.match(short.lines[0]!, /ends before all bytes have come/);
});

Deno.test("a download that cannot be completed keeps its part and fails in the end", async () => {
  await using scene = await Scene.make();
  await assert.rejects(
    scene.run([() => whole(first, etag, 120_000)], { retry: 3 }),
    (error) => error instanceof Failure && error.curlCode === 7,
  );
  assert.equal(scene.fields.length, 4, "the first attempt, and three more");
  assert.equal((await Deno.stat(`${scene.path}.part`)).size, 120_000);
  const missing = () => new Response("gone", { status: 404 });
  await assert.rejects(scene.run([missing]), /answers 404/);
  assert.equal((await Deno.stat(`${scene.path}.part`)).size, 120_000);
});

Deno.test("a first attempt that fails is not repeated without being asked, and leaves nothing", async () => {
  await using scene = await Scene.make();
  const once = { retry: undefined };
  await assert.rejects(scene.run([], once), /Cannot reach/);
  const busy = () => new Response("no", { status: 503 });
  await assert.rejects(scene.run([busy], once), /answers 503/);
  assert.equal(scene.fields.length, 2);
  assert.deepEqual([...Deno.readDirSync(scene.folder)], []);
  await scene.run([busy, () => whole(first, etag)], { retry: 1 });
  await scene.expect(first);
});

Deno.test("two programs do not write one part", async () => {
  await using scene = await Scene.make();
  const say = () => {};
  const one = await PartFile.open(scene.path, { asked, say });
  await assert.rejects(PartFile.open(scene.path, { asked, say }), /another program is fetching it/);
  one.close();
  (await PartFile.open(scene.path, { asked, say })).close();
});

Deno.test("standard output gets the rest after a loss, and never two versions", async () => {
  const shown: Uint8Array[] = [];
  const target = {
    write(chunk: Uint8Array): Promise<number> {
      shown.push(chunk.slice());
      return Promise.resolve(chunk.length);
    },
  };
  const run = (replies: Reply[]) => {
    shown.length = 0;
    return new Download({
      ask: (fields) =>
        Promise.resolve({ response: replies.shift()!(fields) as Response, url: asked }),
      sink: new StreamSink(target, "standard output"),
      retry: new Retry(choices),
      explain: (error) => lostConnection(error, "h.example"),
      pause: () => Promise.resolve(),
      say: () => {},
      onBytes: () => {},
      keepsAll: true,
    }).run();
  };
  await run([() => whole(first, etag, 120_000), (fields) => rest(fields, first, etag)]);
  assert.deepEqual(await new Blob(shown as BlobPart[]).bytes(), first);
  const changed = run([() => whole(first, etag, 120_000), () => whole(second, { etag: '"2"' })]);
  await assert.rejects(changed, /Cannot go on: 120000 bytes of another version/);
  assert.deepEqual(await new Blob(shown as BlobPart[]).bytes(), first.slice(0, 120_000));
});

Deno.test("starting over brings nothing new, so attempts come to an end", async () => {
  await using scene = await Scene.make();
  const again = Array.from({ length: 9 }, () => () => whole(first, {}, 120_000));
  await assert.rejects(scene.run(again, { retry: 3 }), /connection to h.example was lost/);
  assert.equal(scene.fields.length, 4);
});

Deno.test("a part is one program's until the file has its name", async () => {
  const folder = await Deno.makeTempDir();
  const asked = new URL("https://a.example/file");
  const options = { asked, say: () => {} };
  for (let round = 0; round < 40; round++) {
    const path = `${folder}/${round}`;
    const one = await PartFile.open(path, options);
    await one.restart({ url: asked.href });
    await one.write(new Uint8Array(100));
    let isDone = false;
    const finishing = one.finish().finally(() => isDone = true);
    const others = Array.from({ length: 8 }, async () => {
      while (!isDone) {
        const other = await PartFile.open(path, options).catch(() => undefined);
        await other?.restart({ url: asked.href });
        other?.close();
      }
    });
    await Promise.all([finishing, ...others]);
    assert.equal((await Deno.stat(path)).size, 100, `round ${round}`);
  }
  await Deno.remove(folder, { recursive: true });
});
