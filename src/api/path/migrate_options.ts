/**
 * Where a path is to move.
 *
 * @category Paths
 */
export interface MigrateOptions {
  /**
   * Where the path is to begin: a literal address, the name of an interface, or the beginning of
   * either. Left out: another port of the address it begins at now.
   */
  localAddress?: string;
  /**
   * Where it is to lead: a literal address and a port.
   *
   * @default {path.remoteAddr}
   */
  remoteAddress?: Deno.NetAddr;
}
