// The list of all policies of reinjection with their names and help texts.

import type { ReinjectionPolicy } from "./reinjection.ts";
import { stragglerCopies } from "./straggler_copies.ts";

/**
 * Sends nothing twice, except what is lost.
 * @category Schedulers
 */
export const noCopies: ReinjectionPolicy = {
  forConnection: () => ({ deadline: Infinity, next: () => undefined }),
};

/**
 * A policy of reinjection that can be chosen by name.
 * @category Schedulers
 */
export interface NamedReinjection {
  /** Its name in the library. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly help: string;
  /** What decides. */
  readonly policy: ReinjectionPolicy;
}

/**
 * All policies of reinjection, the default first. A new policy needs a row here.
 *
 * @category Schedulers
 * @example The names to choose from
 * ```ts
 * import { reinjectionPolicies } from "@mpquic/mpquic";
 *
 * console.log(reinjectionPolicies.map(({ name }) => name).join(", "));
 * ```
 */
export const reinjectionPolicies: readonly NamedReinjection[] = [
  {
    name: "stragglerCopies",
    help: "copies of what another path would deliver sooner",
    policy: stragglerCopies,
  },
  { name: "noCopies", help: "nothing twice, except what is lost", policy: noCopies },
];
