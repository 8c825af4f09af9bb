// Remembers servers that UDP does not reach.

/** Milliseconds for which a server that failed once is not tried; each further failure doubles it. */
const FIRST_PAUSE = 300_000;
/** A day. */
const LONGEST_PAUSE = 86_400_000;
/** Servers remembered; of more, the oldest are forgotten. */
const MAX_SERVERS = 256;

interface Failure {
  readonly pause: number;
  readonly until: number;
}

/**
 * Remembers which servers could not be reached over UDP, so that not every request has to find out
 * (RFC 7838, Section 2.4, asks for as much of alternative services).
 */
export class BrokenServers {
  readonly #failures = new Map<string, Failure>();

  /** Whether a server had better not be tried now. */
  has(host: string, now: number): boolean {
    const failure = this.#failures.get(host);
    return failure !== undefined && now < failure.until;
  }

  /** A server could not be reached. */
  add(host: string, now: number): void {
    const before = this.#failures.get(host);
    const pause = before ? Math.min(2 * before.pause, LONGEST_PAUSE) : FIRST_PAUSE;
    this.#failures.delete(host);
    this.#failures.set(host, { pause, until: now + pause });
    if (this.#failures.size <= MAX_SERVERS) return;
    for (const oldest of this.#failures.keys()) return void this.#failures.delete(oldest);
  }

  /** A server was reached. */
  delete(host: string): void {
    this.#failures.delete(host);
  }
}
