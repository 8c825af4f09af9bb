// Connection IDs of eight bytes that tell a worker where they belong.

import type { IdLayout } from "./id_layout.ts";
import { MAX_WORKERS, type WorkerMask } from "./worker_mask.ts";

/** Where a worker stands among those that share sockets. */
export interface WorkerPlace {
  /** Its number, from 0 to 31. */
  readonly number: number;
  /** What hides the number; all workers have the same. */
  readonly mask: WorkerMask;
}

/** Bytes of an ID, as of {@linkcode randomIds}. */
const LENGTH = 8;

/** Eight bytes that are random but for the number of a worker, which the holder of a key can read. */
export function workerIds(place: WorkerPlace): IdLayout {
  return {
    length: LENGTH,
    make(random) {
      const id = random.bytes(LENGTH);
      id[0] = (id[0]! & ~(MAX_WORKERS - 1)) | firstBits(place, id, 0);
      return id;
    },
    isOurs: (datagram, offset) => workerAt(place, datagram, offset) === place.number,
    otherWorker(datagram, offset) {
      const worker = workerAt(place, datagram, offset);
      return worker === place.number ? -1 : worker;
    },
    ownerOf: (id) => Uint8Array.of(workerAt(place, id, 0)),
  };
}

/** What the last five bits of the first byte of a worker's ID are. */
export function firstBits({ mask, number }: WorkerPlace, id: Uint8Array, offset: number): number {
  return number ^ mask.of(id, offset);
}

/** The worker that an ID names. */
export function workerAt({ mask }: WorkerPlace, bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! & (MAX_WORKERS - 1)) ^ mask.of(bytes, offset);
}
