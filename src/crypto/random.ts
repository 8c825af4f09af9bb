/**
 * Where chance comes from. Everything below the sockets takes it as an argument.
 *
 * @category Congestion control
 */
export interface Random {
  /** A fresh array of `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A whole number from 0 to before `limit`, which is at most 2^32. */
  below(limit: number): number;
}
