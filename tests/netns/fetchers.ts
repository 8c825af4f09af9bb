/** Programs of others that fetch a file through the near side: git, pip and Chromium. */

import assert from "node:assert/strict";
import { findBrowser, removeProfile } from "../strangers/browser.ts";
import type { Helper } from "./helper.ts";
import { payload } from "./payload.ts";
import type { Proxied, Way } from "./proxied.ts";
import { fillShelf, FILM, hasProgram, PROJECT } from "./shelf.ts";
import { hashOf, type Report, SHELF_PORT } from "./shelf_host.ts";
import { serverAddress } from "./testbed.ts";

/** Milliseconds that a browser has. */
const PATIENCE = 120_000;
/** Programs ask at this address whether by the proxy or not: browsers take no proxy to loopback. */
const ORIGIN = `http://${serverAddress(0)}:${SHELF_PORT}`;

/** A program that fetches a file and looks at it. */
export interface Fetcher {
  readonly name: string;
  /** Why it cannot be used here, if it cannot. */
  readonly missing: string | undefined;
  /** Whether it can go that way. */
  canGo(way: Way): boolean;
  /** Fetches the file of a host; returns the milliseconds that it took. */
  fetch(host: ShelfHost, way: Way): Promise<number>;
}

const git: Fetcher = {
  name: "git clone",
  missing: hasProgram("git") ? undefined : "git is missing",
  canGo: () => true,
  fetch(host, way) {
    return host.timed(way, async (run, folder) => {
      await run("git", "clone", "-q", `${ORIGIN}/git/${PROJECT}.git`, `${folder}/clone`);
      host.check(await Deno.readFile(`${folder}/clone/${FILM}`));
    });
  },
};

const pip: Fetcher = {
  name: "pip download",
  missing: hasProgram("pip") ? undefined : "pip is missing",
  // It needs a package of its own for SOCKS.
  canGo: ({ proxy }) => proxy === undefined || proxy.startsWith("http:"),
  fetch(host, way) {
    return host.timed(way, async (run, folder) => {
      const plain = ["--isolated", "--disable-pip-version-check", "--no-cache-dir", "--no-deps"];
      const index = ["--index-url", `${ORIGIN}/simple`, "--trusted-host", serverAddress(0)];
      const proxy = way.proxy === undefined ? [] : ["--proxy", way.proxy];
      await run("pip", "download", "-q", ...plain, ...index, ...proxy, "-d", folder, PROJECT);
      const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
      assert.equal(names.length, 1, `${names}`);
      const archive = await Deno.readFile(`${folder}/${names[0]}`);
      // The file is the first in it, not compressed, behind a head of 30 bytes and its name.
      const at = 30 + FILM.length;
      host.check(archive.subarray(at, at + host.size));
    });
  },
};

const browser = findBrowser();

const chromium: Fetcher = {
  name: "Chromium, a page's fetch",
  missing: browser === undefined ? "Chromium is missing" : undefined,
  // Its processes are started by one that does not hand libraries on.
  canGo: ({ before }) => before === undefined,
  async fetch(host, { proxy }) {
    const profile = await Deno.makeTempDir({ prefix: "mpquic-browser-" });
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"];
    const quiet = ["--disable-background-networking", "--disable-component-update"];
    const more = ["--disable-sync", "--disable-dev-shm-usage", `--user-data-dir=${profile}`];
    const by = proxy === undefined
      ? "--no-proxy-server"
      : `--proxy-server=${proxy.replace("socks5h:", "socks5:")}`;
    const page = `${ORIGIN}/page?${host.size}`;
    // With a port for debugging it stays until it is told to end.
    const args = [...flags, ...quiet, ...more, by, "--remote-debugging-port=0", page];
    const exec = ["netns", "exec", host.proxied.testbed.client, browser!, ...args];
    const pipes = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const process = new Deno.Command("ip", { args: exec, ...pipes }).spawn();
    const timer = setTimeout(() => process.kill("SIGTERM"), PATIENCE);
    const ended = process.status.then(() => {
      throw new Error("the browser ended before its page had reported");
    });
    try {
      const report = await Promise.race([host.report(), ended]);
      assert.equal(report.error, undefined);
      assert.equal(report.bytes, host.size);
      assert.equal(report.hash, host.hash);
      return report.milliseconds;
    } finally {
      clearTimeout(timer);
      ended.catch(() => {});
      process.kill("SIGTERM");
      await process.status;
      await removeProfile(profile);
    }
  },
};

/** All of them. */
export const fetchers: readonly Fetcher[] = [git, pip, chromium];

/** A host behind the gateway with what they fetch. */
export class ShelfHost {
  readonly proxied: Proxied;
  readonly size: number;
  readonly hash: number;
  readonly #helper: Helper;

  private constructor(proxied: Proxied, size: number, helper: Helper) {
    this.proxied = proxied;
    this.size = size;
    this.hash = hashOf(payload(0, size));
    this.#helper = helper;
  }

  /** Starts it, and makes what it has; the folder goes with the stack. */
  static async start(
    stack: AsyncDisposableStack,
    proxied: Proxied,
    size: number,
  ): Promise<ShelfHost> {
    const folder = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    await fillShelf(folder, size);
    const { testbed } = proxied;
    return new ShelfHost(
      proxied,
      size,
      await testbed.start(testbed.server, "shelf_host.ts", [folder]),
    );
  }

  /** What the next page says. */
  async report(): Promise<Report> {
    return JSON.parse(await this.#helper.next());
  }

  /**
   * Gives a task a folder and what runs programs on the laptop, by a way.
   *
   * @returns The milliseconds that programs took.
   */
  async timed(
    { before = [], proxy }: Way,
    task: (run: (...words: string[]) => Promise<void>, folder: string) => Promise<void>,
  ): Promise<number> {
    const folder = await Deno.makeTempDir();
    let taken = 0;
    const run = async (...words: string[]) => {
      const args = ["netns", "exec", this.proxied.testbed.client, ...before, ...words];
      const env: Record<string, string> = proxy === undefined ? {} : { ALL_PROXY: proxy };
      const from = performance.now();
      const { success, stderr } = await new Deno.Command("ip", { args, env }).output();
      taken += performance.now() - from;
      assert.ok(success, new TextDecoder().decode(stderr));
    };
    try {
      await task(run, folder);
      return taken;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  /** Whether these are the bytes of the file. */
  check(bytes: Uint8Array): void {
    assert.equal(bytes.length, this.size);
    assert.equal(hashOf(bytes), this.hash);
  }
}
