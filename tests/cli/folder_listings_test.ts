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

/** Looks nothing up, and counts. */
class Counter {
  count = 0;
  pause = 0;
  readonly lookUp: LookUp = async ({ name, isDirectory }) => {
    this.count++;
    await moment(this.pause);
    return { name, isDirectory, size: 1, modified: undefined };
  };
}

function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

Deno.test("FolderListings reads a folder once for all requests at the time, and soon after", async () => {
  await withFolder(300, async (path) => {
    const listings = new FolderListings(listingRows);
    const counter = new Counter();
    const get = () => listings.get(path, counter.lookUp);
    const all = await Promise.all(Array.from({ length: 50 }, get));
    all.push(await get());
    assert.equal(counter.count, 300);
    assert.equal(new Set(all).size, 1);
    assert.deepEqual([all[0]!.count, all[0]!.hasMore], [300, false]);
    const html = new TextDecoder().decode(all[0]!.rows);
    assert.ok(html.indexOf("file 9.txt") < html.indexOf("file 10.txt"));
    await moment(1_050);
    const later = await get();
    assert.equal(counter.count, 600, "it is looked at again");
    assert.equal(later, all[0], "what has not changed takes no second memory");
    await Deno.writeTextFile(`${path}/new.txt`, "");
    await moment(1_050);
    assert.equal((await get()).count, 301);
  });
});

Deno.test("FolderListings rests while no request wants a listing, and goes on where it was", async () => {
  await withFolder(400, async (path) => {
    const listings = new FolderListings(listingRows);
    const counter = new Counter();
    counter.pause = 5;
    const aborts = [new AbortController(), new AbortController()];
    const waiting = aborts.map(({ signal }) => {
      return assert.rejects(listings.get(path, counter.lookUp, signal), isAborted);
    });
    await moment(20);
    aborts[0]!.abort();
    await moment(20);
    const between = counter.count;
    // A busy machine looks up more slowly, but it goes on.
    for (let i = 0; i < 100 && counter.count === between; i++) await moment(30);
    assert.ok(counter.count > between, "one still waits");
    aborts[1]!.abort();
    await Promise.all(waiting);
    await moment(20);
    const { count } = counter;
    assert.ok(count < 400);
    await moment(100);
    assert.equal(counter.count, count, "nobody waits");
    const other = await withTime(listings.get(path, counter.lookUp));
    assert.equal(other.count, 400);
    assert.equal(counter.count, 400, "nothing was looked up twice");
  });
});

Deno.test("FolderListings drops what no request has wanted for a second", async () => {
  await withFolder(200, async (path) => {
    const listings = new FolderListings(listingRows);
    const counter = new Counter();
    counter.pause = 5;
    const abort = new AbortController();
    const waiting = listings.get(path, counter.lookUp, abort.signal);
    await moment(10);
    abort.abort();
    await assert.rejects(waiting, isAborted);
    await moment(1_100);
    assert.ok(counter.count < 200);
    const before = counter.count;
    assert.equal((await listings.get(path, counter.lookUp)).count, 200);
    assert.equal(counter.count, before + 200, "it begins anew");
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
