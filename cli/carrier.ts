import type { PathRow } from "./progress.ts";

/** Whatever brings requests to a server: a connection over UDP, or the runtime's own over TCP. */
export interface Carrier extends AsyncDisposable {
  /** What a status line begins with. */
  readonly protocol: string;
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
