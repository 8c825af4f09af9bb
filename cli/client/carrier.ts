// What the client sends its requests by: a QUIC connection, or TCP.

import type { PathRow } from "./progress.ts";

/** Carries requests to a server: a QUIC connection, or connections over TCP. */
export interface Carrier extends AsyncDisposable {
  /** What a status line begins with. */
  readonly protocol: string;
  /** Whether further requests can be sent. */
  readonly isOpen: boolean;
  /** All paths that there are or were. */
  readonly rows: readonly PathRow[];
  /**
   * Sends one request, and does not follow redirects.
   *
   * @param url What to fetch.
   * @param init How.
   */
  send(url: URL, init: RequestInit): Promise<Response>;
}
