import assert from "node:assert/strict";
import { lostConnection } from "../../cli/console/connect_failure.ts";
import { Failure } from "../../cli/console/failure.ts";
import { Retry } from "../../cli/get/retry.ts";
import { uploadFile } from "../../cli/get/upload.ts";

type Fields = Readonly<Record<string, string>>;

/** A server that keeps the pieces of one upload, and a file beside it. */
class Inbox implements AsyncDisposable {
  /** What is there of the file. */
  kept = new Uint8Array(0);
  /** Fields of the requests that carried bytes. */
  readonly asked: Fields[] = [];
  readonly lines: string[] = [];
  /** Lengths at which the connection is lost, one after the other. */
  breaks: number[] = [];
  /** Whether it tells how much it has. */
  keepsParts = true;
  /** What it answers in the end, if not with success. */
  answers: Response[] = [];
  readonly path: string;
  readonly content: Uint8Array<ArrayBuffer>;

  private constructor(path: string, content: Uint8Array<ArrayBuffer>) {
    this.path = path;
    this.content = content;
  }

  static async make(size: number): Promise<Inbox> {
    const path = await Deno.makeTempFile();
    const content = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
    await Deno.writeFile(path, content);
    return new Inbox(path, content);
  }

  upload(isContinued = false, retry: number | undefined = undefined): Promise<Response> {
    const choices = { retry, retryDelay: 0, retryMaxTime: 0, retryRefused: false, retryAll: false };
    return uploadFile({
      path: this.path,
      size: this.content.length,
      isContinued,
      askOffset: () => Promise.resolve(this.keepsParts ? this.kept.length : undefined),
      send: (body, fields) => this.#take(body(), fields),
      hasSent: () => this.asked.length > 0,
      retry: new Retry(choices),
      explain: (error) => lostConnection(error, "h.example"),
      pause: () => Promise.resolve(),
      say: (line) => this.lines.push(line),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path);
  }

  async #take(body: ReadableStream<Uint8Array<ArrayBuffer>>, fields: Fields): Promise<Response> {
    this.asked.push(fields);
    const first = Number(/^bytes (\d+)-/.exec(fields["content-range"] ?? "")?.[1] ?? 0);
    if (first === 0) this.kept = new Uint8Array(0);
    if (first !== this.kept.length) {
      await body.cancel();
      const headers = { "upload-offset": `${this.kept.length}` };
      return new Response("behind", { status: 409, headers });
    }
    let count = 0;
    for await (const chunk of body) {
      this.kept = await new Blob([this.kept, chunk]).bytes();
      count += chunk.length;
      if (this.kept.length < (this.breaks[0] ?? Infinity)) continue;
      this.breaks.shift();
      throw new Error("the connection is gone");
    }
    assert.equal(String(count), fields["content-length"]);
    return this.answers.shift() ?? new Response(null, { status: 201 });
  }
}

Deno.test("an upload goes on where the server has stopped reading, with the digest of all", async () => {
  await using inbox = await Inbox.make(900_000);
  inbox.breaks = [200_000, 500_000];
  const { status } = await inbox.upload();
  assert.equal(status, 201);
  assert.deepEqual(inbox.kept, inbox.content);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", inbox.content)).toBase64();
  const piece = (offset: number) => ({
    "content-length": `${900_000 - offset}`,
    "content-range": `bytes ${offset}-899999/900000`,
    "repr-digest": `sha-256=:${digest}:`,
  });
  assert.deepEqual(inbox.asked, [{ "content-length": "900000" }, piece(262_144), piece(524_288)]);
  assert.match(inbox.lines.join("\n"), /was lost.*\nGoing on at byte 262144 of 900000/);
});

Deno.test("an upload to a server that keeps no parts is sent from its beginning", async () => {
  await using inbox = await Inbox.make(600_000);
  inbox.keepsParts = false;
  inbox.breaks = [200_000];
  await inbox.upload();
  assert.deepEqual(inbox.kept, inbox.content);
  assert.deepEqual(inbox.asked, [{ "content-length": "600000" }, { "content-length": "600000" }]);
});

Deno.test("an upload goes on with what an earlier run has sent, if that is wanted", async () => {
  await using inbox = await Inbox.make(600_000);
  inbox.breaks = [200_000];
  await assert.rejects(inbox.upload(false, 0), Failure);
  assert.equal(inbox.kept.length, 262_144);
  await inbox.upload(true);
  assert.deepEqual(inbox.kept, inbox.content);
  assert.equal(inbox.asked[1]!["content-range"], "bytes 262144-599999/600000");
});

Deno.test("an upload starts over if the server finds pieces of two files", async () => {
  await using inbox = await Inbox.make(600_000);
  inbox.breaks = [200_000];
  inbox.answers = [new Response(null, { status: 422 })];
  assert.equal((await inbox.upload()).status, 201);
  assert.match(inbox.lines.at(-1)!, /Starting over: what the server had is not of this file/);
  assert.deepEqual(inbox.asked.map((fields) => "content-range" in fields), [false, true, false]);
  assert.deepEqual(inbox.kept, inbox.content);
});

Deno.test("an upload asks again where the server has lost bytes, and takes refusals as they are", async () => {
  await using inbox = await Inbox.make(600_000);
  inbox.kept = inbox.content.slice(0, 300_000);
  const told = [400_000, 300_000];
  const real = inbox.kept;
  Object.defineProperty(inbox, "kept", {
    get: () => told.length > 1 ? new Uint8Array(told.shift()!) : current,
    set: (bytes) => current = bytes,
  });
  let current = real;
  assert.equal((await inbox.upload(true)).status, 201);
  assert.deepEqual(inbox.kept, inbox.content);
  assert.deepEqual(inbox.asked.map((fields) => fields["content-range"]), [
    "bytes 400000-599999/600000",
    "bytes 300000-599999/600000",
  ]);
  await using strict = await Inbox.make(1_000);
  strict.answers = [new Response("no", { status: 403 })];
  assert.equal((await strict.upload()).status, 403);
  assert.equal(strict.asked.length, 1);
});
