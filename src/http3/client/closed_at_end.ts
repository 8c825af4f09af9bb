// Kept connections that are closed when the process ends by itself.

/** What can be closed. */
interface Closable {
  close(): void;
}

/**
 * Connections that do not keep the process. When it has nothing more to do, they are closed, so that
 * their servers need not keep them until they time out.
 */
class ClosedAtEnd {
  readonly #all = new Set<Closable>();
  readonly #onEnd = (event: Event) => this.#close(event);

  add(closable: Closable): void {
    if (this.#all.size === 0) globalThis.addEventListener("beforeunload", this.#onEnd);
    this.#all.add(closable);
  }

  delete(closable: Closable): void {
    if (!this.#all.delete(closable) || this.#all.size > 0) return;
    globalThis.removeEventListener("beforeunload", this.#onEnd);
  }

  #close(event: Event): void {
    // The event loop goes on until what says so has left; then the event comes again.
    event.preventDefault();
    for (const closable of [...this.#all]) {
      this.delete(closable);
      closable.close();
    }
  }
}

/** The connections of this process. */
export const closedAtEnd: ClosedAtEnd = new ClosedAtEnd();
