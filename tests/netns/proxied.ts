/** A laptop whose programs go over all links by `mpquic proxy`, a gateway, and a host behind it. */

import type { LinkOptions } from "../../src/sim/link.ts";
import { hashOf } from "../proxy/far_side.ts";
import { ECHO_PORT, NAME_PORT, ORIGIN_PORT } from "./origin.ts";
import { PORT, serverAddress, Testbed } from "./testbed.ts";

const INSIDE_PORT = 4_434;
const NEAR = "127.0.0.1:1080";
const NATIVE = ["--allow-ffi"];
const TOKEN = "a-token-of-this-test";

/** How curl and other programs go from the laptop to the host. */
export interface Way {
  readonly name: string;
  readonly args: readonly string[];
  /** What starts it. */
  readonly before?: readonly string[];
  /** The URL of the proxy, for programs that take one. */
  readonly proxy?: string;
  /** The host's address; that on loopback, if left out. */
  readonly host?: string;
}

/** The ways through the near side. */
export const proxyWays: readonly Way[] = [
  { name: "curl -x", args: ["-x", `http://${NEAR}`], proxy: `http://${NEAR}` },
  {
    name: "curl --socks5-hostname",
    args: ["--socks5-hostname", NEAR],
    proxy: `socks5h://${NEAR}`,
  },
];

/** How the laptop and the programs are set up. */
export interface ProxiedOptions {
  /** Whether there is a router with address translation on each link. */
  readonly hasRouters?: boolean;
  /** Links that the near side uses; all, if left out. */
  readonly used?: readonly number[];
  /** Further arguments of both programs. */
  readonly more?: readonly string[];
  /** Whether both may use sockets of the system, which read and write marks of congestion. */
  readonly isNative?: boolean;
}

/** The testbed with the programs of the proxy running on it. */
export class Proxied implements AsyncDisposable {
  readonly testbed: Testbed;
  readonly #stack: AsyncDisposableStack;

  private constructor(testbed: Testbed, stack: AsyncDisposableStack) {
    this.testbed = testbed;
    this.#stack = stack;
  }

  /** Sets all of it up, and starts the programs. */
  static async make(links: readonly LinkOptions[], options: ProxiedOptions = {}): Promise<Proxied> {
    const { hasRouters = false, used = links.map((_, i) => i), more = [] } = options;
    const permissions = options.isNative ? NATIVE : [];
    await using stack = new AsyncDisposableStack();
    const testbed = stack.use(await Testbed.make(links));
    if (hasRouters) await testbed.addRouters(links.length);
    const folder = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    await Deno.writeTextFile(`${folder}/token`, TOKEN);
    await Deno.writeTextFile(`${folder}/users`, `anna:${await hashOf(TOKEN)}`);
    await Deno.mkdir(`${folder}/www`);
    await testbed.start(testbed.server, "origin.ts");
    const far = ["serve", `${folder}/www`, "-p", `${PORT}`, "-n", "s", "--proxy", ...more];
    const ports = ["--proxy-udp-ports", `${ECHO_PORT},${NAME_PORT}`];
    const allowed = `127.0.0.1,${serverAddress(0)}`;
    const rules = ["--users", `${folder}/users`, "--proxy-allow", allowed, ...ports];
    const program = (host: string, args: readonly string[]) =>
      testbed.program(host, "cli/main.ts", args, permissions);
    const gateway = program(testbed.server, [...far, ...rules]);
    stack.defer(await start(gateway, "Listening"));
    const via = ["--via", `https://${serverAddress(0)}:${PORT}`, "--token-file", `${folder}/token`];
    const names = used.map((index) => `c${index}`).join();
    const near = ["proxy", ...via, "-k", "-n", names, ...more];
    stack.defer(await start(program(testbed.client, near), "Chromium"));
    return new Proxied(testbed, stack.move());
  }

  /** A program of the laptop that fetches so many bytes from the host by curl. */
  curl({ args, before = [], host = "127.0.0.1" }: Way, size: number | string): Deno.Command {
    const url = `http://${host}:${ORIGIN_PORT}/${size}`;
    const words = [...before, "curl", "-sS", "--noproxy", "", ...args, url];
    const exec = ["netns", "exec", this.testbed.client, ...words];
    return new Deno.Command("ip", { args: exec, stdout: "piped", stderr: "piped" });
  }

  /** A QUIC server behind the gateway, on its loopback; the UDP port of it. */
  async serveInside(): Promise<number> {
    const folder = await Deno.makeTempDir();
    this.#stack.defer(() => Deno.remove(folder, { recursive: true }));
    const args = ["serve", folder, "-p", `${INSIDE_PORT}`, "-n", "127.0.0.1"];
    const server = this.testbed.program(this.testbed.server, "cli/main.ts", args);
    this.#stack.defer(await start(server, "Listening"));
    return INSIDE_PORT;
  }

  /** Bytes that each link has brought to the laptop. */
  async received(): Promise<number[]> {
    return (await this.testbed.order()).links.map(({ down }) => down.deliveredBytes);
  }

  /** Ends all of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Starts a program and waits for a word of it; the function ends it. */
export async function start(command: Deno.Command, word: string): Promise<() => Promise<void>> {
  const process = command.spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes(word);) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it ended: ${await new Response(process.stderr).text()}`);
    text += value;
  }
  return async () => {
    process.kill("SIGKILL");
    await Promise.all([reader.cancel(), process.stderr.cancel(), process.status]);
  };
}
