// What the workers of a server derive from its secret.

import type { ServiceSecret } from "../../crypto/service_secret.ts";
import { WorkerMask } from "../../packet/worker_mask.ts";

/** What hides the numbers of workers in connection IDs. */
export function workerMaskOf(secret: ServiceSecret): WorkerMask {
  return new WorkerMask(secret.key("worker"));
}

/** What spreads new clients over workers: a number that no client knows. */
export function spreadOf(secret: ServiceSecret): number {
  return new DataView(secret.key("spread").buffer).getUint32(0);
}
