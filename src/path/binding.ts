import type { Path } from "./path.ts";
import type { PathView } from "../scheduler/scheduler.ts";

/** The path that something is bound to, while that can be kept to: a path in doubt binds nothing. */
export function bindingOf(bound: PathView | undefined): Path | undefined {
  const path = bound as Path | undefined;
  return path?.fit ? path : undefined;
}
