// What the client sends its requests by: a QUIC connection, or TCP.

import type { PathRow } from "./progress.ts";

/** Carries requests to a server: a QUIC connection, or connections over TCP. */
export interface Carrier extends AsyncDisposable {
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
  /**
   * What a response came over, which its status line begins with.
   *
   * @param response A response of this carrier.
   */
  protocolOf(response: Response): string;
}
