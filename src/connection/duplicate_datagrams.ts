// Tells copies of DATAGRAM frames apart from frames that only say the same.

import { MAX_DATAGRAMS_REMEMBERED } from "../limits/limits.ts";

/** How often a content came, in all and by each path. */
interface Arrivals {
  most: number;
  readonly byPath: Map<number, number>;
}

/**
 * Finds DATAGRAM frames that have come by another path before. An application may send the same
 * content several times: the third one of a path is a copy if three have come by another path.
 */
export class DuplicateDatagrams {
  readonly #contents = new Map<string, Arrivals>();

  /** Whether a frame is the first of its copies; it counts from now on. */
  isFirst(data: Uint8Array, pathId: number): boolean {
    const key = digest(data);
    const known = this.#contents.get(key);
    this.#contents.delete(key);
    const arrivals = known ?? { most: 0, byPath: new Map() };
    this.#contents.set(key, arrivals);
    if (this.#contents.size > MAX_DATAGRAMS_REMEMBERED) {
      this.#contents.delete(this.#contents.keys().next().value!);
    }
    const count = (arrivals.byPath.get(pathId) ?? 0) + 1;
    arrivals.byPath.set(pathId, count);
    if (count <= arrivals.most) return false;
    arrivals.most = count;
    return true;
  }
}

/** Two sums of the bytes: contents that are taken for each other are a matter of the peer's malice. */
function digest(data: Uint8Array): string {
  let [one, other] = [0x811c_9dc5, data.length];
  for (const byte of data) {
    one = Math.imul(one ^ byte, 0x0100_0193);
    other = Math.imul(other + byte, 0x9e37_79b1) ^ (other >>> 15);
  }
  return `${data.length} ${one} ${other}`;
}
