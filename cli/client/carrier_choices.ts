// What the user chooses about connections to servers.

import type { LogChoices } from "../flags/log_flags.ts";
import type { TransportChoices } from "../flags/transport_flags.ts";
import type { TrustChoices } from "../flags/trust_flags.ts";

/** How servers are reached, and what is expected of them. */
export interface CarrierChoices extends TransportChoices, TrustChoices, LogChoices {
  /** Milliseconds that connecting may take. */
  readonly connectTimeout: number | undefined;
  /** Use TCP where UDP does not get through. */
  readonly tcpFallback: boolean;
  /** Milliseconds to wait for UDP before that. */
  readonly fallbackDelay: number;
  /** The file of our own certificate, and that of its key, which may be the same; none if left out. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}
