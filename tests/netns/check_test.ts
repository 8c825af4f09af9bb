import assert from "node:assert/strict";
import { nativeSockets } from "../../src/io/native/tier.ts";
import { linkOf } from "../sim/pair.ts";
import { site } from "./site.ts";
import { PORT, serverAddress, serverAddress6, Testbed, whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
const ignore = reason !== undefined || typeof nativeSockets() === "string";

/** What `mpquic check` printed. */
interface Said {
  readonly code: number;
  readonly text: string;
  /** The commands in it. */
  readonly cures: readonly string[];
}

/** What sockets need to be bound to links. */
const BOUND = ["--allow-ffi"];
const WORDS = ["check", "-k", "--timeout", "2"];
/** Bytes that a download by both links has. */
const SIZE = 5_000_000;
const main = new URL("../../cli/main.ts", import.meta.url).href;

async function said(command: Deno.Command): Promise<Said> {
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const cures = text.split("\n").filter((line) => line.startsWith("    "));
  return { code, text, cures: cures.map((line) => line.trim()) };
}

/** A machine with two links and two default routes, and a server that both lead to. */
class Machine implements AsyncDisposable {
  readonly testbed: Testbed;
  /** A file of the server. */
  readonly url: string;
  readonly #stop: () => Promise<void>;

  private constructor(testbed: Testbed, url: string, stop: () => Promise<void>) {
    this.testbed = testbed;
    this.url = url;
    this.#stop = stop;
  }

  static async make(): Promise<Machine> {
    const links = [linkOf(20, 10), linkOf(20, 20)];
    const testbed = await Testbed.make(links);
    await testbed.useDefaultRoutes(links.length);
    const { url, stop } = await site(testbed);
    return new Machine(testbed, url, stop);
  }

  /** Runs `mpquic check` with the permissions of its first line, and some others. */
  check(more: readonly string[], ...args: string[]): Promise<Said> {
    const { testbed } = this;
    return said(testbed.program(testbed.client, "cli/main.ts", [...WORDS, ...args], more));
  }

  /** The same with all permissions, and without calls of the system's libraries. */
  checkUnbound(...args: string[]): Promise<Said> {
    const run = [Deno.execPath(), "run", "-A", "--unstable-net", main, ...WORDS, ...args];
    return said(
      new Deno.Command("ip", {
        args: ["netns", "exec", this.testbed.client, ...run],
        env: { MPQUIC_NATIVE: "off", NO_COLOR: "1" },
        stdout: "piped",
        stderr: "piped",
      }),
    );
  }

  /**
   * Downloads by both links: the share of the one that brings less. A busy machine has three
   * attempts at 40 %.
   */
  async leastShare(url = this.url, more = BOUND): Promise<number> {
    const args = ["get", "-sk", "-n", "c0,c1", "--range", `0-${SIZE - 1}`, "-o", "/dev/null", url];
    let share = 0;
    for (let attempt = 0; attempt < 3 && share < 0.4; attempt++) {
      const before = await this.#brought();
      const get = this.testbed.program(this.testbed.client, "cli/main.ts", args, more);
      const { code, text } = await said(get);
      assert.equal(code, 0, text);
      const after = await this.#brought();
      const [first, second] = after.map((count, i) => count - before[i]!) as [number, number];
      share = Math.min(first, second) / (first + second);
    }
    return share;
  }

  async #brought(): Promise<number[]> {
    const { links } = await this.testbed.order();
    return links.map(({ down }) => down.deliveredBytes);
  }

  /** Pastes commands into a shell. */
  async paste(commands: readonly string[]): Promise<void> {
    for (const command of commands) await this.testbed.run("sh", "-c", command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.testbed[Symbol.asyncDispose]();
  }
}

Deno.test({
  name: "mpquic check names what keeps a link from use, and its cure mends that",
  ignore,
}, async (t) => {
  await using machine = await Machine.make();
  const { testbed, url } = machine;
  await t.step("two default routes, sockets bound to links", async () => {
    const { code, text, cures } = await machine.check(BOUND, url);
    assert.match(text, /^c0: 10\.77\.0\.1\n {2}The server answers \d+, RTT .* of 1452 bytes/m);
    assert.match(text, /^c1: 10\.77\.1\.1\n {2}The server answers \d+, RTT .* of 1452 bytes/m);
    assert.deepEqual([code, cures], [0, []], text);
  });
  await t.step("a strict reverse-path filter", async () => {
    await testbed.setReversePathFilter(1, 1);
    const { code, text, cures } = await machine.check(BOUND, url);
    assert.equal(code, 1, text);
    assert.match(text, /Nothing comes back by c1\n {2}What comes in by c1 is dropped/);
    await machine.paste(cures);
    assert.equal((await machine.check(BOUND, url)).code, 0);
    assert.ok(await machine.leastShare() >= 0.4);
  });
  await t.step("no route by the second link", async () => {
    await testbed.removeDefaultRoute(1);
    const { code, text, cures } = await machine.check(BOUND, url);
    assert.equal(code, 1, text);
    assert.match(text, /no route leads on by it/);
    await machine.paste(cures);
    assert.equal((await machine.check(BOUND, url)).code, 0);
    assert.ok(await machine.leastShare() >= 0.4);
  });
  await t.step("a network that drops UDP", async () => {
    await testbed.order({ link: 1, cut: true });
    const { code, text } = await machine.check(BOUND, url);
    await testbed.order({ link: 1, cut: false });
    assert.match(text, /Nothing comes back by c1\n.*drops UDP/);
    assert.match(text, /1 of 2 links can be used/);
    assert.equal(code, 1);
  });
  await t.step("a link with small packets", async () => {
    await testbed.run("ip", "link", "set", "c1", "mtu", "1280");
    const { code, text } = await machine.check(BOUND, url);
    assert.match(text, /^c1: .*\n.* of 12[0-5]\d bytes/m);
    assert.equal(code, 0, text);
    await testbed.run("ip", "link", "set", "c1", "mtu", "1500");
  });
  await t.step("a name server that is silent", async () => {
    const { code, text } = await machine.check(BOUND, "https://server.example/");
    assert.equal(code, 1);
    assert.match(text, /^Cannot find server\.example/m);
  });
  await t.step("no permission to read the routes", async () => {
    const { code, text } = await machine.check([], url);
    assert.equal(code, 1, text);
    assert.match(text, /^The routes of this system cannot be read/m);
  });
  await t.step("two default routes, sockets of the runtime, no rules", async () => {
    const { code, text, cures } = await machine.checkUnbound(url);
    assert.equal(code, 1, text);
    assert.match(text, /leave by c0, not by c1/);
    assert.equal(cures.length, 2);
    await machine.paste(cures);
    const mended = await machine.checkUnbound(url);
    assert.equal(mended.code, 0, mended.text);
    assert.ok(await machine.leastShare(url, []) >= 0.4);
  });
  await t.step("IPv6 only on the second link", async () => {
    await testbed.useIpv6Only(1);
    await testbed.name("both.test", [serverAddress(0), serverAddress6(1)]);
    const { code, text, cures } = await machine.check(BOUND, url);
    assert.equal(code, 1, text);
    assert.match(text, /c1 has IPv6 only, and 10\.77\.0\.2 has IPv4 only: they meet if/);
    const named = `https://both.test:${PORT}/file`;
    const other = await machine.check(BOUND, named);
    assert.match(other.text, /Cannot send by c1 with IPv6: no route leads on by it/);
    assert.deepEqual([other.code, other.cures], [1, cures], other.text);
    await machine.paste(cures);
    const mended = await machine.check(BOUND, named);
    assert.equal(mended.code, 0, mended.text);
    assert.ok(await machine.leastShare(named) >= 0.4);
    // The server tells a client that knows its IPv4 address only of the other.
    assert.ok(await machine.leastShare() >= 0.4);
  });
});

Deno.test(
  { name: "mpquic check tells how to go beside a tunnel with the default route", ignore },
  async () => {
    // The links of the relay are tunnels themselves; wires are none.
    await using testbed = await Testbed.make([]);
    for (const index of [0, 1]) await testbed.plug(index);
    await testbed.useDefaultRoutes(2);
    await testbed.addTunnel("tun9");
    const { url, stop } = await site(testbed);
    const folder = await Deno.makeTempDir();
    try {
      const run = (...args: string[]) =>
        said(testbed.program(testbed.client, "cli/main.ts", args, BOUND));
      const { code, text, cures } = await run(...WORDS, url);
      assert.equal(code, 1, text);
      assert.match(text, /Packets by c0 leave beside the tunnel tun9, which has the default route/);
      assert.match(text, /Nothing comes back by tun9/);
      assert.match(text, /^2 of 3 links can be used/m);
      const failed = await run("get", "-sSk", "--connect-timeout", "2", url);
      assert.match(failed.text, /nothing answers.* Packets by c0 leave beside the tunnel tun9/);
      assert.deepEqual(cures, [`mpquic get -k -n c0,c1 -O ${url}`]);
      const program = `mpquic() { exec ${Deno.execPath()} run -A --unstable-net ${main} "$@"; }`;
      const shell = ["netns", "exec", testbed.client, "sh", "-c", `${program}; ${cures[0]}`];
      const pipes = { stdin: "null", stdout: "null", stderr: "null" } as const;
      const received = async (name: string) =>
        Number(await testbed.run("cat", `/sys/class/net/${name}/statistics/rx_bytes`));
      const get = new Deno.Command("ip", { args: shell, cwd: folder, ...pipes }).spawn();
      const deadline = performance.now() + 60_000;
      while (await received("c0") < 1_000_000 || await received("c1") < 1_000_000) {
        assert.ok(performance.now() < deadline, "a link beside the tunnel carries nothing");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      get.kill("SIGKILL");
      await get.status;
    } finally {
      await stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
);
