// Sessions that `fetch` keeps to resume connections.

import type { SavedSession } from "../../api/options/session.ts";

/** Sessions kept for one kind of connection; each is good for one, and servers send a few. */
const MAX_EACH = 2;
/** Kinds of connections remembered; of more, the oldest are forgotten. */
const MAX_KINDS = 64;

/** Sessions of connections that were, for those to come. */
export class SessionStore {
  readonly #sessions = new Map<string, SavedSession[]>();

  /** Keeps a session; of more than a few for the same key, the oldest goes. */
  add(key: string, session: SavedSession): void {
    const sessions = this.#sessions.get(key) ?? [];
    this.#sessions.delete(key);
    this.#sessions.set(key, sessions);
    sessions.push(session);
    if (sessions.length > MAX_EACH) sessions.shift();
    if (this.#sessions.size <= MAX_KINDS) return;
    for (const oldest of this.#sessions.keys()) return void this.#sessions.delete(oldest);
  }

  /** Takes out the newest session, if there is one. */
  take(key: string): SavedSession | undefined {
    return this.#sessions.get(key)?.pop();
  }
}
