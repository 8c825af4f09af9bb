// The sockets that the workers of a server share, and how the kernel chooses among them.

import type { SocketGroup } from "../io/native/socket_group.ts";
import { openGroup } from "../io/native/tier.ts";
import type { LentSocket } from "../io/worker_seat.ts";
import type { IdLayout } from "../packet/id_layout.ts";
import type { WorkerMask } from "../packet/worker_mask.ts";
import { serverAddresses } from "./address/local_addresses.ts";
import { idLayoutOf } from "./options/connection_ids.ts";
import type { ListenOptions } from "./options/options.ts";
import { serviceSecretOf } from "./options/service_secret.ts";
import { spreadOf, workerMaskOf } from "./options/worker_place.ts";

/** What the sockets of workers depend on. */
export type GroupOptions = Pick<
  ListenOptions,
  "connectionIds" | "key" | "localAddresses" | "port" | "secret"
>;

/** The sockets of workers at all addresses of a server: as many at each. */
export class WorkerGroups {
  /** How connection IDs name the workers. */
  readonly idLayout: IdLayout;
  readonly #groups: readonly SocketGroup[];
  /** What hides the numbers of workers, and what spreads new clients over them. */
  readonly #mask: WorkerMask;
  readonly #spread: number;

  /**
   * Opens the sockets.
   *
   * @param count How many at each address; none where one worker has a socket of its own.
   * @param areInherited Whether programs that this one starts have them, too.
   * @throws What `Deno.listenDatagram` throws where the system refuses.
   */
  constructor(options: GroupOptions, count: number, areInherited = false) {
    const secret = serviceSecretOf(options);
    this.#mask = workerMaskOf(secret);
    this.#spread = spreadOf(secret);
    this.idLayout = idLayoutOf(options.connectionIds, { number: 0, mask: this.#mask });
    this.#groups = count === 0 ? [] : openGroups(options, count, areInherited);
  }

  /** Where they are bound. */
  get addrs(): readonly Deno.NetAddr[] {
    return this.#groups.map(({ address }) => ({ ...address }));
  }

  /** Those of one worker. */
  socketsOf(number: number): readonly LentSocket[] {
    return this.#groups.map(({ address: { hostname, port }, descriptors }) => {
      return { hostname, port, descriptor: descriptors[number]! };
    });
  }

  /**
   * Tells the kernel which workers there are.
   *
   * @param open Those that have connections.
   * @param accepting Those that get new clients, in turn.
   */
  steer(open: readonly number[], accepting: readonly number[]): void {
    const { multipliers } = this.#mask;
    const idLength = this.idLayout.length;
    for (const group of this.#groups) {
      group.steer({ idLength, multipliers, spread: this.#spread, open, accepting });
    }
  }

  close(): void {
    for (const group of this.#groups) group.close();
  }
}

/** Sockets at all addresses, or at each that is named. */
function openGroups(
  { localAddresses, port }: GroupOptions,
  count: number,
  areInherited: boolean,
): SocketGroup[] {
  if (localAddresses === undefined || localAddresses.length === 0) {
    return [openAnywhere(port, count, areInherited)];
  }
  const groups: SocketGroup[] = [];
  try {
    for (const hostname of serverAddresses(localAddresses)) {
      groups.push(openGroup(hostname, groups[0]?.address.port ?? port, count, areInherited));
    }
    return groups;
  } catch (error) {
    for (const group of groups) group.close();
    throw error;
  }
}

/** A socket for IPv6 hears IPv4 as well; some systems have no IPv6. */
function openAnywhere(port: number, count: number, areInherited: boolean): SocketGroup {
  try {
    return openGroup("::", port, count, areInherited);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) {
      throw error;
    }
    return openGroup("0.0.0.0", port, count, areInherited);
  }
}
