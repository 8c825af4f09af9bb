// Keys of options, by which connections are kept.

/** Makes keys of values: functions and objects count by what they are, not by what they hold. */
export class Identities {
  readonly #numbers = new WeakMap<object, number>();
  #next = 0;

  /** A text that other values do not have; arrays count by what they hold. */
  keyOf(value: readonly unknown[]): string {
    return JSON.stringify(value, (_, part) => this.#identify(part));
  }

  #identify(value: unknown): unknown {
    const isPlain = Array.isArray(value) ||
      typeof value !== "object" && typeof value !== "function";
    if (value === null || isPlain) return value;
    let identity = this.#numbers.get(value as object);
    if (identity === undefined) {
      identity = this.#next++;
      this.#numbers.set(value as object, identity);
    }
    return { identity };
  }
}
