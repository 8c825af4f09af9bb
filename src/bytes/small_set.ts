// A set that has one member most of the time.

/**
 * A set that has one member most of the time, in the order in which they came.
 *
 * A `Set` takes a new table when its last member goes, and its tables refer to those that follow:
 * where members come and go for each packet, the collector keeps what is gone for long.
 */
export class SmallSet<Member extends object> {
  /** The only member, unless there are several. */
  #only: Member | undefined;
  /** All members, while there are several, or were until lately. */
  #several: Set<Member> | undefined;

  /** How many members there are. */
  get size(): number {
    if (this.#several !== undefined) return this.#several.size;
    return this.#only === undefined ? 0 : 1;
  }

  /** The member that came first; `undefined` if there is none. */
  get first(): Member | undefined {
    if (this.#several === undefined) return this.#only;
    for (const member of this.#several) return member;
    return undefined;
  }

  /** All members, and those that are added meanwhile while there is none but the first. */
  [Symbol.iterator](): Iterator<Member> {
    return this.#several?.values() ?? new Walk(this);
  }

  /** Whether this is a member. */
  has(member: Member): boolean {
    return this.#several === undefined ? this.#only === member : this.#several.has(member);
  }

  /** Puts a member behind the others, unless it is there. */
  add(member: Member): void {
    if (this.#several !== undefined) {
      this.#several.add(member);
    } else if (this.#only === undefined) {
      this.#only = member;
    } else if (this.#only !== member) {
      this.#several = new Set([this.#only, member]);
      this.#only = undefined;
    }
  }

  /** Takes a member out, if it is there. */
  delete(member: Member): void {
    const several = this.#several;
    if (several === undefined) {
      if (this.#only === member) this.#only = undefined;
      return;
    }
    several.delete(member);
    if (several.size === 0) this.#several = undefined;
  }
}

/** Goes over the only member, and over the next if that has taken its place. */
class Walk<Member extends object> implements Iterator<Member> {
  readonly #set: SmallSet<Member>;
  #last: Member | undefined;

  constructor(set: SmallSet<Member>) {
    this.#set = set;
  }

  next(): IteratorResult<Member> {
    const { first } = this.#set;
    if (first === undefined || first === this.#last) return { done: true, value: undefined };
    this.#last = first;
    return { done: false, value: first };
  }
}
