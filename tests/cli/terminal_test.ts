import assert from "node:assert/strict";
import { terminalSize } from "../../cli/console/terminal_size.ts";
import { makeIssuedCertificate, serve } from "../../mod.ts";
import { exactly } from "../permissions/permission_line.ts";
import { hasTmux, Terminal } from "./terminal.ts";

// What people see: the programs in a real terminal.

const ignore = !hasTmux();
// deno-lint-ignore no-console -- a test that is skipped says why
if (ignore) console.log("Nothing is tested in a terminal: tmux is not installed");

/** A server whose answer takes long, and a script that runs the client or server with arguments. */
class Site implements AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  readonly #closing = new AbortController();

  private constructor(folder: string, cert: string, key: string) {
    this.folder = folder;
    const where = { port: 0, localAddresses: ["127.0.0.1"] };
    const { signal } = this.#closing;
    const server = serve(
      { ...where, cert, key, signal },
      () => new Response(slowly(), { headers: { "content-length": "6000000" } }),
    );
    this.url = `https://127.0.0.1:${server.addr.port}/`;
  }

  static async make(): Promise<Site> {
    const folder = await Deno.makeTempDir();
    const { certPem, keyPem } = await makeIssuedCertificate(["127.0.0.1"]);
    for (const program of ["client", "server", "main"]) {
      const { args } = exactly(`cli/${program}.ts`, []);
      const words = [Deno.execPath(), ...args].map((word) => `'${word}'`).join(" ");
      await Deno.writeTextFile(`${folder}/${program}`, `exec ${words} "$@"\n`);
    }
    return new Site(folder, certPem, keyPem);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** 100 kB a second, for a minute. */
function slowly(): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = 600;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      controller.enqueue(new Uint8Array(10_000));
      if (--left === 0) controller.close();
    },
  });
}

/** The table that is shown: its titles, and how many there are of it. */
function titlesOf(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("path "));
}

Deno.test({
  name: "the client leaves a terminal as it found it when it is interrupted",
  ignore,
  async fn() {
    await using site = await Site.make();
    await using terminal = await Terminal.open(80, 24);
    await terminal.type("echo before");
    await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT && lines.includes("before"));
    const command = `sh ${site.folder}/client -k -fmp ${site.url}`;
    await terminal.type(command);
    const during = await terminal.until((lines) =>
      titlesOf(lines).length > 0 && lines.filter((line) => / open$/.test(line)).length === 2
    );
    assert.equal(titlesOf(during.slice(-3)).length, 1, during.join("\n"));
    // Keys that people press meanwhile are shown in the line of the cursor, as ^C is.
    await terminal.press("x");
    await terminal.press("C-c");
    const after = await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
    const start = after.findLastIndex((line) => line.startsWith(`${Terminal.PROMPT} sh `));
    const told = after.slice(start + Math.ceil((command.length + 8) / 80));
    const paths = told.filter((line) => line.startsWith("Path ") || line.endsWith("works"));
    const rest = told.filter((line) => !paths.includes(line));
    assert.deepEqual(rest, ["client: Stopped before the end", Terminal.PROMPT], after.join("\n"));
    const cursor = await terminal.cursor();
    assert.deepEqual(cursor, { isShown: true, column: Terminal.PROMPT.length + 1 });
  },
});

Deno.test({
  name: "the client's table keeps its columns, and follows the terminal when that is resized",
  ignore,
  async fn() {
    await using site = await Site.make();
    await using terminal = await Terminal.open(120, 24);
    await terminal.type(`sh ${site.folder}/client -k ${site.url}`);
    const titles = async (columns: number, expected: RegExp) => {
      await terminal.resize(columns, 24);
      const lines = await terminal.until((lines) => expected.test(titlesOf(lines).at(-1) ?? ""));
      // Drawn over, more than once: nothing of an earlier table is left.
      await new Promise((resolve) => setTimeout(resolve, 600));
      const settled = await terminal.lines();
      assert.equal(titlesOf(settled).length, 1, settled.join("\n"));
      assert.match(settled.at(-1)!, /^0 .* Mbit\/s .*100 % +open$/);
      assert.equal(
        settled.filter((line) => / (?:s|left)$/.test(line)).length,
        1,
        settled.join("\n"),
      );
      return lines;
    };
    await titles(120, /^path +from -> to +RTT +rate +bytes +share +state$/);
    await titles(80, /^path +from -> to +RTT +rate +bytes +share +state$/);
    await terminal.resize(40, 24);
    await terminal.until((lines) =>
      titlesOf(lines).length === 0 && / Mbit\/s .*100 %$/.test(lines.at(-1)!)
    );
    await titles(100, /^path +from -> to +RTT +rate +bytes +share +state$/);
    await terminal.press("C-c");
    const after = await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
    assert.deepEqual(titlesOf(after), []);
  },
});

Deno.test({
  name: "mpquic get shows its paths at 80 and 40 columns, and leaves no rubbish",
  ignore,
  async fn() {
    await using site = await Site.make();
    await using terminal = await Terminal.open(80, 24);
    await terminal.type(`cd ${site.folder}`);
    await terminal.type(`sh main get -k -n lo -O ${site.url}file`);
    const squeezed = (lines: string[]) => lines.map((line) => line.replace(/ +/g, " "));
    const wide = await terminal.until((lines) => {
      const [head, titles, row] = squeezed(lines.slice(-3));
      return / MB of 6\.0 MB \(\d+ %\) .* left$/.test(head ?? "") &&
        titles === "path over from -> to RTT rate bytes share state" &&
        /^0 lo 127.0.0.1 -> 127.0.0.1 \d+\.\d ms \d+\.\d Mbit\/s \d.* 100 % open$/.test(row!);
    });
    for (const line of wide) assert.ok(line.length < 80, line);
    await terminal.resize(40, 24);
    const narrow = await terminal.until((lines) => {
      const [head, first, second] = squeezed(lines.slice(-3));
      return / left$/.test(head ?? "") && /^0 lo open \d+\.\d ms$/.test(first!) &&
        /^ \d+\.\d Mbit\/s \d.* 100 %$/.test(second!);
    });
    for (const line of narrow.slice(-3)) assert.ok(line.length < 40, line);
    await terminal.resize(80, 24);
    await terminal.press("C-c");
    const after = await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
    assert.deepEqual(titlesOf(after), [], after.join("\n"));
    assert.match(after.join(" "), /mpquic: Stopped before the end; the same command goes on/);
    const cursor = await terminal.cursor();
    assert.deepEqual(cursor, { isShown: true, column: Terminal.PROMPT.length + 1 });
  },
});

Deno.test({
  name: "mpquic get takes a terminal that tells no size for a usual one",
  ignore,
  async fn() {
    await using site = await Site.make();
    await using terminal = await Terminal.open(100, 24);
    await terminal.type(`cd ${site.folder}; stty cols 0 rows 0`);
    await terminal.type(`sh main get -k -O ${site.url}file`);
    await terminal.until((lines) => titlesOf(lines).length === 1);
    assert.match(titlesOf(await terminal.lines())[0]!, / rate +bytes +share +state$/);
    await terminal.press("C-c");
    await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
  },
});

Deno.test({
  name: "mpquic get writes lines where the terminal cannot move its cursor",
  ignore,
  async fn() {
    await using site = await Site.make();
    await using terminal = await Terminal.open(100, 24);
    await terminal.type(`cd ${site.folder}; TERM=dumb sh main get -k -O ${site.url}file`);
    const isPlain = (line: string) => /^\d+\.\d s .* of 6\.0 MB .*Mbit\/s/.test(line);
    const lines = await terminal.until((lines) => lines.filter(isPlain).length >= 2);
    assert.deepEqual(titlesOf(lines), []);
    await terminal.press("C-c");
    await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
  },
});

Deno.test("terminalSize() takes what a terminal does not tell for usual", () => {
  const told = { columns: 0, rows: 0 };
  assert.deepEqual(terminalSize(() => told), { columns: 80, rows: 24 });
  assert.deepEqual(terminalSize(() => ({ columns: 1, rows: 0 })), { columns: 1, rows: 24 });
});

Deno.test({
  name: "mpquic get that is suspended leaves the shell's lines alone, and goes on below them",
  ignore,
  async fn() {
    await using site = await Site.make();
    await using terminal = await Terminal.open(80, 24);
    await terminal.type(`cd ${site.folder}; set -m`);
    await terminal.type(`sh main get -k -O ${site.url}file`);
    await terminal.until((lines) => titlesOf(lines).length > 0);
    await terminal.press("C-z");
    await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
    await terminal.type("echo what the shell says");
    await terminal.until((lines) => lines.at(-2) === "what the shell says");
    // As long as people take: only what is late is known to have been suspended before the signal.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await terminal.type("fg");
    // The table is drawn below what the shell has shown, over itself.
    const during = await terminal.until((lines) => {
      const last = lines.findLastIndex((line) => line.startsWith("sh main get"));
      return last > 0 && titlesOf(lines.slice(last)).length > 0;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    const settled = await terminal.lines();
    assert.ok(settled.includes("what the shell says"), settled.join("\n"));
    assert.equal(titlesOf(settled).length, titlesOf(during).length, settled.join("\n"));
    await terminal.press("C-c");
    const after = await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
    assert.ok(after.includes("what the shell says"), after.join("\n"));
  },
});

Deno.test({
  name: "the server ends its line when it is interrupted",
  ignore,
  async fn() {
    await using site = await Site.make();
    await using terminal = await Terminal.open(120, 24);
    await terminal.type(`sh ${site.folder}/server --host 127.0.0.1 -p 0 ${site.folder}`);
    await terminal.until((lines) => lines.some((line) => line.includes("Chromium")));
    await terminal.press("C-c");
    const after = await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
    assert.match(after.at(-2)!, /^Stopping once all answers are sent/, after.join("\n"));
  },
});
