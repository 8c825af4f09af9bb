import type { Attack, Latencies, Numbers } from "./attack.ts";
import { honestRequests } from "./honest_client.ts";
import { readSite, type Site } from "./site.ts";
import { SpokenProcess } from "./spoken_process.ts";

/** The program that is attacked, in a process of its own, and its honest peer. */
export interface Victim extends AsyncDisposable {
  /** The process. */
  readonly id: number;
  /** Where attackers find it; 0 for a client. */
  readonly port: number;
  /** What it counted itself. */
  readonly tally: Numbers;
  /**
   * Sends requests between the victim and honest peers.
   *
   * @param usual Milliseconds that one takes without an attack, once that is known.
   */
  honest(count: number, interval: number, usual?: number): Promise<Latencies>;
  /** Has a client visit a hostile server. */
  meet(port: number): Promise<void>;
}

/** Honest clients come from an address that no attacker has. */
const HONEST = "127.99.0.1";
const START = 20_000;
/** Milliseconds after which a client that has not answered is taken to be kept from it. */
const STALL = 40_000;

/** Starts what is attacked. */
export async function startVictim(kind: Attack["victim"], site: Site): Promise<Victim> {
  if (kind === "client") return await ClientVictim.start(site);
  return await ServerVictim.start(kind === "server" ? fileServer(site) : mutualServer(site), site);
}

function fileServer({ folder, www }: Site): SpokenProcess {
  const pair = ["--cert", `${folder}/server.pem`, "--key", `${folder}/server.key`];
  const url = new URL("../../cli/server.ts", import.meta.url);
  return new SpokenProcess(url, ["--host", "127.0.0.1", "--port", "0", "--tcp", ...pair, www]);
}

function mutualServer({ folder }: Site): SpokenProcess {
  return new SpokenProcess(new URL("./mutual_server.ts", import.meta.url), [folder]);
}

/** A server, of which honest clients want something. */
class ServerVictim implements Victim {
  readonly tally: Numbers = {};
  readonly port: number;
  readonly #process: SpokenProcess;
  readonly #folder: string;

  private constructor(process: SpokenProcess, port: number, { folder }: Site) {
    this.#process = process;
    this.port = port;
    this.#folder = folder;
  }

  static async start(process: SpokenProcess, site: Site): Promise<ServerVictim> {
    const [, port] = await process.line(/^Listening on \S+:(\d+) /, START);
    return new ServerVictim(process, Number(port), site);
  }

  get id(): number {
    return this.#process.id;
  }

  honest(count: number, interval: number, usual?: number): Promise<Latencies> {
    const { authority } = readSite(this.#folder, "server");
    const own = readSite(this.#folder, "client");
    const options = { port: this.port, caCert: authority, from: HONEST, own, usual };
    return honestRequests(options, count, interval);
  }

  meet(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}

/** A client, which visits an honest server beside the hostile one. */
class ClientVictim implements Victim {
  readonly port = 0;
  tally: Numbers = {};
  readonly #server: ServerVictim;
  readonly #process: SpokenProcess;

  private constructor(process: SpokenProcess, server: ServerVictim) {
    this.#process = process;
    this.#server = server;
  }

  static async start(site: Site): Promise<ClientVictim> {
    const server = await ServerVictim.start(fileServer(site), site);
    const url = new URL("./attacked_client.ts", import.meta.url);
    const process = new SpokenProcess(url, [site.folder]);
    await process.line(/^Ready$/, START);
    return new ClientVictim(process, server);
  }

  get id(): number {
    return this.#process.id;
  }

  async honest(count: number, interval: number, usual?: number): Promise<Latencies> {
    const known = this.#process.text.length;
    await this.#process.tell(JSON.stringify({ honest: this.#server.port, count, interval, usual }));
    const line = await this.#process.next(known, count * interval + STALL).catch(() => undefined);
    // A client that is kept from everything answers nothing.
    if (line === undefined) return { times: [], failures: Array(count).fill("no answer") };
    const { latencies, tally } = JSON.parse(line) as { latencies: Latencies; tally: Numbers };
    this.tally = tally;
    return latencies;
  }

  async meet(port: number): Promise<void> {
    await this.#process.tell(JSON.stringify({ hostile: port, concurrency: 1 }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.finish(5_000);
    await this.#server[Symbol.asyncDispose]();
  }
}
