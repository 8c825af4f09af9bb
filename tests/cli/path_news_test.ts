import assert from "node:assert/strict";
import { PathNews, type PathNewsOptions } from "../../cli/paths/path_news.ts";
import { ErrorCode, type PathCloseInfo, type PathEvent, type PathEventType } from "../../mod.ts";

const names = new Map([["10.0.0.1", "eth0"], ["10.0.1.1", "wlan0"]]);
const { PathUnstableOrPoor, PathResourceLimitReached } = ErrorCode;

/** What is told, and a machine whose addresses may go. */
function newsroom(options: Partial<PathNewsOptions> = {}) {
  const lines: string[] = [];
  const present = new Set(names.keys());
  const news = new PathNews({
    tell: (line) => void lines.push(line),
    names: { nameOf: (hostname) => names.get(hostname), has: (hostname) => present.has(hostname) },
    diagnose: () => undefined,
    isNamed: true,
    isVerbose: false,
    ...options,
  });
  const happen = (
    type: PathEventType,
    id: number,
    time = 0,
    more: { health?: string; closeInfo?: PathCloseInfo } = {},
  ) => {
    const { health = "ok", closeInfo } = more;
    const hostname = id === 0 ? "10.0.0.1" : "10.0.1.1";
    const localAddr = { transport: "udp", hostname, port: 5000 };
    const remoteAddr = { transport: "udp", hostname: "192.0.2.9", port: 443 };
    const stats = { id, localAddr, remoteAddr, health, status: "available" };
    news.onEvent({ type, time, path: { id }, stats, closeInfo } as unknown as PathEvent);
  };
  return { news, lines, present, happen };
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const wlan = "Path 1 over wlan0 (10.0.1.1:5000 -> 192.0.2.9:443)";

Deno.test("PathNews tells in a line each what happens to a path, over which interface and why", async () => {
  const { lines, happen } = newsroom();
  happen("opened", 1, 0);
  happen("health", 1, 1_000, { health: "suspect" });
  assert.deepEqual(lines, [`${wlan} works`]);
  await wait(400);
  happen("health", 1, 2_000, { health: "failed" });
  happen("health", 1, 4_000);
  happen("health", 1, 5_000, { health: "suspect" });
  await wait(400);
  happen("closed", 1, 20_000, { closeInfo: { closeCode: PathUnstableOrPoor, by: "local" } });
  assert.deepEqual(lines.slice(1), [
    `${wlan} does not answer`,
    `${wlan} answers again, after 3.0 s`,
    `${wlan} does not answer`,
    `${wlan} is given up: nothing has answered for 15.0 s`,
  ]);
});

Deno.test("PathNews tells whether an address is gone, or which end closed a path", () => {
  const { lines, present, happen } = newsroom();
  const closeInfo = { closeCode: PathUnstableOrPoor, by: "local" } as const;
  happen("closed", 1, 0, { closeInfo });
  present.delete("10.0.1.1");
  happen("closed", 1, 0, { closeInfo });
  happen("closed", 0, 0, { closeInfo: { closeCode: PathResourceLimitReached, by: "peer" } });
  happen("closed", 0, 0, { closeInfo: { closeCode: 0x77, by: "peer" } });
  const eth = "Path 0 over eth0 (10.0.0.1:5000 -> 192.0.2.9:443)";
  assert.deepEqual(lines, [
    `${wlan} is given up: it does not carry enough`,
    `${wlan} is given up: its address is gone`,
    `${eth} is given up: the server has no room for it`,
    `${eth} is given up: the server closed it with code 0x77`,
  ]);
});

Deno.test("PathNews tells of short silences, of moves and of wishes only to users that want it all", async () => {
  for (const isVerbose of [false, true]) {
    const { lines, happen } = newsroom({ isVerbose });
    happen("status", 1);
    happen("moved", 1);
    happen("observed", 1);
    happen("health", 1, 1_000, { health: "suspect" });
    await wait(isVerbose ? 20 : 0);
    happen("health", 1, 1_050);
    await wait(400);
    assert.equal(lines.length, isVerbose ? 5 : 0, lines.join("\n"));
  }
});

Deno.test("PathNews tells of an attempt that fails once, to users that named the path", () => {
  const closeInfo = { closeCode: PathUnstableOrPoor, by: "local" } as const;
  const { lines, happen, news } = newsroom();
  for (let i = 0; i < 5; i++) happen("failed", 1, i, { closeInfo });
  assert.deepEqual(lines, [`${wlan} cannot be opened: nothing answers there`]);
  happen("opened", 0);
  happen("failed", 1, 9, { closeInfo });
  assert.equal(lines.length, 3);
  assert.equal(news.known, 7);
  const unnamed = newsroom({ isNamed: false });
  unnamed.happen("opened", 1);
  unnamed.happen("failed", 1, 0, { closeInfo });
  assert.deepEqual(unnamed.lines, []);
});

Deno.test("PathNews tells what the system says against a path that fails", () => {
  const closeInfo = { closeCode: PathUnstableOrPoor, by: "local" } as const;
  const diagnose = (local: string, remote: string) => `No route from ${local} to ${remote}`;
  const { lines, happen } = newsroom({ diagnose });
  happen("failed", 1, 0, { closeInfo });
  assert.deepEqual(lines, [
    `${wlan} cannot be opened: nothing answers there. No route from 10.0.1.1 to 192.0.2.9`,
  ]);
  happen("closed", 1, 0, { closeInfo: { ...closeInfo, by: "peer" } });
  happen("closed", 1, 0, { closeInfo: { closeCode: PathResourceLimitReached, by: "peer" } });
  assert.deepEqual(lines.slice(1), [
    `${wlan} is given up: the server hears nothing there. No route from 10.0.1.1 to 192.0.2.9`,
    `${wlan} is given up: the server has no room for it`,
  ]);
});

Deno.test("PathNews.end() leaves nothing to be told later", async () => {
  const { lines, happen, news } = newsroom();
  happen("health", 1, 0, { health: "suspect" });
  news.end();
  await wait(400);
  assert.deepEqual(lines, []);
});
