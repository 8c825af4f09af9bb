import assert from "node:assert/strict";
import { dial, makeDevelopmentCertificate, MultipathConnection } from "../../mod.ts";
import type { OpenPathOptions } from "../../src/api/path/open_path_options.ts";
import type { Path, PathCloseInfo } from "../../src/api/path/path.ts";
import { PathUpkeep, type UpkeepTarget } from "../../src/api/path_upkeep.ts";
import { ErrorCode } from "../../src/error/error_code.ts";

/** A connection whose paths open at once and close when the test says so. */
class FakeTarget implements UpkeepTarget {
  readonly paths: Path[] = [];
  readonly opened: string[] = [];
  readonly #closers = new Map<string, (info: PathCloseInfo) => void>();
  readonly #end = Promise.withResolvers<void>();
  readonly closed = this.#end.promise;

  openPath(options: OpenPathOptions): Promise<Path> {
    const { localAddress, remoteAddress } = options;
    const route = `${localAddress}>${remoteAddress!.hostname}`;
    this.opened.push(route);
    const { promise, resolve } = Promise.withResolvers<PathCloseInfo>();
    this.#closers.set(localAddress!, resolve);
    return Promise.resolve({ closed: promise } as Path);
  }

  async lose(local: string, closeCode: number): Promise<void> {
    this.#closers.get(local)!({ closeCode, by: "local" });
    await settled();
  }

  async end(): Promise<void> {
    this.#end.resolve();
    await settled();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function upkeepOf(
  locals: () => string[],
  remotes: () => string[],
  lacksRoutes: () => boolean = () => false,
) {
  const target = new FakeTarget();
  let now = 0;
  const gone: string[] = [];
  const listeners = new Set<() => void>();
  const upkeep = new PathUpkeep(target, {
    goals: () =>
      locals().map((local) => ({
        name: local,
        routes: remotes().map((hostname) => ({
          local,
          remote: { transport: "udp", hostname, port: 443 },
        })),
      })),
    watch: (onChange) => {
      listeners.add(onChange);
      return () => void listeners.delete(onChange);
    },
    now: () => now,
    bindSockets: () => lacksRoutes(),
    onLocalGone: (hostname) => gone.push(hostname),
  });
  const tell = () => listeners.forEach((listener) => listener());
  return { target, upkeep, gone, tell, pass: (milliseconds: number) => (now += milliseconds) };
}

Deno.test("PathUpkeep opens a path again that the network took, but not one that an end closed", async () => {
  const { target, upkeep, pass } = upkeepOf(() => ["10.0.0.1", "10.0.1.1"], () => ["10.9.0.1"]);
  upkeep.start();
  await settled();
  assert.deepEqual(target.opened, ["10.0.0.1>10.9.0.1", "10.0.1.1>10.9.0.1"]);
  await target.lose("10.0.0.1", ErrorCode.PathUnstableOrPoor);
  pass(300);
  upkeep.refresh();
  await settled();
  assert.equal(target.opened.length, 3);
  await target.lose("10.0.1.1", ErrorCode.ApplicationAbandonPath);
  pass(60_000);
  upkeep.refresh();
  assert.equal(target.opened.length, 3);
  await target.end();
});

Deno.test("PathUpkeep follows the interfaces of the machine and the addresses of the server", async () => {
  const locals = ["10.0.0.1"];
  const remotes = ["10.9.0.1"];
  const { target, upkeep, gone, tell } = upkeepOf(() => [...locals], () => [...remotes]);
  upkeep.start();
  await settled();
  locals.push("10.0.1.1");
  remotes.push("10.9.1.1");
  tell();
  await settled();
  assert.deepEqual(target.opened, ["10.0.0.1>10.9.0.1", "10.0.1.1>10.9.1.1"]);
  locals.shift();
  tell();
  assert.deepEqual(gone, ["10.0.0.1"]);
  await target.end();
  locals.push("10.0.2.1");
  tell();
  upkeep.refresh();
  assert.equal(target.opened.length, 2, "nothing is opened for a connection that is closed");
});

Deno.test("PathUpkeep sets a timer for what is tried again only: there may be thousands of them", async () => {
  let lacksRoutes = false;
  const locals = ["10.0.0.1", "10.0.1.1"];
  const { target, upkeep } = upkeepOf(() => locals, () => ["10.9.0.1"], () => lacksRoutes);
  const original = globalThis.setTimeout;
  let timers = 0;
  globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
    timers++;
    return original(...args);
  }) as typeof setTimeout;
  const turn = () => new Promise((resolve) => original(resolve, 0));
  try {
    upkeep.start();
    await turn();
    upkeep.refresh();
    assert.equal(timers, 0, "all paths are open");
    lacksRoutes = true;
    upkeep.refresh();
    assert.equal(timers, 1, "a socket may be bound later");
    lacksRoutes = false;
    upkeep.refresh();
    assert.equal(timers, 1);
    target.lose("10.0.0.1", ErrorCode.PathUnstableOrPoor);
    await turn();
    assert.ok(timers > 1, "what is lost is tried again");
  } finally {
    globalThis.setTimeout = original;
  }
  await target.end();
});

Deno.test("dial() spreads its paths over the addresses the server tells of", async () => {
  const { certPem, keyPem } = await makeDevelopmentCertificate(["127.0.0.1"]);
  await using listener = MultipathConnection.listen({
    port: 0,
    localAddresses: ["127.0.0.1", "127.0.0.2"],
    cert: certPem,
    key: keyPem,
    alpnProtocols: ["mesh"],
  });
  await using connection = await dial({
    hostname: "127.0.0.1",
    port: listener.addrs[0]!.port,
    localAddresses: ["127.0.0.3", "127.0.0.4"],
    caCerts: [certPem],
    alpnProtocols: ["mesh"],
  });
  for (let i = 0; i < 100 && connection.paths.length < 2; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const remotes = connection.paths.map(({ remoteAddr }) => remoteAddr.hostname);
  assert.deepEqual(remotes.sort(), ["127.0.0.1", "127.0.0.2"]);
});

Deno.test("PathUpkeep abandons what is left of a gone address, and takes a path over that stayed", async () => {
  let locals = ["10.0.0.1"];
  const { target, upkeep, gone, pass } = upkeepOf(() => locals, () => ["10.9.0.1"]);
  const addresses = { transport: "udp", port: 443 } as const;
  const never = new Promise<PathCloseInfo>(() => {});
  target.paths.push({
    localAddr: { ...addresses, hostname: "10.0.0.1" },
    remoteAddr: { ...addresses, hostname: "10.9.0.1" },
    closed: never,
  } as Path);
  upkeep.start();
  locals = [];
  upkeep.refresh();
  upkeep.refresh();
  assert.deepEqual(gone, ["10.0.0.1", "10.0.0.1"], "the last path is asked to go until it can");
  locals = ["10.0.0.1", "10.0.1.1"];
  pass(1_000);
  upkeep.refresh();
  await settled();
  assert.deepEqual(target.opened, ["10.0.1.1>10.9.0.1"], "one path from each address");
  assert.equal(gone.length, 2, "what is back is not gone");
  await target.end();
});
