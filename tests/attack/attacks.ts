import type { Attack } from "./attack.ts";
import { forgedClient, forgedServer } from "./attacks/forged_chain.ts";
import { hostileClientChain, hostileServerChain } from "./attacks/hostile_chain.ts";

/** Every attack, in the order of the table of faults. */
export const attacks: readonly Attack[] = [
  forgedServer,
  forgedClient,
  hostileServerChain,
  hostileClientChain,
];
