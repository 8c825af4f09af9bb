// The path that a stream or a message is bound to.

import { Readiness } from "../../scheduler/readiness.ts";

/**
 * The path that something is bound to, while that can be kept to: a suspect path binds nothing.
 */
export function bindingOf<Bound extends { readonly readiness: Readiness }>(
  bound: Bound | undefined,
): Bound | undefined {
  return bound?.readiness === Readiness.Fit ? bound : undefined;
}
