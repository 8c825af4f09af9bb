import assert from "node:assert/strict";
import type { Link } from "../../mod.ts";
import { linkOf } from "../sim/pair.ts";
import { nativeSockets } from "../../src/io/native/tier.ts";
import type { Outcome, Task } from "./client.ts";
import type { Helper } from "./helper.ts";
import type { Report } from "./relay.ts";
import { serverAddress, Testbed, whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const sockets = nativeSockets();
const ignore = reason !== undefined || typeof sockets === "string";
const SIZE = 2_000_000;
const links = [linkOf(10, 40), linkOf(10, 60)];

/** A client with two default routes, and no rules that look at the source address. */
class Laptop implements AsyncDisposable {
  readonly testbed: Testbed;
  readonly #client: Helper;
  readonly #inspector: Helper;

  private constructor(testbed: Testbed, client: Helper, inspector: Helper) {
    this.testbed = testbed;
    this.#client = client;
    this.#inspector = inspector;
  }

  /** @param wires How many more links there are, that the relay does not see. */
  static async make(native: "auto" | "off", wires = 0): Promise<Laptop> {
    const before = Deno.env.get("MPQUIC_NATIVE");
    Deno.env.set("MPQUIC_NATIVE", native);
    const testbed = await Testbed.make(links);
    try {
      for (let i = 0; i < wires; i++) await testbed.plug(links.length + i);
      await testbed.useDefaultRoutes(links.length + wires);
      await testbed.start(testbed.server, "server.ts");
      const client = await testbed.start(testbed.client, "client.ts");
      return new Laptop(testbed, client, await testbed.start(testbed.client, "inspect.ts"));
    } catch (error) {
      await testbed[Symbol.asyncDispose]();
      throw error;
    } finally {
      if (before === undefined) Deno.env.delete("MPQUIC_NATIVE");
      else Deno.env.set("MPQUIC_NATIVE", before);
    }
  }

  /** Downloads by both links, which it names; the shares of what each has brought. */
  async shares(): Promise<number[]> {
    const before = await this.testbed.order();
    const outcome = await this.#download({ localAddresses: links.map((_, i) => `c${i}`) });
    assert.equal(outcome.failure, undefined);
    assert.ok(outcome.isExact);
    const after = await this.testbed.order();
    const bytes = links.map((_, i) => received(after, i) - received(before, i));
    const total = bytes[0]! + bytes[1]!;
    return bytes.map((count) => count / total);
  }

  /** Downloads by the links that are named, if any are; what went wrong, if anything did. */
  async failure(...localAddresses: string[]): Promise<string | undefined> {
    const named = localAddresses.length > 0 ? { localAddresses } : {};
    return (await this.#download({ ...named, timeout: 5_000 })).failure;
  }

  /** Packets that the client has sent by a link so far. */
  async sent(name: string): Promise<number> {
    return Number(await this.testbed.run("cat", `/sys/class/net/${name}/statistics/tx_packets`));
  }

  async #download(more: Partial<Task>): Promise<Outcome> {
    const hostname = serverAddress(0);
    await this.#client.tell({ hostname, direction: "download", size: SIZE, ...more });
    return JSON.parse(await this.#client.next());
  }

  /** What stands in the way of each link, as `name kind`. */
  async problems(destination = serverAddress(0)): Promise<string[]> {
    await this.#inspector.tell(destination);
    const found: Link[] = JSON.parse(await this.#inspector.next());
    return found.flatMap(({ name, problems }) => problems.map(({ kind }) => `${name} ${kind}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.testbed[Symbol.asyncDispose]();
  }
}

/** Bytes that a link has brought to the client. */
function received(report: Report, link: number): number {
  return report.links[link]!.down.deliveredBytes;
}

Deno.test(
  { name: "two default routes carry data both, where sockets are bound to links", ignore },
  async () => {
    await using laptop = await Laptop.make("auto");
    assert.deepEqual(await laptop.problems(), []);
    const shares = await laptop.shares();
    assert.ok(Math.min(...shares) > 0.3, `${shares}`);
    // A strict filter drops what comes by the link that is not the best.
    await laptop.testbed.setReversePathFilter(1, 1);
    assert.deepEqual(await laptop.problems(), ["c1 reversePathFilter"]);
    const filtered = await laptop.shares();
    assert.ok(filtered[1]! < 0.02, `${filtered}`);
    await laptop.testbed.setReversePathFilter(1, 2);
    assert.deepEqual(await laptop.problems(), []);
    assert.ok(Math.min(...await laptop.shares()) > 0.3);
    await laptop.testbed.removeDefaultRoute(1);
    assert.deepEqual(await laptop.problems("198.51.100.1"), ["c1 noRoute"]);
    // The socket is left to the routes; nothing is sent into the void.
    assert.ok((await laptop.shares())[1]! < 0.02);
  },
);

Deno.test(
  { name: "a tunnel with the default route is told, and passed by named links only", ignore },
  async () => {
    await using laptop = await Laptop.make("auto", 1);
    // The links of the relay are tunnels themselves; the wire is none.
    const wire = `c${links.length}`;
    await laptop.testbed.addTunnel("tun9");
    assert.deepEqual(await laptop.problems(), [`${wire} tunnel`]);
    const names = ["c0", "c1", wire];
    const sent = () => Promise.all(names.map((name) => laptop.sent(name)));
    const before = await sent();
    assert.match(await laptop.failure() ?? "", /^TimeoutError/);
    assert.deepEqual(await sent(), before, "nothing leaves beside the tunnel");
    assert.equal(await laptop.failure(wire), undefined);
    assert.ok(await laptop.sent(wire) > before[2]!);
  },
);

Deno.test(
  { name: "two default routes without bound sockets are told with the cure", ignore },
  async () => {
    await using laptop = await Laptop.make("off");
    assert.deepEqual(await laptop.problems(), ["c1 otherLink"]);
    const shares = await laptop.shares();
    assert.ok(shares[1]! < 0.02, `${shares}`);
  },
);
