import {
  type HttpServer,
  makeIssuedCertificate,
  type MultipathConnection,
  serve,
} from "../../mod.ts";
import { mainCommand } from "./program_runner.ts";

/** A server of one file at any path, which comes slowly, and a folder to fetch it into. */
export class FileSite implements AsyncDisposable {
  /** The bytes of the file. */
  content: Uint8Array<ArrayBuffer>;
  /** What tells its versions apart. */
  etag = '"1"';
  /** Milliseconds before each 64 kB. */
  pace = 5;
  /** The requests so far: path, and fields of ranges. */
  readonly requests: { path: string; range: string | null; condition: string | null }[] = [];
  /** The folder. */
  readonly folder: string;
  readonly #closing = new AbortController();
  readonly #server: HttpServer<MultipathConnection>;

  private constructor(folder: string, cert: string, key: string, content: Uint8Array<ArrayBuffer>) {
    this.folder = folder;
    this.content = content;
    const { signal } = this.#closing;
    const options = { port: 0, localAddresses: ["127.0.0.1"], cert, key, signal };
    this.#server = serve(options, (request) => this.#answer(request));
  }

  /**
   * Starts it.
   *
   * @param size The size of the file.
   */
  static async start(size: number): Promise<FileSite> {
    const folder = await Deno.makeTempDir();
    const { certPem, keyPem, caPem } = await makeIssuedCertificate(["127.0.0.1", "localhost"]);
    await Deno.writeTextFile(`${folder}/authority.pem`, caPem);
    const content = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) {
      crypto.getRandomValues(content.subarray(at, at + 65_536));
    }
    return new FileSite(folder, certPem, keyPem, content);
  }

  /** A URL of it. */
  url(path = "/file"): string {
    return `https://127.0.0.1:${this.#server.addr.port}${path}`;
  }

  /** What starts `mpquic get`, which trusts the server. */
  get(...args: string[]): Deno.Command {
    return mainCommand(["get", "--cacert", `${this.folder}/authority.pem`, ...args]);
  }

  /** Runs it to its end. */
  async run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code, stdout, stderr } = await this.get(...args).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(); // a program that was killed would be waited for
    await this.#server.finished;
    await Deno.remove(this.folder, { recursive: true });
  }

  #answer(request: Request): Response {
    const { headers, url } = request;
    const [range, condition] = [headers.get("range"), headers.get("if-range")];
    this.requests.push({ path: new URL(url).pathname, range, condition });
    const first = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? NaN);
    const isPart = first < this.content.length && (condition ?? this.etag) === this.etag;
    const from = isPart ? first : 0;
    const fields = { etag: this.etag, "content-length": `${this.content.length - from}` };
    const part = {
      "content-range": `bytes ${from}-${this.content.length - 1}/${this.content.length}`,
    };
    return new Response(this.#body(from), {
      status: isPart ? 206 : 200,
      headers: { ...fields, ...isPart && part },
    });
  }

  #body(from: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = from;
    return new ReadableStream({
      pull: async (controller) => {
        await new Promise((resolve) => setTimeout(resolve, this.pace));
        controller.enqueue(this.content.slice(at, at + 65_536));
        at += 65_536;
        if (at >= this.content.length) controller.close();
      },
    });
  }
}

/** Waits until a file has some bytes. */
export async function untilSize(path: string, size: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const found = await Deno.stat(path).then((info) => info.size, () => 0);
    if (found >= size) return;
    if (performance.now() > deadline) throw new Error(`${path} has only ${found} bytes`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
