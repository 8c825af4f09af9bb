// A client with two links, an nftables balancer, and servers of one service behind it.

import assert from "node:assert/strict";
import type { BalancedOrder, BalancedView, BalancedVisit } from "./balanced_client.ts";
import { Helper } from "./helper.ts";
import { ip, uniqueName } from "./testbed.ts";

const SERVICE = "10.88.100.1";
/** The addresses of the servers that the rules know, and of one more. */
export const SERVERS: readonly string[] = ["10.88.21.2", "10.88.22.2"];
export const THIRD = "10.88.23.2";
const ALL = [...SERVERS, THIRD];
const CLIENTS = ["10.88.0.1", "10.88.1.1"];

/** The rules of the document, which are thereby known to work. */
export function rules(): string {
  const text = Deno.readTextFileSync(new URL("../../docs/scale.md", import.meta.url));
  return /```nft\n([^`]*)```/.exec(text)![1]!;
}

/** The same with all new clients at one server. */
export function rulesTo(server: string): string {
  return rules().replace(/mod 256 map \{[^}]*\}/, `mod 256 map { 0-255 : ${server} }`);
}

/** The rules with the third server, which gets half of the new clients. */
export function rulesOfThree(): string {
  return rules().replaceAll("0x0a000002 : 10.88.22.2", `$&, 0x0a000003 : ${THIRD}`)
    .replace("ip saddr { 10.88.21.2", `$&, ${THIRD}`)
    .replace(
      "0-127 : 10.88.21.2, 128-255 : 10.88.22.2",
      `0-63 : 10.88.21.2, 64-127 : 10.88.22.2, 128-255 : ${THIRD}`,
    );
}

/** A client with two links, a balancer, and servers with two workers each: two of them, or three. */
export class Site implements AsyncDisposable {
  readonly #name = uniqueName();
  readonly #stack = new AsyncDisposableStack();
  readonly #notes = Deno.makeTempFileSync();
  #client: Helper | undefined;
  readonly #servers = new Map<string, Helper>();

  static async make(): Promise<Site> {
    const site = new Site();
    try {
      await site.#setUp();
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Has the client do something, and returns its connections. */
  order(order: BalancedOrder): Promise<BalancedView[]> {
    return this.#tell(order);
  }

  /**
   * Has the client visit the service once.
   *
   * @param note What the service is to note, with its address.
   * @param session The number of the session that it offers with its request, from an earlier visit.
   */
  visit(note: string, session?: number): Promise<BalancedVisit> {
    return this.#tell({ visit: note, session });
  }

  /** What the servers have noted, line by line. */
  get notes(): string[] {
    return Deno.readTextFileSync(this.#notes).split("\n").slice(0, -1);
  }

  /** Starts one of the servers, by its address. */
  async start(address: string): Promise<void> {
    const i = ALL.indexOf(address);
    const args = [address, `0a00000${i + 1}`, this.#notes];
    const server = await Helper.start(this.#host(`server${i}`), "balanced_server.ts", args);
    this.#servers.set(address, this.#stack.use(server));
  }

  /** Ends one of the servers, as a failure of its machine does. */
  async kill(address: string): Promise<void> {
    await this.#servers.get(address)!.kill();
  }

  /** Gives the balancer rules in place of those it has. */
  async steer(text: string): Promise<void> {
    const command = new Deno.Command("ip", {
      args: ["netns", "exec", this.#host("balancer"), "nft", "-f", "-"],
      stdin: "piped",
      stderr: "piped",
    });
    const process = command.spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`flush ruleset\n${text}`));
    await writer.close();
    const { success, stderr } = await process.output();
    assert.ok(success, new TextDecoder().decode(stderr));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #tell<Answer>(order: BalancedOrder): Promise<Answer> {
    await this.#client!.tell(order);
    return JSON.parse(await this.#client!.next());
  }

  #host(name: string): string {
    return `${this.#name}-${name}`;
  }

  async #setUp(): Promise<void> {
    this.#stack.defer(() => Deno.removeSync(this.#notes));
    for (const host of ["client", "balancer", ...ALL.map((_, i) => `server${i}`)]) {
      await ip("netns", "add", this.#host(host));
      this.#stack.defer(() => ip("netns", "del", this.#host(host)).then(() => {}));
      await ip("-n", this.#host(host), "link", "set", "lo", "up");
    }
    await this.#set("balancer", "net/ipv4/ip_forward", 1);
    await this.#set("balancer", "net/ipv4/conf/all/rp_filter", 0);
    for (const [i, address] of CLIENTS.entries()) {
      const router = await this.#link("client", `c${i}`, address);
      const route = [SERVICE, "via", router, "dev", `c${i}`];
      await ip("-n", this.#host("client"), "route", "add", ...route, "table", `${100 + i}`);
      const rule = ["from", address, "lookup", `${100 + i}`];
      await ip("-n", this.#host("client"), "rule", "add", ...rule);
      if (i === 0) await ip("-n", this.#host("client"), "route", "add", ...route);
    }
    for (const [i, address] of ALL.entries()) {
      const router = await this.#link(`server${i}`, `s${i}`, address);
      await ip("-n", this.#host(`server${i}`), "route", "add", "default", "via", router);
    }
    await this.steer(rules());
    await Promise.all(SERVERS.map((address) => this.start(address)));
    const args = [SERVICE, ...CLIENTS];
    this.#client = await Helper.start(this.#host("client"), "balanced_client.ts", args);
    this.#stack.use(this.#client);
  }

  /** Joins a host to the balancer, and returns the balancer's address on that link. */
  async #link(host: string, device: string, address: string): Promise<string> {
    const router = address.replace(/\d+$/, "254");
    const [near, far] = [this.#host(host), this.#host("balancer")];
    const peer = ["peer", "name", device, "netns", far];
    await ip("link", "add", device, "netns", near, "type", "veth", ...peer);
    for (const [namespace, own] of [[near, address], [far, router]] as const) {
      await ip("-n", namespace, "addr", "add", `${own}/24`, "dev", device);
      await ip("-n", namespace, "link", "set", device, "up");
    }
    await this.#set("balancer", `net/ipv4/conf/${device}/rp_filter`, 0);
    return router;
  }

  async #set(host: string, name: string, value: number): Promise<void> {
    const words = ["sh", "-c", 'echo "$1" > "$0"', `/proc/sys/${name}`, `${value}`];
    await ip("netns", "exec", this.#host(host), ...words);
  }
}
