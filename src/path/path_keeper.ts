// Keeps the goals of a client: which paths it wants, and which routes may serve each.

import { type Address, formatAddress, sameAddress } from "./address/address.ts";

/**
 * Milliseconds before a failed path is tried again; the pause doubles each time, up to the second
 * value.
 */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/** Where a path begins and ends. */
export interface PathRoute {
  /** A local address. */
  readonly local: string;
  readonly remote: Address;
}

/** A wanted path: it may take any of some routes, the best first. */
export interface PathGoal {
  /** The name of the goal. */
  readonly name: string;
  readonly routes: readonly PathRoute[];
}

/** An attempt to open a path for a goal. */
export interface PathAttempt extends PathRoute {
  /** The name of the goal. */
  readonly goal: string;
}

/** How far a goal has come. */
interface Pursuit {
  readonly name: string;
  routes: readonly PathRoute[];
  state: "idle" | "opening" | "open" | "renounced";
  /** The route of the path that is opening or open. */
  route: PathRoute | undefined;
  /** Routes that failed since it was last open. */
  readonly tried: Set<string>;
  failures: number;
  retryAt: number;
}

/**
 * Keeps goals, one path each, while addresses of either end come and go.
 *
 * It remembers goals rather than paths: a lost path is opened again, after growing pauses, and
 * along another route if there is one. It opens nothing itself: `next` says what to open, and the
 * caller reports the result.
 */
export class PathKeeper {
  #pursuits: Pursuit[] = [];

  /** Sets the goals. A goal without a route is forgotten until it has one. */
  setGoals(goals: readonly PathGoal[]): void {
    this.#pursuits = goals.filter(({ routes }) => routes.length > 0).map(({ name, routes }) => {
      const known = this.#find(name);
      if (known === undefined) return newPursuit(name, routes);
      update(known, routes);
      return known;
    });
  }

  /** When `next` may have something new to say. */
  get deadline(): number {
    let earliest = Infinity;
    for (const { state, retryAt } of this.#pursuits) {
      if (state === "idle" && retryAt < earliest) earliest = retryAt;
    }
    return earliest;
  }

  /** What to open now; it counts as opening until something is reported of it. */
  next(now: number): PathAttempt | undefined {
    for (const pursuit of this.#pursuits) {
      if (pursuit.state !== "idle" || pursuit.retryAt > now) continue;
      const route = this.#choose(pursuit);
      if (route === undefined) {
        pursuit.retryAt = Infinity;
        continue;
      }
      pursuit.state = "opening";
      pursuit.route = route;
      return { goal: pursuit.name, ...route };
    }
    return undefined;
  }

  /** The goal that an unexpected path serves, if a goal without a path fits. */
  adopt(route: PathRoute): PathAttempt | undefined {
    const isUnderWay = this.#pursuits.some((one) =>
      one.state === "opening" && isSame(one.route!, route)
    );
    if (isUnderWay) return undefined; // it is that one, and will be reported
    const fitting = this.#pursuits.filter(({ state, routes }) =>
      state === "idle" && routes.some(({ local }) => local === route.local)
    );
    const exact = fitting.filter(({ routes }) => routes.some((one) => isSame(one, route)));
    // The goal with fewer choices goes first: the others can do without this one.
    const [best] = (exact.length > 0 ? exact : fitting).sort((a, b) =>
      a.routes.length - b.routes.length
    );
    return best && { goal: best.name, ...route };
  }

  /** Whether the path serves its goal still. */
  isHeld(attempt: PathAttempt): boolean {
    return this.#pursuing(attempt)?.state === "open";
  }

  /** A path is open, by this keeper or by the application. */
  onOpened({ goal, local, remote }: PathAttempt): void {
    const pursuit = this.#find(goal);
    if (pursuit === undefined || pursuit.state === "renounced") return;
    pursuit.state = "open";
    pursuit.route = { local, remote };
    pursuit.failures = 0;
    pursuit.tried.clear();
  }

  /** A path is gone, or could not be opened. */
  onClosed(attempt: PathAttempt, now: number): void {
    const pursuit = this.#pursuing(attempt);
    if (pursuit === undefined) return;
    pursuit.state = "idle";
    pursuit.route = undefined;
    pursuit.tried.add(keyOf(attempt));
    if (untried(pursuit).length > 0) {
      // Another route may do better at once.
      pursuit.retryAt = now;
      return;
    }
    pursuit.tried.clear();
    pursuit.retryAt = now + Math.min(FIRST_PAUSE * 2 ** pursuit.failures, LONGEST_PAUSE);
    pursuit.failures++;
  }

  /** No path is wanted for this goal any more, until it has lost all its routes and has one again. */
  renounce(goal: string): void {
    const pursuit = this.#find(goal);
    if (pursuit === undefined) return;
    pursuit.state = "renounced";
    pursuit.route = undefined;
  }

  /** Of the routes that were not tried in this round, one to where the fewest other paths lead. */
  #choose(pursuit: Pursuit): PathRoute | undefined {
    let best: PathRoute | undefined;
    let least = Infinity;
    for (const route of untried(pursuit)) {
      const uses = this.#pursuits.filter((other) =>
        other.route !== undefined && sameAddress(other.route.remote, route.remote)
      ).length;
      if (uses >= least) {
        continue;
      }
      best = route;
      least = uses;
    }
    return best;
  }

  #pursuing(attempt: PathAttempt): Pursuit | undefined {
    const pursuit = this.#find(attempt.goal);
    return pursuit?.route && isSame(pursuit.route, attempt) ? pursuit : undefined;
  }

  #find(name: string): Pursuit | undefined {
    return this.#pursuits.find((pursuit) => pursuit.name === name);
  }
}

function newPursuit(name: string, routes: readonly PathRoute[]): Pursuit {
  return {
    name,
    routes,
    state: "idle",
    route: undefined,
    tried: new Set(),
    failures: 0,
    retryAt: -Infinity,
  };
}

function update(pursuit: Pursuit, routes: readonly PathRoute[]): void {
  const before = pursuit.routes;
  pursuit.routes = routes;
  // A new address may be the one that can be reached: no more waiting.
  if (routes.some((route) => !before.some((old) => isSame(old, route)))) {
    pursuit.retryAt = -Infinity;
  }
  const { route } = pursuit;
  if (route === undefined || routes.some(({ local }) => local === route.local)) return;
  // Where its path begins is gone, and the path with it sooner or later.
  pursuit.state = "idle";
  pursuit.route = undefined;
  pursuit.retryAt = -Infinity;
}

function untried({ routes, tried }: Pursuit): PathRoute[] {
  return routes.filter((route) => !tried.has(keyOf(route)));
}

function isSame(a: PathRoute, b: PathRoute): boolean {
  return a.local === b.local && sameAddress(a.remote, b.remote);
}

function keyOf({ local, remote }: PathRoute): string {
  return `${local} ${formatAddress(remote)}`;
}
