// The listings of the folders of a site, made and kept for as short as possible.

import { compareEntries, type ListingEntry } from "./directory_listing.ts";

/** A folder with more entries than this is listed in part. */
const MOST_ENTRIES = 5_000;
/** Names of a folder that are looked at. */
const MOST_NAMES = 20_000;
/** Entries that are looked up at once. */
const LOOK_UPS = 32;
/** Folders that are read at once. */
const READERS = 2;
/** Milliseconds that a listing is good for. */
const LIFETIME = 1_000;
/** Listings that are remembered, so that one which has not changed takes no second memory. */
const MOST_REMEMBERED = 8;

/** What is in a folder. */
export interface Listing {
  /** Its entries as they are shown. */
  readonly rows: Uint8Array<ArrayBuffer>;
  /** How many there are. */
  readonly count: number;
  /** Whether that is not all. */
  readonly hasMore: boolean;
}

/** Says what an entry is; undefined if it is not shown. */
export type LookUp = (entry: Deno.DirEntry) => Promise<ListingEntry | undefined>;

/** A folder that is being read, or was read just now. */
class Reading {
  readonly listing: Promise<Listing>;
  readonly #lifetime: number;
  /** Requests that wait for it. */
  #waiting = 0;
  #resume: PromiseWithResolvers<void> | undefined;

  /**
   * @param read Reads the folder, and asks before each step whether that is still wanted.
   * @param lifetime Milliseconds that it goes on for when it is wanted again.
   */
  constructor(read: (reading: Reading) => Promise<Listing>, lifetime: number) {
    this.#lifetime = lifetime;
    this.listing = read(this);
  }

  /** One more request waits for it, until it is aborted. */
  async wait(signal: AbortSignal | undefined): Promise<Listing> {
    this.#waiting++;
    this.#resume?.resolve();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal!.reason);
    signal?.addEventListener("abort", onAbort);
    try {
      return await Promise.race([this.listing, aborted.promise]);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#waiting--;
    }
  }

  get isWanted(): boolean {
    return this.#waiting > 0;
  }

  /** Waits for another request; throws if none comes for long. */
  async untilWanted(): Promise<void> {
    const resume = Promise.withResolvers<void>();
    this.#resume = resume;
    const timer = setTimeout(() => {
      resume.reject(new Error("Cannot list on: no request wants it"));
    }, this.#lifetime);
    Deno.unrefTimer(timer);
    await resume.promise.finally(() => clearTimeout(timer));
  }
}

/**
 * The listings of the folders of a site. Each is made once for all requests within a second. Making
 * a listing pauses while no request waits for it, and goes on with the next request: a client that
 * asks and gives up, over and over, costs no more than a client that waits.
 */
export class FolderListings {
  readonly #render: (entries: readonly ListingEntry[]) => string;
  readonly #lifetime: number;
  readonly #readings = new Map<string, Reading>();
  readonly #remembered = new Map<string, Listing>();
  #free = READERS;
  readonly #queue: (() => void)[] = [];

  /**
   * @param render Writes entries as they are shown.
   * @param lifetime Milliseconds that a listing is good for.
   */
  constructor(render: (entries: readonly ListingEntry[]) => string, lifetime = LIFETIME) {
    this.#render = render;
    this.#lifetime = lifetime;
  }

  /**
   * What is in a folder.
   *
   * @param path The folder.
   * @param lookUp Says what its entries are.
   * @param signal Tells that it is no longer wanted.
   * @throws What `signal` has for a reason.
   */
  async get(path: string, lookUp: LookUp, signal?: AbortSignal): Promise<Listing> {
    signal?.throwIfAborted();
    let reading = this.#readings.get(path);
    if (!reading) {
      reading = new Reading((own) => this.#read(path, lookUp, own), this.#lifetime);
      this.#keep(path, reading);
    }
    return await reading.wait(signal);
  }

  #keep(path: string, reading: Reading): void {
    this.#readings.set(path, reading);
    const forget = () => void this.#readings.delete(path);
    const later = () => Deno.unrefTimer(setTimeout(forget, this.#lifetime));
    reading.listing.then(later, forget);
  }

  async #read(path: string, lookUp: LookUp, reading: Reading): Promise<Listing> {
    await this.#begin();
    try {
      const names = await readNames(path);
      const entries: ListingEntry[] = [];
      let at = 0;
      for (; at < names.length && entries.length < MOST_ENTRIES; at += LOOK_UPS) {
        if (!reading.isWanted) await this.#rest(reading);
        const found = await Promise.all(names.slice(at, at + LOOK_UPS).map(lookUp));
        for (const entry of found) if (entry) entries.push(entry);
      }
      const hasMore = at < names.length || entries.length > MOST_ENTRIES ||
        names.length === MOST_NAMES;
      const shown = entries.slice(0, MOST_ENTRIES).sort(compareEntries);
      const rows = new TextEncoder().encode(this.#render(shown));
      return this.#remember(path, { rows, count: shown.length, hasMore });
    } finally {
      this.#end();
    }
  }

  async #rest(reading: Reading): Promise<void> {
    this.#end();
    try {
      await reading.untilWanted();
    } finally {
      await this.#begin();
    }
  }

  async #begin(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#free--;
  }

  #end(): void {
    this.#free++;
    this.#queue.shift()?.();
  }

  /** The listing as it was before, if nothing has changed: slow readers may hold on to that. */
  #remember(path: string, listing: Listing): Listing {
    const known = this.#remembered.get(path);
    const kept = known && isSame(known, listing) ? known : listing;
    this.#remembered.delete(path);
    this.#remembered.set(path, kept);
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MOST_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
    return kept;
  }
}

/** The names in a folder, in the order in which they are shown as far as that is known. */
async function readNames(path: string): Promise<Deno.DirEntry[]> {
  const names: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(path)) {
    names.push(entry);
    if (names.length === MOST_NAMES) break;
  }
  return names.sort(compareEntries);
}

function isSame(a: Listing, b: Listing): boolean {
  return a.hasMore === b.hasMore && a.rows.length === b.rows.length &&
    a.rows.every((byte, i) => byte === b.rows[i]);
}
