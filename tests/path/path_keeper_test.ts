import assert from "node:assert/strict";
import type { Address } from "../../src/path/address/address.ts";
import { type PathAttempt, type PathGoal, PathKeeper } from "../../src/path/path_keeper.ts";

function at(hostname: string): Address {
  return { transport: "udp", hostname, port: 443 };
}

/** A goal by the name of its first local address, from each of them to each of the server's. */
function goal(locals: string[], remotes: string[], name = locals[0]!): PathGoal {
  const routes = remotes.flatMap((remote) =>
    locals.map((local) => ({ local, remote: at(remote) }))
  );
  const fitting = ({ local, remote }: PathGoal["routes"][number]) =>
    local.includes(":") === remote.hostname.includes(":");
  return { name, routes: routes.filter(fitting) };
}

/** A path is wanted from each address. */
function keeper(locals: string[], remotes: string[]): PathKeeper {
  const keeper = new PathKeeper();
  keeper.setGoals(locals.map((local) => goal([local], remotes)));
  return keeper;
}

function attempt(local: string, remote: string, goal = local): PathAttempt {
  return { goal, local, remote: at(remote) };
}

/** All that is to open now. */
function all(keeper: PathKeeper, now: number): string[] {
  const routes: string[] = [];
  for (let next: PathAttempt | undefined; (next = keeper.next(now));) {
    routes.push(`${next.local}>${next.remote.hostname}`);
  }
  return routes;
}

Deno.test("PathKeeper spreads local addresses over those of the server, within a family", () => {
  const one = keeper(["10.0.0.1", "10.0.1.1", "fd00::1"], ["10.9.0.1", "10.9.1.1", "fd00::9"]);
  one.onOpened(attempt("10.0.0.1", "10.9.0.1"));
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
      one.onClosed(attempt("10.0.0.1", remote), now);
    }
    assert.deepEqual(all(one, now), []);
    pauses.push(one.deadline - now);
    now = one.deadline;
  }
  assert.deepEqual(pauses.slice(0, 4), [250, 500, 1_000, 2_000]);
  assert.equal(pauses.at(-1), 30_000);
});

Deno.test("PathKeeper opens a lost path again, and begins its pauses again", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  for (const _ of [1, 2, 3]) {
    assert.equal(all(one, one.deadline).length, 1);
    one.onOpened(attempt("10.0.0.1", "10.9.0.1"));
    one.onClosed(attempt("10.0.0.1", "10.9.0.1"), 1_000);
    assert.equal(one.deadline, 1_250);
  }
});

Deno.test("PathKeeper follows interfaces that come and go", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  const both = ["10.0.0.1", "10.0.1.1"].map((local) => goal([local], ["10.9.0.1"]));
  one.onOpened(attempt("10.0.0.1", "10.9.0.1"));
  one.setGoals(both);
  assert.deepEqual(all(one, 0), ["10.0.1.1>10.9.0.1"]);
  one.setGoals([goal([], ["10.9.0.1"], "10.0.0.1"), both[1]!]);
  assert.equal(one.isHeld(attempt("10.0.0.1", "10.9.0.1")), false);
  one.setGoals(both);
  assert.deepEqual(all(one, 0), ["10.0.0.1>10.9.0.1"], "it came back");
});

Deno.test("PathKeeper lets addresses of one interface stand in for each other", () => {
  const one = new PathKeeper();
  one.setGoals([goal(["10.0.0.1", "10.0.0.2"], ["10.9.0.1"], "eth0")]);
  assert.deepEqual(all(one, 0), ["10.0.0.1>10.9.0.1"], "one path is wanted");
  one.onOpened(attempt("10.0.0.1", "10.9.0.1", "eth0"));
  one.onClosed(attempt("10.0.0.1", "10.9.0.1", "eth0"), 0);
  assert.deepEqual(all(one, 0), ["10.0.0.2>10.9.0.1"], "at once");
  one.onOpened(attempt("10.0.0.2", "10.9.0.1", "eth0"));
  // The interface gets another address: the path that is there cannot last.
  one.setGoals([goal(["10.0.5.5"], ["10.9.0.1"], "eth0")]);
  assert.deepEqual(all(one, 0), ["10.0.5.5>10.9.0.1"]);
  one.onClosed(attempt("10.0.0.2", "10.9.0.1", "eth0"), 0);
  assert.deepEqual(all(one, 0), [], "the old path is nobody's any more");
});

Deno.test("PathKeeper.adopt() gives a path to the goal that has the least choice", () => {
  const one = new PathKeeper();
  const route = { local: "10.0.0.1", remote: at("10.9.1.1") };
  one.setGoals([
    goal(["10.0.0.1"], ["10.9.0.1", "10.9.1.1"], "any"),
    goal(["10.0.0.1"], ["10.9.1.1"], "second"),
  ]);
  const owner = one.adopt(route)!;
  assert.equal(owner.goal, "second");
  one.onOpened(owner);
  assert.ok(one.isHeld(owner));
  assert.deepEqual(all(one, 0), ["10.0.0.1>10.9.0.1"]);
  assert.equal(one.adopt(route), undefined, "no goal is without a path");
  assert.equal(one.adopt({ local: "10.7.7.7", remote: at("10.9.1.1") }), undefined);
});

Deno.test("PathKeeper.adopt() leaves alone what is being opened", () => {
  const one = new PathKeeper();
  one.setGoals(["one", "two"].map((name) => goal(["10.0.0.1"], ["10.9.0.1"], name)));
  const first = one.next(0)!;
  assert.equal(one.adopt({ local: "10.0.0.1", remote: at("10.9.0.1") }), undefined);
  one.onOpened(first);
  assert.equal(one.adopt({ local: "10.0.0.1", remote: at("10.9.0.1") })?.goal, "two");
});

Deno.test("PathKeeper does not wait when the server tells of a new address", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  all(one, 0);
  one.onClosed(attempt("10.0.0.1", "10.9.0.1"), 0);
  assert.equal(one.deadline, 250);
  one.setGoals([goal(["10.0.0.1"], ["10.9.0.1", "10.9.1.1"])]);
  assert.ok(one.deadline <= 0);
  assert.equal(all(one, 0).length, 1);
});

Deno.test("PathKeeper passes over reports about paths that are not its own", () => {
  const one = keeper(["10.0.0.1"], ["10.9.0.1"]);
  all(one, 0);
  one.onClosed(attempt("10.0.0.1", "10.9.9.9"), 0);
  one.onClosed(attempt("10.7.7.7", "10.9.0.1"), 0);
  assert.deepEqual(all(one, 0), [], "still opening");
});
