import assert from "node:assert/strict";
import type { Address } from "../../src/path/address.ts";
import { PathKeeper, type PathRoute } from "../../src/path/path_keeper.ts";

function at(hostname: string): Address {
  return { transport: "udp", hostname, port: 443 };
}

function keeper(locals: string[], remotes: string[]): PathKeeper {
  const keeper = new PathKeeper();
  keeper.setLocals(locals);
  keeper.setRemotes(remotes.map(at));
  return keeper;
}

/** All routes to open now. */
function all(keeper: PathKeeper, now: number): string[] {
  const routes: string[] = [];
  for (let route: PathRoute | undefined; (route = keeper.next(now));) {
    routes.push(`${route.local}>${route.remote.hostname}`);
  }
  return routes;
}

Deno.test("PathKeeper spreads local addresses over those of the server, within a family", () => {
  const one = keeper(["10.0.0.1", "10.0.1.1", "fd00::1"], ["10.9.0.1", "10.9.1.1", "fd00::9"]);
  one.onOpened({ local: "10.0.0.1", remote: at("10.9.0.1") });
  assert.deepEqual(all(one, 0), ["10.0.1.1>10.9.1.1", "fd00::1>fd00::9"]);
  assert.deepEqual(all(one, 0), [], "each is asked for once");
  assert.deepEqual(all(keeper(["10.0.0.1", "10.0.1.1"], ["10.9.0.1"]), 0), [
    "10.0.0.1>10.9.0.1",
    "10.0.1.1>10.9.0.1",
  ]);
  assert.deepEqual(all(keeper(["10.0.0.1"], ["fd00::9"]), 0), []);
});

Deno.test("PathKeeper tries the server's other addresses at once, then waits longer each time", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1", "10.9.1.1"]);
  let now = 0;
  const pauses: number[] = [];
  for (let round = 0; round < 10; round++) {
    for (const remote of ["10.9.0.1", "10.9.1.1"]) {
      assert.deepEqual(all(one, now), [`10.0.0.1>${remote}`]);
      one.onClosed({ local: "10.0.0.1", remote: at(remote) }, now);
    }
    assert.deepEqual(all(one, now), []);
    pauses.push(one.deadline - now);
    now = one.deadline;
  }
  assert.deepEqual(pauses.slice(0, 4), [250, 500, 1_000, 2_000]);
  assert.equal(pauses.at(-1), 30_000);
});

Deno.test("PathKeeper opens a lost path again, and begins its pauses anew", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  const route = { local: "10.0.0.1", remote: at("10.9.0.1") };
  for (const _ of [1, 2, 3]) {
    assert.equal(all(one, one.deadline).length, 1);
    one.onOpened(route);
    one.onClosed(route, 1_000);
    assert.equal(one.deadline, 1_250);
  }
});

Deno.test("PathKeeper follows interfaces that come and go", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  one.onOpened({ local: "10.0.0.1", remote: at("10.9.0.1") });
  assert.deepEqual(one.setLocals(["10.0.0.1", "10.0.1.1"]), []);
  assert.deepEqual(all(one, 0), ["10.0.1.1>10.9.0.1"]);
  assert.deepEqual(one.setLocals(["10.0.1.1"]), ["10.0.0.1"]);
  assert.deepEqual(one.setLocals(["10.0.0.1", "10.0.1.1"]), []);
  assert.deepEqual(all(one, 0), ["10.0.0.1>10.9.0.1"], "it came back");
});

Deno.test("PathKeeper does not wait when the server tells of a new address", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  all(one, 0);
  one.onClosed({ local: "10.0.0.1", remote: at("10.9.0.1") }, 0);
  assert.equal(one.deadline, 250);
  one.setRemotes([at("10.9.0.1"), at("10.9.1.1")]);
  assert.ok(one.deadline <= 0);
  assert.equal(all(one, 0).length, 1);
});

Deno.test("PathKeeper passes over reports about paths that are not its own", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  all(one, 0);
  one.onClosed({ local: "10.0.0.1", remote: at("10.9.9.9") }, 0);
  one.onClosed({ local: "10.7.7.7", remote: at("10.9.0.1") }, 0);
  assert.deepEqual(all(one, 0), [], "still opening");
});
