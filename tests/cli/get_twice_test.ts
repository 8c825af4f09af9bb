import assert from "node:assert/strict";
import { makeIssuedCertificate } from "../../mod.ts";
import { MAX_STREAM_WRITE_AHEAD } from "../../src/limits/limits.ts";
import { checkPattern } from "../../src/sim/pattern.ts";
import { untilSize } from "./file_site.ts";
import { mainCommand } from "./program_runner.ts";

// What a download that breaks off costs: the bytes that the server gives in all are counted.

const SIZE = 40_000_000;
/** Where it breaks off. */
const HALF = 20_000_000;
/** Bytes that may come twice; what waits in the server's connection was given, and not sent. */
const MOST = 1_000_000 + MAX_STREAM_WRITE_AHEAD;

/** A server that counts what it gives, and can be killed and started again. */
class CountedSite implements AsyncDisposable {
  readonly folder: string;
  readonly #port: number;
  #process: Deno.ChildProcess | undefined;
  #reading: Promise<void> | undefined;
  /** Given by processes that were killed, and by the one that runs. */
  #before = 0;
  #now = 0;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.#port = port;
  }

  static async start(): Promise<CountedSite> {
    const folder = await Deno.makeTempDir();
    const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
    await Deno.writeTextFile(`${folder}/fullchain.pem`, certPem);
    await Deno.writeTextFile(`${folder}/privkey.pem`, keyPem);
    await Deno.writeTextFile(`${folder}/authority.pem`, caPem);
    await Deno.mkdir(`${folder}/disk`);
    const site = new CountedSite(folder, freePort());
    await site.run();
    return site;
  }

  /** Where the file is stored. */
  get path(): string {
    return `${this.folder}/disk/file`;
  }

  /** Bytes given in all. */
  get given(): number {
    return this.#before + this.#now;
  }

  async run(): Promise<void> {
    const program = new URL("counted_server.ts", import.meta.url).pathname;
    const run = ["run", "-A", "--no-check", "--cached-only", program];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [...run, this.folder, `${this.#port}`, `${SIZE}`],
      stdout: "piped",
    }).spawn();
    const listening = Promise.withResolvers<void>();
    this.#reading = this.#read(this.#process.stdout, listening);
    await listening.promise;
  }

  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    await this.#reading;
    this.#before += this.#now;
    this.#now = 0;
  }

  /** Starts a download, slower than the server is, so that bytes would wait if they were let. */
  get(): Deno.ChildProcess {
    return mainCommand([
      ...["get", "--cacert", `${this.folder}/authority.pem`, "-s", "-S", "--limit-rate", "10M"],
      ...["--retry-delay", "0.2", "-o", this.path, `https://127.0.0.1:${this.#port}/file`],
    ]).spawn();
  }

  /** Waits until the server has nothing to give any more for a while. */
  async rest(): Promise<void> {
    for (let before = -1; before < this.given;) {
      before = this.given;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #read(
    output: ReadableStream<Uint8Array<ArrayBuffer>>,
    listening: PromiseWithResolvers<void>,
  ): Promise<void> {
    let rest = "";
    for await (const text of output.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "listening") listening.resolve();
        const given = /^given (\d+)$/.exec(line);
        if (given) this.#now = Number(given[1]);
      }
    }
    listening.reject(new Error("the server has ended"));
    listening.promise.catch(() => {});
  }
}

async function expectSuccess(fetching: Deno.ChildProcess): Promise<void> {
  const { code, stderr } = await fetching.output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

async function expectLittleTwice(site: CountedSite): Promise<void> {
  const content = await Deno.readFile(site.path);
  assert.equal(content.length, SIZE);
  checkPattern(0, 0, content);
  const twice = site.given - SIZE;
  assert.ok(twice > 0 && twice <= MOST, `${twice} bytes were given twice`);
}

Deno.test("mpquic get that is killed by -9 fetches little twice", async () => {
  await using site = await CountedSite.start();
  const first = site.get();
  await untilSize(`${site.path}.part`, HALF);
  first.kill("SIGKILL");
  await Promise.all([first.status, first.stdout.cancel(), first.stderr.cancel()]);
  await site.rest();
  await expectSuccess(site.get());
  await expectLittleTwice(site);
});

Deno.test("mpquic get whose server is killed by -9 fetches little twice", async () => {
  await using site = await CountedSite.start();
  const fetching = site.get();
  await untilSize(`${site.path}.part`, HALF);
  await site.kill();
  await site.run();
  await expectSuccess(fetching);
  await expectLittleTwice(site);
});

Deno.test({
  name: "mpquic get on a full disk fetches little twice when there is room",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
}, async () => {
  await using site = await CountedSite.start();
  const disk = `${site.folder}/disk`;
  const mount = (...args: string[]) => new Deno.Command("mount", { args }).output();
  const mounted = await mount("-t", "tmpfs", "-o", `size=${HALF}`, "tmpfs", disk);
  assert.ok(mounted.success, "tmpfs cannot be mounted");
  try {
    const { code, stderr } = await site.get().output();
    assert.equal(code, 23, new TextDecoder().decode(stderr));
    await site.rest();
    await mount("-o", `remount,size=${2 * SIZE}`, disk);
    await expectSuccess(site.get());
    await expectLittleTwice(site);
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
});

function freePort(): number {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  socket.close();
  return (socket.addr as Deno.NetAddr).port;
}
