import { type LongChain, longChain } from "../conformance/long_chain.ts";
import { makeIssuedCertificate } from "../../mod.ts";
import type { InteropCase } from "./cases.ts";
import { NetworkRelay } from "./network_relay.ts";

/** How a case went. */
export interface Outcome {
  readonly name: string;
  readonly seconds: number;
  /** Megabits per second of all files. */
  readonly rate: number;
  /** Undefined if it passed. */
  readonly failure: string | undefined;
}

/** Makes the certificates of servers, a common one and a long chain, each with its authority. */
export async function writeCertificates(folder: string): Promise<void> {
  await write(`${folder}/common`, await makeIssuedCertificate(["localhost", "127.0.0.1", "::1"]));
  await write(`${folder}/long`, await longChain(9, 7_500));
}

async function write(folder: string, { certPem, keyPem, caPem }: LongChain): Promise<void> {
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/cert.pem`, certPem);
  await Deno.writeTextFile(`${folder}/priv.key`, keyPem);
  await Deno.writeTextFile(`${folder}/ca.pem`, caPem);
}

/** Runs a case between two processes, as the runner does between two containers. */
export async function runCase(wanted: InteropCase, certs: string): Promise<Outcome> {
  const { name, sizes } = wanted;
  const folder = await Deno.makeTempDir({ prefix: "interop-" });
  const start = performance.now();
  let failure: string | undefined;
  try {
    await using run = await CaseRun.begin(wanted, folder, certs);
    failure = await run.run();
  } catch (error) {
    failure = (error as Error).message;
  }
  const seconds = (performance.now() - start) / 1_000;
  const rate = sizes.reduce((sum, size) => sum + size, 0) * 8e-6 / seconds;
  if (failure === undefined) await Deno.remove(folder, { recursive: true });
  else failure += ` (logs in ${folder})`;
  return { name, seconds, rate, failure };
}

/** The status with which an endpoint ends for a TESTCASE, without doing anything. */
export async function statusFor(role: "client" | "server", testCase: string): Promise<number> {
  const { code } = await endpoint({ ROLE: role, TESTCASE: testCase, REQUESTS: "" }).output();
  return code;
}

class CaseRun implements AsyncDisposable {
  readonly #case: InteropCase;
  readonly #folder: string;
  readonly #server: Deno.ChildProcess;
  readonly #relay: NetworkRelay | undefined;
  readonly #files: readonly string[];
  readonly #environment: Record<string, string>;

  private constructor(
    wanted: InteropCase,
    folder: string,
    server: Deno.ChildProcess,
    environment: Record<string, string>,
  ) {
    this.#case = wanted;
    this.#folder = folder;
    this.#server = server;
    const port = Number(environment.PORT);
    this.#relay = wanted.network && new NetworkRelay(port, wanted.network);
    this.#files = Deno.readDirSync(`${folder}/www`).map(({ name }) => name).toArray().sort();
    const { host = "localhost", testCase } = wanted;
    const base = `https://${host}:${this.#relay?.port ?? port}`;
    this.#environment = {
      ...environment,
      ROLE: "client",
      TESTCASE: testCase,
      REQUESTS: this.#files.map((name) => `${base}/${name}`).join(" "),
      QLOGDIR: `${folder}/client`,
    };
  }

  /** Makes the files and starts the server. */
  static async begin(wanted: InteropCase, folder: string, certs: string): Promise<CaseRun> {
    const { testCase, serverCase = testCase, host, isLongChain } = wanted;
    for (const part of ["www", "downloads", "client", "server"]) {
      await Deno.mkdir(`${folder}/${part}`);
    }
    await makeFiles(wanted, `${folder}/www`);
    const [port, preferred] = freePorts();
    const environment = {
      WWW: `${folder}/www`,
      DOWNLOADS: `${folder}/downloads`,
      CERTS: `${certs}/${isLongChain ? "long" : "common"}`,
      SSLKEYLOGFILE: `${folder}/keys.log`,
      LOCAL_ADDRESSES: host === "[::1]" ? "::1" : "127.0.0.1",
      PORT: String(port),
      PREFERRED_PORT: String(preferred),
    };
    const QLOGDIR = `${folder}/server`;
    const own = { ...environment, ROLE: "server", TESTCASE: serverCase, QLOGDIR };
    const server = endpoint(own, "piped").spawn();
    const reader = server.stdout.getReader();
    const { done } = await reader.read();
    reader.releaseLock();
    if (done) throw new Error(`the server ended with status ${(await server.status).code}`);
    return new CaseRun(wanted, folder, server, environment);
  }

  /** Runs the client; returns what is wrong, if anything. */
  async run(): Promise<string | undefined> {
    const client = endpoint(this.#environment).spawn();
    const limit = 1_000 * (this.#case.limit ?? 60);
    const timer = setTimeout(() => client.kill("SIGKILL"), limit);
    const { code } = await client.status;
    clearTimeout(timer);
    if (code !== 0) return `the client ended with status ${code}`;
    await this.#stopServer();
    return await this.#checkFiles() ?? this.#checkTraces();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#relay?.[Symbol.dispose]();
    await this.#stopServer();
    await this.#server.stdout.cancel();
  }

  async #stopServer(): Promise<void> {
    try {
      this.#server.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#server.status;
  }

  async #checkFiles(): Promise<string | undefined> {
    const got = Deno.readDirSync(`${this.#folder}/downloads`).map(({ name }) => name).toArray();
    if (got.sort().join() !== this.#files.join()) return `${got.length} files came`;
    for (const name of got) {
      const [sent, received] = await Promise.all(
        ["www", "downloads"].map((part) => Deno.readFile(`${this.#folder}/${part}/${name}`)),
      );
      if (Deno.inspect(await digest(sent!)) !== Deno.inspect(await digest(received!))) {
        return `${name} is not what was sent`;
      }
    }
    return undefined;
  }

  #checkTraces(): string | undefined {
    const { handshakes = 1, check } = this.#case;
    const traces = readTraces(`${this.#folder}/client`);
    if (traces.length !== handshakes) return `${traces.length} connections`;
    const client = traces.join("");
    if (this.#case.testCase !== "retry" && client.includes('"packet_type":"retry"')) return "Retry";
    const server = readTraces(`${this.#folder}/server`).join("");
    return check && !check({ client, server })
      ? "the traces do not show what they should"
      : undefined;
  }
}

function readTraces(folder: string): string[] {
  return Deno.readDirSync(folder).map(({ name }) => Deno.readTextFileSync(`${folder}/${name}`))
    .toArray();
}

async function makeFiles({ sizes, nameLength = 12 }: InteropCase, folder: string): Promise<void> {
  for (const [i, size] of sizes.entries()) {
    const content = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) {
      crypto.getRandomValues(content.subarray(at, at + 65_536));
    }
    await Deno.writeFile(`${folder}/${String(i).padStart(nameLength, "f")}`, content);
  }
}

async function digest(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

/** Two ports that are not in use now. */
function freePorts(): [number, number] {
  const sockets = [1, 2].map(() =>
    Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 })
  );
  const ports = sockets.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const socket of sockets) socket.close();
  return [ports[0]!, ports[1]!];
}

function endpoint(env: Record<string, string>, stdout: "piped" | "null" = "null"): Deno.Command {
  const script = new URL("endpoint.ts", import.meta.url).href;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", "--no-check", script],
    env,
    stdin: "null",
    stdout,
    stderr: "inherit",
  });
}
