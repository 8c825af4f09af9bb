/**
 * Loaded before each file of tests by `deno task test`: a test that asserts nothing fails, and so
 * does one that awaits no result of an assertion about a promise.
 *
 * What a test asserts is counted as it runs. So a loop over nothing, a callback that is never called
 * and an early return do not pass for a test, if nothing else is asserted.
 */
import assert from "node:assert/strict";

type Assertion = (...args: never[]) => unknown;

let count = 0;
const unheard = new Set<Promise<unknown>>();

/** A promise that knows whether its result is awaited. */
class Heard<Value> extends Promise<Value> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<A = Value, B = never>(
    onFulfilled?: ((value: Value) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    unheard.delete(this);
    return super.then(onFulfilled, onRejected);
  }
}

for (const [name, assertion] of Object.entries(assert as unknown as Record<string, Assertion>)) {
  if (typeof assertion !== "function" || /^[A-Z]|^strict$/.test(name)) continue;
  const used = name === "rejects" || name === "doesNotReject" ? heard(assertion) : assertion;
  // A getter, since a function around the assertion would be the first line of each failure.
  Object.defineProperty(assert, name, {
    configurable: true,
    get() {
      count++;
      return used;
    },
  });
}

Deno.test.beforeEach(() => {
  count = 0;
  unheard.clear();
});

Deno.test.afterEach(() => {
  if (count === 0) throw new Error("This test cannot fail: it asserts nothing");
  if (unheard.size > 0) throw new Error("This test cannot fail: it awaits no assert.rejects()");
});

function heard(assertion: Assertion): Assertion {
  return (...args) => {
    const result = assertion(...args) as Promise<void>;
    const promise = new Heard<void>((resolve, reject) => void result.then(resolve, reject));
    unheard.add(promise);
    return promise;
  };
}
