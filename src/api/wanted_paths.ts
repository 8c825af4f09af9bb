// The paths that a client wants, as its options and the addresses of the machine say.

import {
  familyOf,
  listLocalAddresses,
  type LocalAddress,
  selectLocalAddresses,
} from "../io/interfaces.ts";
import type { Address } from "../path/address/address.ts";
import type { PathGoal, PathRoute } from "../path/path_keeper.ts";
import type { ConnectOptions, PathWish } from "./options/options.ts";
import { PresentAddresses } from "./address/present_addresses.ts";

/** Addresses that let the system choose where a path begins. */
const ANYWHERE = ["0.0.0.0", "::"];

/** One wish of the application, and which addresses there are for it. */
interface Wish {
  readonly addresses: PresentAddresses | undefined;
  readonly remotes: readonly Address[] | undefined;
}

/** The paths that a client wants: what it has named, or one from each of its addresses. */
export class WantedPaths {
  /** What is looked up on this machine; nothing if a path may begin anywhere. */
  readonly names: readonly string[];
  readonly #wishes: readonly Wish[] | undefined;
  readonly #addresses: PresentAddresses;

  /**
   * @param options What the application has named.
   * @param resolved The addresses of the server's name.
   * @throws {TypeError} If none of the names leads to a local address.
   */
  constructor(
    { localAddresses, paths }: Pick<ConnectOptions, "localAddresses" | "paths">,
    resolved: readonly string[],
  ) {
    if (paths?.length && localAddresses?.length) {
      throw new TypeError("Cannot use both: give localAddresses or paths, not both");
    }
    this.names = localAddresses?.length ? localAddresses : localNames(paths ?? []);
    if (this.names.length > 0) selectLocalAddresses(this.names);
    this.#addresses = new PresentAddresses(localAddresses, resolved);
    if (paths === undefined || paths.length === 0) return;
    this.#wishes = paths.map(({ localAddress, remoteAddresses }) => ({
      addresses: localAddress === undefined
        ? undefined
        : new PresentAddresses([localAddress], resolved),
      remotes: remoteAddresses?.map(({ hostname, port }) => ({ transport: "udp", hostname, port })),
    }));
  }

  /**
   * The paths, and the ways there are for each at present.
   *
   * @param remotes The addresses of the server, best first.
   * @param all What the machine has; undefined if we may not ask.
   */
  goals(
    remotes: readonly Address[],
    all: readonly LocalAddress[] | undefined = listLocalAddresses(),
  ): readonly PathGoal[] {
    if (this.#wishes === undefined) {
      return this.#addresses.list(all).map((local) => goal(local, [local], remotes));
    }
    return this.#wishes.flatMap((wish, i) =>
      byInterface(wish, all).map(([name, locals]) =>
        goal(`${i} ${name}`, locals, wish.remotes ?? remotes)
      )
    );
  }
}

function localNames(paths: readonly PathWish[]): readonly string[] {
  const names = paths.map(({ localAddress }) => localAddress);
  return names.includes(undefined) ? [] : names as readonly string[];
}

/** One path from each interface: its addresses stand in for each other. */
function byInterface(
  { addresses }: Wish,
  all: readonly LocalAddress[] | undefined,
): [string, readonly string[]][] {
  if (addresses === undefined) return [["", ANYWHERE]];
  const names = new Map(all?.map(({ hostname, name }) => [hostname, name]));
  const groups = Map.groupBy(addresses.list(all), (hostname) => names.get(hostname) ?? hostname);
  return [...groups];
}

function goal(name: string, locals: readonly string[], remotes: readonly Address[]): PathGoal {
  const routes: PathRoute[] = [];
  for (const remote of remotes) {
    const family = familyOf(remote.hostname);
    for (const local of locals) if (familyOf(local) === family) routes.push({ local, remote });
  }
  return { name, routes };
}
