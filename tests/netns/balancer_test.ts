import assert from "node:assert/strict";
import { whyNotNative } from "../io/native/tier.ts";
import type { BalancedOrder, BalancedView } from "./balanced_client.ts";
import { Helper } from "./helper.ts";
import { hasNftables, ip, uniqueName, whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const ignore = reason !== undefined || !hasNftables;

const SERVICE = "10.88.100.1";
const SERVERS = ["10.88.21.2", "10.88.22.2"];
const CLIENTS = ["10.88.0.1", "10.88.1.1"];

/** The rules of the document, which are thereby known to work. */
function rules(): string {
  const text = Deno.readTextFileSync(new URL("../../docs/scale.md", import.meta.url));
  return /```nft\n([^`]*)```/.exec(text)![1]!;
}

/** A client with two links, a balancer, and two servers with two workers each. */
class Site implements AsyncDisposable {
  readonly #name = uniqueName();
  readonly #stack = new AsyncDisposableStack();
  #client: Helper | undefined;

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
  async order(order: BalancedOrder): Promise<BalancedView[]> {
    await this.#client!.tell(order);
    return JSON.parse(await this.#client!.next());
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

  #host(name: string): string {
    return `${this.#name}-${name}`;
  }

  async #setUp(): Promise<void> {
    for (const host of ["client", "balancer", "server0", "server1"]) {
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
    for (const [i, address] of SERVERS.entries()) {
      const router = await this.#link(`server${i}`, `s${i}`, address);
      await ip("-n", this.#host(`server${i}`), "route", "add", "default", "via", router);
    }
    await this.steer(rules());
    await Promise.all(SERVERS.map(async (address, i) => {
      const args = [address, `0a00000${i + 1}`];
      this.#stack.use(await Helper.start(this.#host(`server${i}`), "balanced_server.ts", args));
    }));
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

function namesOf(views: readonly BalancedView[]): string[] {
  return views.map(({ server, worker }) => `${server} ${worker}`);
}

Deno.test(
  { name: "nftables as docs/scale.md says keeps all paths of a connection at its worker", ignore },
  async () => {
    await using site = await Site.make();
    const views = await site.order({ connect: 16 });
    assert.ok(views.every(({ isRight }) => isRight), "every byte is right");
    assert.ok(views.every(({ bytes }) => bytes.length === 2 && bytes.every((each) => each > 0)));
    assert.deepEqual([...new Set(views.map(({ server }) => server))].sort(), SERVERS);
    const names = namesOf(views);
    // Where sockets cannot be shared each server has one worker.
    const least = whyNotNative === undefined ? 3 : 2;
    assert.ok(new Set(names).size >= least, "workers of both servers");
    assert.deepEqual(namesOf(await site.order({})), names);
    assert.deepEqual(namesOf(await site.order({ migrate: true })), names, "moved paths");

    // The first server gets no more new clients, and keeps those it has.
    const [first, second] = SERVERS as [string, string];
    await site.steer(rules().replace(`0-127 : ${first}`, `0-127 : ${second}`));
    const later = await site.order({ connect: 8 });
    assert.ok(later.every(({ isRight }) => isRight));
    assert.deepEqual(namesOf(later).slice(0, 16), names);
    assert.deepEqual([...new Set(later.slice(16).map(({ server }) => server))], [second]);
  },
);
