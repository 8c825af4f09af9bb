/** The seed of this run: `SIM_SEED` when it is set, else the one that the test names. */
export function seedOf(fallback: number | string): number | string {
  return Deno.env.get("SIM_SEED") ?? fallback;
}
