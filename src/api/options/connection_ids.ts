// What the connection IDs of a listener name.

import type { BalancerConfiguration } from "../../packet/balancer_code.ts";
export type { BalancerConfiguration };
import { BalancerIds } from "../../packet/balancer_ids.ts";
import { MAX_ID_LENGTH } from "../../packet/connection_id.ts";
import { type IdLayout, randomIds } from "../../packet/id_layout.ts";
import { workerIds, type WorkerPlace } from "../../packet/worker_ids.ts";

/** The last number of a configuration; the one behind it means IDs that no balancer can read. */
const LAST_ID = 6;
/** Bytes of the key of a configuration. */
const KEY_LENGTH = 16;
/**
 * Bytes of the shortest nonce: so many are not used up, nor drawn twice by chance. Encrypted ones have
 * the number of the worker before that.
 */
const SHORTEST_NONCE = 8;

/**
 * What the connection IDs of a listener name.
 *
 * @param place The worker, where several share the sockets.
 * @throws {TypeError} What cannot be used, and why.
 */
export function idLayoutOf(
  configurations: readonly BalancerConfiguration[] | undefined,
  place?: WorkerPlace,
): IdLayout {
  if (configurations === undefined) return place === undefined ? randomIds : workerIds(place);
  if (configurations.length === 0) throw refusal("there is no configuration in the list");
  for (const configuration of configurations) check(configuration);
  const ids = configurations.map(({ id }) => id);
  if (new Set(ids).size < ids.length) throw refusal(`two configurations have one id`);
  const lengths = new Set(configurations.map(lengthOf));
  // RFC 9000, Section 17.3.1: short headers do not say how long an ID is.
  if (lengths.size > 1) throw refusal("serverId and nonceLength of all must have one sum");
  return new BalancerIds(configurations, place);
}

/**
 * Has a layout use other configurations.
 *
 * @throws {TypeError} What cannot be used, and why; all stays as it was.
 */
export function replaceConfigurations(
  layout: IdLayout,
  configurations: readonly BalancerConfiguration[],
): void {
  if (!(layout instanceof BalancerIds)) {
    throw new TypeError(
      "Cannot change connectionIds: the listener was made without, and its IDs have another length",
    );
  }
  const { length } = idLayoutOf(configurations);
  if (length !== layout.length) {
    throw refusal(
      `IDs would have ${length} bytes, and those that clients know have ${layout.length}`,
    );
  }
  layout.replace(configurations);
}

function check(configuration: BalancerConfiguration): void {
  const { id, key, nonceLength, serverId } = configuration;
  if (!Number.isInteger(id) || id < 0 || id > LAST_ID) {
    throw refusal(`id ${id} must be a whole number from 0 to ${LAST_ID}`);
  }
  if (serverId.length === 0) throw refusal("serverId must have one byte at least");
  if (key !== undefined && key.length !== KEY_LENGTH) {
    throw refusal(`key has ${key.length} bytes, and ${KEY_LENGTH} are needed`);
  }
  const shortest = key === undefined ? SHORTEST_NONCE : SHORTEST_NONCE + 1;
  if (!Number.isInteger(nonceLength) || nonceLength < shortest) {
    throw refusal(`nonceLength ${nonceLength} must be a whole number from ${shortest} on`);
  }
  const longest = MAX_ID_LENGTH - 1;
  if (lengthOf(configuration) > longest) {
    throw refusal(`serverId and nonceLength must have ${longest} bytes together at most`);
  }
}

function lengthOf({ serverId, nonceLength }: BalancerConfiguration): number {
  return serverId.length + nonceLength;
}

function refusal(why: string): TypeError {
  return new TypeError(`Cannot use connectionIds: ${why}`);
}
