import { type Address, formatAddress, sameAddress } from "./address.ts";

/** Milliseconds before a path that failed is tried again; doubled each time, up to the second. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;

/** Where a path begins and ends. */
export interface PathRoute {
  /** A local address. */
  readonly local: string;
  readonly remote: Address;
}

/** What is wanted of one local address, and how far that has come. */
interface Goal {
  readonly local: string;
  state: "idle" | "opening" | "open" | "renounced";
  /** Where the path that is opening or open leads to. */
  remote: Address | undefined;
  /** Where it failed to lead to since it was last open. */
  readonly tried: Set<string>;
  failures: number;
  retryAt: number;
}

/**
 * Keeps the wish for one path from each local address, while addresses of either end come and go.
 *
 * It remembers goals rather than paths: a path that was lost is opened again, with growing pauses,
 * and to another address of the server if there is one. It opens nothing itself; `next` says what
 * should be opened, and whoever does it reports back.
 */
export class PathKeeper {
  #goals: Goal[] = [];
  #remotes: readonly Address[] = [];

  /** The local addresses there are now. Returns those that are gone. */
  setLocals(locals: readonly string[]): string[] {
    const gone = this.#goals.filter(({ local }) => !locals.includes(local));
    this.#goals = locals.map((local) =>
      this.#goals.find((goal) => goal.local === local) ?? newGoal(local)
    );
    return gone.map(({ local }) => local);
  }

  /** The addresses of the server, those to be tried first in front. */
  setRemotes(remotes: readonly Address[]): void {
    const news = remotes.some((remote) => !this.#remotes.some((old) => sameAddress(old, remote)));
    this.#remotes = remotes;
    if (!news) return;
    // A new address may be the one that can be reached: no more waiting.
    for (const goal of this.#goals) goal.retryAt = -Infinity;
  }

  /** When `next` may have something new to say. */
  get deadline(): number {
    let earliest = Infinity;
    for (const goal of this.#goals) {
      if (goal.state === "idle" && goal.retryAt < earliest) earliest = goal.retryAt;
    }
    return earliest;
  }

  /** A route to open now; it counts as opening until something is reported of it. */
  next(now: number): PathRoute | undefined {
    for (const goal of this.#goals) {
      if (goal.state !== "idle" || goal.retryAt > now) continue;
      const remote = this.#choose(goal);
      if (remote === undefined) {
        goal.retryAt = Infinity;
        continue;
      }
      goal.state = "opening";
      goal.remote = remote;
      return { local: goal.local, remote };
    }
    return undefined;
  }

  /** Whether a path from there is wanted, and none is open or opening. */
  isIdle(local: string): boolean {
    return this.#find(local)?.state === "idle";
  }

  /** A path is open, whoever has opened it. */
  onOpened({ local, remote }: PathRoute): void {
    const goal = this.#find(local);
    if (goal === undefined || goal.state === "renounced") return;
    goal.state = "open";
    goal.remote = remote;
    goal.failures = 0;
    goal.tried.clear();
  }

  /** A path is gone, or could not be opened. */
  onClosed({ local, remote }: PathRoute, now: number): void {
    const goal = this.#find(local);
    if (goal === undefined || goal.remote === undefined) return;
    if (!sameAddress(goal.remote, remote)) return;
    goal.state = "idle";
    goal.remote = undefined;
    goal.tried.add(formatAddress(remote));
    if (this.#untried(goal).length > 0) {
      // Another address of the server may do better at once.
      goal.retryAt = now;
      return;
    }
    goal.tried.clear();
    goal.retryAt = now + Math.min(FIRST_PAUSE * 2 ** goal.failures, LONGEST_PAUSE);
    goal.failures++;
  }

  /** No path is wanted from there any more, until the address has gone and come back. */
  renounce(local: string): void {
    const goal = this.#find(local);
    if (goal === undefined) return;
    goal.state = "renounced";
    goal.remote = undefined;
  }

  /** Of those that were not tried in this round, the one that the fewest other paths lead to. */
  #choose(goal: Goal): Address | undefined {
    let best: Address | undefined;
    let least = Infinity;
    for (const remote of this.#untried(goal)) {
      const uses = this.#goals.filter((other) =>
        other.remote !== undefined && sameAddress(other.remote, remote)
      ).length;
      if (uses >= least) {
        continue;
      }
      best = remote;
      least = uses;
    }
    return best;
  }

  #untried(goal: Goal): Address[] {
    const family = isIpv6(goal.local);
    return this.#remotes.filter((remote) =>
      isIpv6(remote.hostname) === family && !goal.tried.has(formatAddress(remote))
    );
  }

  #find(local: string): Goal | undefined {
    return this.#goals.find((goal) => goal.local === local);
  }
}

function newGoal(local: string): Goal {
  return {
    local,
    state: "idle",
    remote: undefined,
    tried: new Set(),
    failures: 0,
    retryAt: -Infinity,
  };
}

function isIpv6(hostname: string): boolean {
  return hostname.includes(":");
}
