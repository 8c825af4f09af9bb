import type { LinkOptions } from "../../src/sim/link.ts";
import { exactly } from "../permissions/permission_line.ts";
import { Helper } from "./helper.ts";
import type { Order, Report } from "./relay.ts";

/** The server's port. */
export const PORT = 4433;

/** Milliseconds that a route comes later than the address: the client has seen that by then. */
const LATE_ROUTE = 1_500;

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

  /**
   * Has the client's packets take the first link whatever their source address, as on a laptop with
   * two default routes and without rules. The server takes packets by the link of their source only,
   * as a provider's router does (RFC 2827).
   */
  async useDefaultRoutes(linkCount: number): Promise<void> {
    for (let index = 0; index < linkCount; index++) {
      await ip("-n", this.client, "rule", "del", "from", clientAddress(index));
      const near = clientAddress(index).replace(/\.1$/, ".0/24");
      await ip("-n", this.client, "route", "del", near, "dev", `c${index}`);
      await this.#addDefaultRoute(index);
      await setReversePathFilter(this.server, `s${index}`, 1);
    }
  }

  /**
   * Gives a client's interface another address in place of its own, as from another network; on a
   * machine with default routes and without rules. The route comes after a while.
   */
  async readdress(index: number, address: string): Promise<void> {
    await this.removeAddress(index);
    await ip("-n", this.client, "addr", "add", `${address}/24`, "dev", `c${index}`);
    const near = address.replace(/\.\d+$/, ".0/24");
    await ip("-n", this.client, "route", "del", near, "dev", `c${index}`);
    await new Promise((resolve) => setTimeout(resolve, LATE_ROUTE));
    await this.#addDefaultRoute(index);
  }

  /** Sets the reverse-path filter of a client's interface: 0 for none, 1 strict, 2 loose. */
  async setReversePathFilter(index: number, value: 0 | 1 | 2): Promise<void> {
    await setReversePathFilter(this.client, `c${index}`, value);
  }

  /** Takes the client's default route by a link away. */
  async removeDefaultRoute(index: number): Promise<void> {
    await ip("-n", this.client, "route", "del", "default", "dev", `c${index}`);
  }

  /**
   * Joins both hosts by a wire without delay, as a link of that number, for the first time or again.
   *
   * @param sizes Bytes of the frames that each end takes, the client's first.
   */
  async plug(index: number, sizes: readonly [number, number] = [1_500, 1_500]): Promise<void> {
    const [near, far] = [`c${index}`, `s${index}`];
    const peer = ["peer", "name", far, "netns", this.server];
    await ip("link", "add", near, "netns", this.client, "type", "veth", ...peer);
    // A frame that stands for several would pass whatever the size of these.
    await ip("-n", this.client, "link", "set", near, "gso_max_segs", "1");
    await ip("-n", this.client, "link", "set", near, "mtu", `${sizes[0]}`, "up");
    await ip("-n", this.server, "link", "set", far, "mtu", `${sizes[1]}`, "up");
    await ip("-n", this.server, "addr", "add", `${serverAddress(index)}/24`, "dev", far);
    await this.addAddress(index);
  }

  /** Takes that wire away, with the interfaces at both ends. */
  async unplug(index: number): Promise<void> {
    await ip("-n", this.client, "link", "del", `c${index}`);
  }

  /**
   * Puts a router before the client on each link, which gives all that comes from the client its own
   * address, as those of homes and phones do. The client has other addresses then.
   */
  async addRouters(linkCount: number): Promise<void> {
    for (let index = 0; index < linkCount; index++) {
      const [router, device] = [`${this.#middle}-${index}`, `c${index}`];
      await ip("netns", "add", router);
      this.#stack.defer(() => ip("netns", "del", router).then(() => {}));
      await ip("-n", router, "link", "set", "lo", "up");
      await quieten(router);
      await ip("-n", this.client, "link", "set", device, "netns", router);
      await ip("-n", router, "addr", "add", `${clientAddress(index)}/24`, "dev", device);
      await ip("-n", router, "link", "set", device, "mtu", "1500", "up");
      await ip("-n", router, "route", "add", "default", "dev", device);
      const peer = ["peer", "name", "lan", "netns", router];
      await ip("link", "add", device, "netns", this.client, "type", "veth", ...peer);
      const [near, gateway] = [homeAddress(index), `192.168.${index}.1`];
      await ip("-n", router, "addr", "add", `${gateway}/24`, "dev", "lan");
      await ip("-n", router, "link", "set", "lan", "up");
      await ip("-n", this.client, "addr", "add", `${near}/24`, "dev", device);
      await ip("-n", this.client, "link", "set", device, "up");
      const table = `${100 + index}`;
      await ip("-n", this.client, "rule", "add", "from", near, "lookup", table);
      const route = ["default", "via", gateway, "dev", device];
      await ip("-n", this.client, "route", "add", ...route, "table", table);
      await ip("-n", this.client, "route", "add", ...route, "metric", `${600 + 100 * index}`);
      await translate(router, device);
    }
  }

  /** Gives the client a tunnel that has the default route and leads nowhere, as a VPN in bad order. */
  async addTunnel(name: string): Promise<void> {
    await ip("-n", this.client, "tuntap", "add", "dev", name, "mode", "tun");
    await ip("-n", this.client, "addr", "add", "10.78.0.1/24", "dev", name);
    await ip("-n", this.client, "link", "set", name, "up");
    const route = ["default", "dev", name, "metric", "50"];
    await ip("-n", this.client, "route", "add", ...route);
  }

  /**
   * Gives a link IPv6 in place of IPv4 at the client, and beside it at the server. No route leads to
   * the server by it.
   */
  async useIpv6Only(index: number): Promise<void> {
    const ends = [[this.client, `c${index}`, clientAddress6], [this.server, `s${index}`]] as const;
    for (const [host, device, address = serverAddress6] of ends) {
      const setting = `/proc/sys/net/ipv6/conf/${device}/disable_ipv6`;
      await ip("netns", "exec", host, "sh", "-c", 'echo 0 > "$0"', setting);
      await ip("-n", host, "addr", "add", `${address(index)}/64`, "dev", device, "nodad");
    }
    await this.removeAddress(index);
    const near = clientAddress6(index).replace(/1$/, "/64");
    await ip("-n", this.client, "-6", "route", "del", near, "dev", `c${index}`);
  }

  /** Lets programs of the client find addresses by a name. */
  async name(hostname: string, addresses: readonly string[]): Promise<void> {
    const folder = `/etc/netns/${this.client}`;
    await Deno.mkdir(folder, { recursive: true });
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
    const lines = addresses.map((address) => `${address} ${hostname}\n`);
    await Deno.writeTextFile(`${folder}/hosts`, lines.join(""));
  }

  /** Gives the server one more address on a link. */
  async addServerAddress(index: number, address: string): Promise<void> {
    await ip("-n", this.server, "addr", "add", `${address}/24`, "dev", `s${index}`);
  }

  /** What starts one of the project's programs on one of the hosts, for the caller to end. */
  program(
    host: string,
    file: string,
    args: readonly string[],
    more: readonly string[] = [],
  ): Deno.Command {
    const { args: run, ...environment } = exactly(file, args, more);
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

  async #addDefaultRoute(index: number): Promise<void> {
    const metric = `${600 + 100 * index}`;
    const route = ["default", "dev", `c${index}`, "metric", metric];
    await ip("-n", this.client, "route", "add", ...route);
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

/** The client's address on a link behind a router. */
export function homeAddress(index: number): string {
  return `192.168.${index}.2`;
}

/** The client's IPv6 address on a link that has one. */
export function clientAddress6(index: number): string {
  return `fd77:0:0:${index}::1`;
}

/** The server's IPv6 address on a link that has one. */
export function serverAddress6(index: number): string {
  return `fd77:0:0:${index}::2`;
}

async function setReversePathFilter(host: string, device: string, value: number): Promise<void> {
  const file = `/proc/sys/net/ipv4/conf/${device}/rp_filter`;
  await ip("netns", "exec", host, "sh", "-c", 'echo "$1" > "$0"', file, `${value}`);
}

/** Whether the kernel's packet filter can be told what to do. */
export const hasNftables: boolean = hasProgram("nft");

function hasProgram(name: string): boolean {
  try {
    return new Deno.Command(name, { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Says whose it is, so that others can tell when it is left over; workers share one process. */
export function uniqueName(): string {
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

/** Has a router give all that leaves by a device the address of that device. */
async function translate(router: string, device: string): Promise<void> {
  await ip("netns", "exec", router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  const chain = "type nat hook postrouting priority 100;";
  const rules = `table ip nat { chain out { ${chain} oifname "${device}" masquerade; }; }`;
  await ip("netns", "exec", router, "nft", rules);
}

/** Runs `ip` and returns its output. */
export async function ip(...args: string[]): Promise<string> {
  const command = new Deno.Command("ip", { args, stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`Cannot run ip ${args.join(" ")}: ${decoder.decode(stderr).trim()}`);
}
