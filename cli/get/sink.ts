// Where the bytes of a download go.

import type { Representation } from "../http/representation.ts";

/** Takes the bytes of a download, in order, over as many answers as there must be. */
export interface Sink {
  /** How many bytes are there. */
  readonly length: number;
  /** Of which representation they are; undefined if that is not known. */
  readonly known: Representation | undefined;
  /**
   * The last bytes that are there.
   *
   * @param count How many at most.
   */
  tail(count: number): Promise<Uint8Array>;
  /**
   * Begins with the first byte, of a representation of which this much is known.
   *
   * @param known What is known of it.
   * @throws {Failure} If bytes cannot be taken back.
   */
  restart(known: Representation): Promise<void>;
  /**
   * Takes the next bytes.
   *
   * @param chunk The bytes.
   */
  write(chunk: Uint8Array): Promise<void>;
  /** All bytes have come. */
  finish(): Promise<void>;
  /** No more bytes come for now; what is there is kept. */
  close(): void;
}

/** A file, which has its name once all bytes have come. */
export interface FileSink extends Sink {
  /** Bytes of an earlier run that are of use. */
  readonly kept: number;
  /** Where the bytes are until then. */
  readonly partPath: string;
  /** Takes away what is known of the bytes, as they have turned out to be wrong. */
  distrust(): Promise<void>;
}
