// What a handler of files is told about the client of a request, and tells in turn.

/** The client of a request. */
export interface Visitor {
  /** Tells that the client has given up, where the request itself should not be asked. */
  readonly signal?: AbortSignal;
  /** The user that the certificate of the client names; undefined if it has shown none. */
  readonly certificateUser?: string | undefined;
  /** Hears of which user the request is. */
  readonly onUser?: (name: string) => void;
}
