import assert from "node:assert/strict";
import { linkOf } from "../sim/pair.ts";
import { site } from "./site.ts";
import { clientAddress, PORT, Testbed, whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();

/** What the client program says on standard error, line by line. */
class Spoken implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(command: Deno.Command) {
    this.#process = command.spawn();
    this.#reading = this.#read();
  }

  /** Waits until a line matches that came after the ones seen before. */
  async hears(pattern: RegExp, from: number, milliseconds: number): Promise<string> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const line = this.lines.slice(from).find((one) => pattern.test(one));
      if (line !== undefined) return line;
      if (performance.now() > deadline) {
        throw new Error(`nobody said ${pattern} in:\n${this.lines.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** `ip netns exec` becomes the program, so a signal meets that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGINT");
    await Promise.all([this.#reading, this.#process.status]);
  }

  async #read(): Promise<void> {
    const text = this.#process.stderr.pipeThrough(new TextDecoderStream());
    const ignored = this.#process.stdout.pipeTo(new WritableStream());
    let rest = "";
    for await (const piece of text) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      this.lines.push(...lines);
    }
    await ignored;
  }
}

/** How a line about a path begins. */
function path(index: number, address = clientAddress(index)): string {
  return `^Path \\d+ over c${index} \\(${address}:\\d+ -> 10\\.77\\.\\d\\.2:${PORT}\\) `;
}

Deno.test({
  name: "the client connects by whichever interface of -n works, follows them, and says so",
  ignore: reason !== undefined,
  async fn() {
    await using testbed = await Testbed.make([linkOf(10, 20), linkOf(10, 30)]);
    const { url, stop } = await site(testbed);
    try {
      await testbed.order({ link: 0, cut: true });
      const args = ["--insecure", "-n", "c0,c1,c9", url];
      await using client = new Spoken(testbed.program(testbed.client, "cli/client.ts", args));
      await client.hears(/^client: "c9" has no address now, .* going on with c0, c1$/, 0, 10_000);
      // The first interface leads nowhere: the handshake goes by the second.
      const first = await client.hears(new RegExp(`${path(1)}works$`), 0, 10_000);
      assert.match(first, /^Path 0 /);
      await client.hears(
        new RegExp(`${path(0)}cannot be opened: nothing answers there`),
        0,
        20_000,
      );
      await testbed.order({ link: 0, cut: false });
      await client.hears(new RegExp(`${path(0)}works$`), 0, 20_000);

      let from = client.lines.length;
      await testbed.order({ link: 1, cut: true });
      await client.hears(new RegExp(`${path(1)}does not answer$`), from, 5_000);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await testbed.order({ link: 1, cut: false });
      await client.hears(new RegExp(`${path(1)}answers again, after \\d\\.\\d s$`), from, 5_000);

      // The interface gets another address, as from another network.
      from = client.lines.length;
      await testbed.removeAddress(1);
      await testbed.addAddress(1, "10.77.1.9");
      await client.hears(new RegExp(`${path(1)}is given up: its address is gone$`), from, 5_000);
      await client.hears(new RegExp(`${path(1, "10\\.77\\.1\\.9")}works$`), from, 5_000);
    } finally {
      await stop();
    }
  },
});

Deno.test({
  name: "the client follows its only interface to another address",
  ignore: reason !== undefined,
  async fn() {
    await using testbed = await Testbed.make([linkOf(10, 20)]);
    const { url, stop } = await site(testbed);
    try {
      const args = ["--insecure", "-n", "c0", url];
      await using client = new Spoken(testbed.program(testbed.client, "cli/client.ts", args));
      await client.hears(new RegExp(`${path(0)}works$`), 0, 10_000);
      // RFC 9000, Section 9: nothing moves before the handshake is confirmed.
      await client.hears(/^\d+\.\d s +[1-9]\S* [kM]B /, 0, 10_000);
      await testbed.removeAddress(0);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await testbed.addAddress(0, "10.77.0.9");
      await client.hears(new RegExp(`${path(0, "10\\.77\\.0\\.9")}works$`), 0, 5_000);
      const last = await client.hears(new RegExp(`${path(0)}is given up: .*$`), 0, 5_000);
      assert.match(last, /: its address is gone$/);
    } finally {
      await stop();
    }
  },
});

Deno.test({
  name: "the server hears over UDP and TCP on addresses that its interfaces get later",
  ignore: reason !== undefined,
  async fn() {
    await using testbed = await Testbed.make([linkOf(10, 20)]);
    const { stop } = await site(testbed, "-tcp");
    try {
      const later = "10.77.0.22";
      await testbed.addServerAddress(0, later);
      const visit = `const run = async (target, visit) => {
        for (let i = 0; i < 50; i++) {
          try { return console.log(target, await visit()); } catch { /* not yet */ }
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };
      const { dial } = await import("${new URL("../../mod.ts", import.meta.url).href}");
      await run("TCP", async () => {
        const conn = await Deno.connect({ hostname: "${later}", port: ${PORT} });
        return conn.remoteAddr.hostname;
      });
      await run("UDP", async () => {
        const options = { insecure: true, handshakeTimeout: 500 };
        const connection = await dial("https://${later}:${PORT}/", options);
        return connection.remoteAddr.hostname;
      });
      Deno.exit();`;
      const config = new URL("../../deno.json", import.meta.url).pathname;
      const evaluate = ["eval", "--unstable-net", "--config", config, visit];
      const text = await testbed.run(Deno.execPath(), ...evaluate);
      assert.equal(text, `TCP ${later}\nUDP ${later}\n`);
    } finally {
      await stop();
    }
  },
});
