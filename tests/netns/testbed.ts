import type { LinkOptions } from "../../src/sim/link.ts";
import { exactly } from "../permissions/permission_line.ts";
import { Helper } from "./helper.ts";
import type { Order, Report } from "./relay.ts";

/** The server's port. */
export const PORT = 4433;

/** Why namespaces cannot be used here, if they cannot. */
export async function whyNoNamespaces(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces need Linux";
  if (Deno.uid() !== 0) return "network namespaces need root";
  const name = `${uniqueName()}-probe`;
  try {
    Deno.statSync("/dev/net/tun");
    Deno.dlopen("libc.so.6", {}).close();
    await ip("netns", "add", name);
    await ip("netns", "del", name);
    await sweep();
    return undefined;
  } catch (error) {
    return `network namespaces, TUN devices and iproute2 are needed: ${(error as Error).message}`;
  }
}

/**
 * Two hosts, joined by emulated links. Link 0 is the interface `c0` (10.77.0.1) of the client and
 * `s0` (10.77.0.2) of the server, and so on. A packet of the client leaves by the interface that
 * its source address belongs to, whatever the destination; answers come back the same way.
 */
export class Testbed implements AsyncDisposable {
  readonly client: string;
  readonly server: string;
  readonly #middle: string;
  readonly #stack = new AsyncDisposableStack();
  #relay: Helper | undefined;

  private constructor() {
    const name = uniqueName();
    this.client = `${name}-client`;
    this.server = `${name}-server`;
    this.#middle = `${name}-relay`;
  }

  /** Sets up one link for each of the options. */
  static async make(links: readonly LinkOptions[]): Promise<Testbed> {
    const testbed = new Testbed();
    try {
      await testbed.#setUp(links);
      return testbed;
    } catch (error) {
      await testbed[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a program of this folder on one of the hosts, until the testbed is disposed of. */
  async start(host: string, file: string, args: readonly string[] = []): Promise<Helper> {
    return this.#stack.use(await Helper.start(host, file, args, -10));
  }

  /** Tells the relay something, and returns what it counted so far. */
  async order(order: Order = {}): Promise<Report> {
    await this.#relay!.tell(order);
    return JSON.parse(await this.#relay!.next());
  }

  /** Runs a program on the client and returns its output. */
  run(...command: string[]): Promise<string> {
    return ip("netns", "exec", this.client, ...command);
  }

  /** `ip link set` of a client's interface; what was configured comes back with it. */
  async setInterface(index: number, state: "up" | "down"): Promise<void> {
    await ip("-n", this.client, "link", "set", `c${index}`, state);
    if (state === "up") await this.#addRoute(index);
  }

  /** Takes a client's address away. */
  async removeAddress(index: number, address: string = clientAddress(index)): Promise<void> {
    await ip("-n", this.client, "addr", "del", `${address}/24`, "dev", `c${index}`);
  }

  /** Gives a client its address, back or for the first time, or another one. */
  async addAddress(index: number, address: string = clientAddress(index)): Promise<void> {
    const table = `${100 + index}`;
    const rule = ["from", address, "lookup", table];
    await ip("-n", this.client, "rule", "del", ...rule).catch(() => {}); // it may be there already
    await ip("-n", this.client, "rule", "add", ...rule);
    await ip("-n", this.client, "addr", "add", `${address}/24`, "dev", `c${index}`);
    await this.#addRoute(index);
  }

  /** Gives the server one more address on a link. */
  async addServerAddress(index: number, address: string): Promise<void> {
    await ip("-n", this.server, "addr", "add", `${address}/24`, "dev", `s${index}`);
  }

  /** What starts one of the project's programs on one of the hosts, for the caller to end. */
  program(host: string, file: string, args: readonly string[]): Deno.Command {
    const { args: run, ...environment } = exactly(file, args);
    const command = ["netns", "exec", host, "nice", "-n", "-10", Deno.execPath(), ...run];
    const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    return new Deno.Command("ip", { args: command, ...environment, ...pipes });
  }

  /** Ends all programs and removes the namespaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #setUp(links: readonly LinkOptions[]): Promise<void> {
    for (const namespace of [this.client, this.server, this.#middle]) {
      await ip("netns", "add", namespace);
      this.#stack.defer(() => ip("netns", "del", namespace).then(() => {}));
      await ip("-n", namespace, "link", "set", "lo", "up");
      await quieten(namespace);
    }
    this.#relay = await Helper.start(this.#middle, "relay.ts", [JSON.stringify(links)], -19);
    this.#stack.use(this.#relay);
    for (const index of links.keys()) {
      await this.#move(`c${index}`, this.client);
      await this.#move(`s${index}`, this.server);
      await ip("-n", this.server, "addr", "add", `${serverAddress(index)}/24`, "dev", `s${index}`);
      await this.addAddress(index);
    }
  }

  async #move(device: string, namespace: string): Promise<void> {
    await ip("-n", this.#middle, "link", "set", device, "netns", namespace);
    await ip("-n", namespace, "link", "set", device, "mtu", "1500", "up");
  }

  /** Routes of an interface go with its last address, and when it is set down. */
  async #addRoute(index: number): Promise<void> {
    const table = `${100 + index}`;
    await ip("-n", this.client, "route", "replace", "default", "dev", `c${index}`, "table", table);
  }
}

/** The client's address on a link. */
export function clientAddress(index: number): string {
  return `10.77.${index}.1`;
}

/** The server's address on a link. */
export function serverAddress(index: number): string {
  return `10.77.${index}.2`;
}

/** Says whose it is, so that others can tell when it is left over; workers share one process. */
function uniqueName(): string {
  return `mpquic-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Removes what processes that were killed have left behind. */
async function sweep(): Promise<void> {
  const names = (await ip("netns", "list")).split("\n").map((line) => line.split(" ")[0]!);
  for (const name of names) {
    const pid = /^mpquic-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isRunning(pid)) continue;
    await ip("netns", "del", name).catch(() => {}); // another process may be faster
  }
}

function isRunning(pid: string): boolean {
  try {
    return Deno.statSync(`/proc/${pid}`).isDirectory;
  } catch {
    return false;
  }
}

/** Keeps the kernel from sending packets of its own, which would be counted. */
async function quieten(namespace: string): Promise<void> {
  const settings = ["/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"];
  await ip("netns", "exec", namespace, "sh", "-c", 'echo "$1" > "$0"', ...settings);
}

async function ip(...args: string[]): Promise<string> {
  const command = new Deno.Command("ip", { args, stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`Cannot run ip ${args.join(" ")}: ${decoder.decode(stderr).trim()}`);
}
