import type fc from "fast-check";
import type { ApplicationError, StreamError, TransportError } from "../../src/error/quic_error.ts";

/** Something that must hold whatever comes in. */
export interface Target {
  readonly name: string;
  /** How often it is tried by `deno task test`. */
  readonly runs: number;
  readonly property: fc.IRawProperty<unknown>;
}

/** Fails unless a call returns or throws one of these errors. */
export function tolerate(types: readonly ErrorClass[], call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!types.some((type) => error instanceof type)) throw error;
  }
}

type ErrorClass = typeof TransportError | typeof ApplicationError | typeof StreamError;
