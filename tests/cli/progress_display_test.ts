import assert from "node:assert/strict";
import { type DisplayStyle, ProgressDisplay } from "../../cli/client/progress_display.ts";

const state = {
  elapsed: 0,
  bytes: 1000,
  expected: undefined,
  paths: [{ id: 0, local: "a", remote: "b", state: "open", rtt: 1, received: 1 }],
};

/** What a display writes to standard error within some time. */
async function capture(use: (display: ProgressDisplay) => Promise<void>, style: DisplayStyle) {
  const original = Deno.stderr.writeSync;
  let text = "";
  Deno.stderr.writeSync = (data) => {
    text += new TextDecoder().decode(data);
    return data.length;
  };
  try {
    using display = new ProgressDisplay(() => state, style);
    await use(display);
  } finally {
    Deno.stderr.writeSync = original;
  }
  return text;
}

Deno.test("ProgressDisplay draws rows over each other on a terminal, and takes them away", async () => {
  const text = await capture(async (display) => {
    await new Promise((resolve) => setTimeout(resolve, 520));
    display.note("a line");
  }, "terminal");
  assert.ok(text.startsWith("1.0 kB  - Mbit/s"));
  assert.ok(text.includes("\x1b[3A\x1b[J1.0 kB"));
  assert.ok(text.endsWith("\x1b[3A\x1b[Ja line\n"));
});

Deno.test({
  name: "ProgressDisplay draws over nothing when it goes on, though its timer is due before",
  ignore: Deno.build.os === "windows",
  async fn() {
    const text = await capture(async (display) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      display.note("before");
      await new Promise((resolve) => setTimeout(resolve, 300));
      Deno.stderr.writeSync(new TextEncoder().encode("the shell"));
      const before = performance.now();
      while (performance.now() < before + 700); // as long as a suspension
      Deno.kill(Deno.pid, "SIGCONT");
      await new Promise((resolve) => setTimeout(resolve, 100));
      display.note("after");
    }, "terminal");
    const since = text.split("the shell")[1]!;
    assert.ok(!since.startsWith("\r"), "nothing is taken away that others have written");
    assert.ok(since.endsWith("after\n"), JSON.stringify(since));
  },
});

Deno.test("ProgressDisplay writes plain lines elsewhere", async () => {
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 1100));
  const text = await capture(wait, "lines");
  assert.equal(text, "0.0 s  1.0 kB  - Mbit/s  path 0 100 %\n");
});

Deno.test("ProgressDisplay shows no progress if it shall not, but what it is told to note", async () => {
  const text = await capture(async (display) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    display.note("a line");
  }, "none");
  assert.equal(text, "a line\n");
});

Deno.test("ProgressDisplay.note() lets no server write to the terminal", async () => {
  const text = await capture((display) => {
    display.note("< server: \x9b2Jmine\x1b[31m\r\u202e");
    return Promise.resolve();
  }, "none");
  assert.equal(text, "< server: ?2Jmine?[31m??\n");
});
