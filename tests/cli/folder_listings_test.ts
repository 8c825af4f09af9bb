import assert from "node:assert/strict";
import process from "node:process";
import { listingRows } from "../../cli/files/directory_listing.ts";
import { FolderListings, type Listing, type LookUp } from "../../cli/files/folder_listings.ts";
import { staticFiles } from "../../cli/files/static_files.ts";

/** A folder with so many files. */
async function withFolder(count: number, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    for (let i = 0; i < count; i++) Deno.writeTextFileSync(`${path}/file ${i}.txt`, "");
    await use(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

function moment(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Milliseconds that pass in no test, however busy the machine is, and those that soon have. */
const LONG = 600_000;
const SHORT = 50;

/** Looks nothing up, and counts; it can hold what it is asked until it is told to go on. */
class Counter {
  count = 0;
  isHolding = false;
  #held: (() => void)[] = [];
  readonly lookUp: LookUp = async ({ name, isDirectory }) => {
    this.count++;
    if (this.isHolding) await new Promise<void>((resolve) => this.#held.push(resolve));
    else await moment();
    return { name, isDirectory, size: 1, modified: undefined };
  };

  /** Answers what was asked so far. */
  answer(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  /** Waits until so many have been asked for. */
  async until(count: number): Promise<void> {
    for (let i = 0; i < 1_000 && this.count < count; i++) await moment(5);
    assert.equal(this.count, count);
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

Deno.test("FolderListings reads a folder once for all requests at the time, and soon after", async () => {
  await withFolder(300, async (path) => {
    const listings = new FolderListings(listingRows, LONG);
    const counter = new Counter();
    const get = () => listings.get(path, counter.lookUp);
    const all = await Promise.all(Array.from({ length: 50 }, get));
    all.push(await get());
    assert.equal(counter.count, 300);
    assert.equal(new Set(all).size, 1);
    assert.deepEqual([all[0]!.count, all[0]!.hasMore], [300, false]);
    const html = new TextDecoder().decode(all[0]!.rows);
    assert.ok(html.indexOf("file 9.txt") < html.indexOf("file 10.txt"));
  });
});

Deno.test("FolderListings looks at a folder again when its listing is old", async () => {
  await withFolder(300, async (path) => {
    const listings = new FolderListings(listingRows, SHORT);
    const counter = new Counter();
    const get = () => listings.get(path, counter.lookUp);
    const first = await get();
    await moment(3 * SHORT);
    const later = await get();
    assert.equal(counter.count, 600, "it is looked at again");
    assert.equal(later, first, "what has not changed takes no second memory");
    await Deno.writeTextFile(`${path}/new.txt`, "");
    await moment(3 * SHORT);
    assert.equal((await get()).count, 301);
  });
});

Deno.test("FolderListings rests while no request wants a listing, and goes on where it was", async () => {
  await withFolder(400, async (path) => {
    const listings = new FolderListings(listingRows, LONG);
    const counter = new Counter();
    counter.isHolding = true;
    const aborts = [new AbortController(), new AbortController()];
    const waiting = aborts.map(({ signal }) => {
      return assert.rejects(listings.get(path, counter.lookUp, signal), isAborted);
    });
    await counter.until(32);
    aborts[0]!.abort();
    await waiting[0];
    counter.answer();
    await counter.until(64); // one still waits
    aborts[1]!.abort();
    await waiting[1];
    counter.answer();
    await moment(100);
    assert.equal(counter.count, 64, "no request waits");
    counter.isHolding = false;
    const other = await withTime(listings.get(path, counter.lookUp));
    assert.equal(other.count, 400);
    assert.equal(counter.count, 400, "nothing was looked up twice");
  });
});

Deno.test("FolderListings drops what no request has wanted for a while", async () => {
  await withFolder(200, async (path) => {
    const listings = new FolderListings(listingRows, SHORT);
    const counter = new Counter();
    counter.isHolding = true;
    const abort = new AbortController();
    const waiting = listings.get(path, counter.lookUp, abort.signal);
    await counter.until(32);
    abort.abort();
    await assert.rejects(waiting, isAborted);
    counter.answer();
    counter.isHolding = false;
    await moment(3 * SHORT);
    assert.equal((await listings.get(path, counter.lookUp)).count, 200);
    assert.equal(counter.count, 232, "it begins anew");
  });
});

Deno.test("FolderListings lists of a large folder the first entries by name", async () => {
  await withFolder(5_100, async (path) => {
    const { count, hasMore, rows } = await new FolderListings(listingRows).get(
      path,
      new Counter().lookUp,
    );
    assert.deepEqual([count, hasMore], [5_000, true]);
    const html = new TextDecoder().decode(rows);
    assert.ok(html.includes("file 4999.txt") && !html.includes("file 5000.txt"));
  });
});

Deno.test("Listings that are asked for and given up cost little, and others get theirs", async () => {
  await withFolder(2_500, async (path) => {
    const serve = await staticFiles(path);
    const before = process.cpuUsage();
    const aborts = Array.from({ length: 90 }, () => new AbortController());
    const given = aborts.map(({ signal }) => serve(new Request("https://localhost/", { signal })));
    await moment(20);
    for (const abort of aborts) abort.abort();
    await Promise.all(given);
    const page = await (await serve(new Request("https://localhost/"))).text();
    const { user, system } = process.cpuUsage(before);
    assert.equal(page.match(/<a /g)!.length, 2_500);
    assert.ok(user + system < 1e6, `${(user + system) / 1e3} ms of CPU`);
  });
});

async function withTime(listing: Promise<Listing>): Promise<Listing> {
  const late = moment(5_000).then(() => Promise.reject(new Error("The listing never came")));
  late.catch(() => {});
  return await Promise.race([listing, late]);
}
