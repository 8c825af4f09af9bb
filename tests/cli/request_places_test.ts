import assert from "node:assert/strict";
import { RequestPlaces } from "../../cli/server/request_places.ts";

/** A request that asks for a place. */
class Asking {
  readonly #over = Promise.withResolvers<void>();
  /** Whether it got a place; undefined while it waits. */
  got: boolean | undefined;

  constructor(places: RequestPlaces) {
    places.take(this.#over.promise).then((got) => this.got = got);
  }

  end(): void {
    this.#over.resolve();
  }

  fail(): void {
    this.#over.reject(new Error("the client is gone"));
  }
}

/** Lets everything happen that can. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("RequestPlaces lets so many in, and others in their order as places become free", async () => {
  const places = new RequestPlaces(2);
  const asking = Array.from({ length: 5 }, () => new Asking(places));
  const got = async () => (await settle(), asking.map(({ got }) => got));
  assert.deepEqual(await got(), [true, true, undefined, undefined, undefined]);
  asking[1]!.fail();
  const late = new Asking(places);
  assert.deepEqual(await got(), [true, true, true, undefined, undefined]);
  asking[3]!.fail();
  assert.deepEqual(await got(), [true, true, true, false, undefined]);
  asking[0]!.end();
  assert.deepEqual(await got(), [true, true, true, false, true]);
  assert.equal(late.got, undefined);
  for (const one of asking) one.end();
  await settle();
  assert.deepEqual([late.got, places.taken], [true, 1]);
  late.end();
  await settle();
  assert.equal(places.taken, 0);
});
