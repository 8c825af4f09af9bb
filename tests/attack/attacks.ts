import type { Attack } from "./attack.ts";
import { connectionFlood } from "./attacks/connection_flood.ts";
import { crowdedHellos } from "./attacks/crowded_hellos.ts";
import { forgedClient, forgedServer } from "./attacks/forged_chain.ts";
import { garbageInitials } from "./attacks/garbage_initials.ts";
import { hostileClientChain, hostileServerChain } from "./attacks/hostile_chain.ts";
import { noise } from "./attacks/noise.ts";
import { resetListings } from "./attacks/reset_listings.ts";
import { silenceOfMany, silenceOfOne, silenceOfPrefix } from "./attacks/silence_after_retry.ts";
import { sparseClient, sparseServer } from "./attacks/sparse_bytes.ts";
import { stalledTcp } from "./attacks/stalled_tcp.ts";
import { unreadDatagrams } from "./attacks/unread_datagrams.ts";
import { unreadResponses } from "./attacks/unread_responses.ts";

/** Every attack, in the order of the table of faults. */
export const attacks: readonly Attack[] = [
  forgedServer,
  forgedClient,
  hostileServerChain,
  hostileClientChain,
  silenceOfOne,
  silenceOfPrefix,
  silenceOfMany,
  unreadResponses,
  sparseClient,
  sparseServer,
  connectionFlood,
  resetListings,
  garbageInitials,
  unreadDatagrams,
  crowdedHellos,
  stalledTcp,
  noise,
];
