import assert from "node:assert/strict";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { formatAddress } from "../../src/path/address/address.ts";
import type { Pair } from "./pair.ts";

/**
 * The IDs that short headers carried, by the 4-tuple they were seen on: of the server also where
 * nothing arrives, of the client behind its NAT.
 */
export function watchIds(pair: Pair): Map<string, Set<string>> {
  const seen = new Map<string, Set<string>>();
  const header = new Header();
  pair.world.network.capture = (_time, event, from, to, data) => {
    const isServer = pair.serverPorts.some(({ address }) => address.hostname === from.hostname);
    if (event !== (isServer ? "send" : "deliver")) return;
    if (!parseHeader(data, 0, 8, header) || header.isLong) return;
    const key = `${formatAddress(from)} > ${formatAddress(to)}`;
    if (!seen.has(key)) seen.set(key, new Set());
    seen.get(key)!.add(header.destinationId.toHex());
  };
  return seen;
}

/** RFC 9000, Section 9.5: no ID is seen on two 4-tuples that differ in the client's host. */
export function assertUnlinked(seen: Map<string, Set<string>>): void {
  const hosts = new Map<string, string>();
  for (const [tuple, ids] of seen) {
    for (const id of ids) {
      assert.equal(hosts.get(id) ?? tuple, tuple, `${id} was seen on two 4-tuples`);
      hosts.set(id, tuple);
    }
  }
}
