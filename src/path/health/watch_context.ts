// What the watch over paths asks of the connection.

/** What a watch must know of the connection. */
export interface WatchContext {
  /** Milliseconds for which a path may be silent while another answers. */
  readonly pathIdleTimeout: number;
  /**
   * Changes whenever bytes come that streams lack before others that they have; 0 if they lack
   * none.
   */
  readonly gapMark: number;
}
