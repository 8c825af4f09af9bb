/**
 * The path that something is bound to, while that can be kept to: a path in doubt binds nothing.
 */
export function bindingOf<Bound extends { readonly fit: boolean }>(
  bound: Bound | undefined,
): Bound | undefined {
  return bound?.fit ? bound : undefined;
}
