// The flags about the certificates that a client trusts.

import { UsageError } from "../console/failure.ts";
import { type Flag, type FlagValues, textValue } from "./flags.ts";

/** Which servers are trusted. */
export interface TrustChoices {
  /** Accept any certificate. */
  readonly insecure: boolean;
  /** A file of certificates to trust. */
  readonly caCert: string | undefined;
  /** A file of lists of revoked certificates; none are asked for if left out. */
  readonly crlFile: string | undefined;
}

/** The flags for that. */
export const trustFlags: readonly Flag[] = [
  { name: "cacert", value: "FILE", help: "trust the certificates in FILE (PEM)" },
  { name: "insecure", short: "k", help: "accept any certificate; for experiments only" },
  {
    name: "crlfile",
    value: "FILE",
    help: "refuse certificates that the lists in FILE (PEM) name as revoked, or do not cover",
  },
];

/**
 * Reads these flags.
 *
 * @param given What stood on the command line.
 */
export function readTrustChoices(given: FlagValues): TrustChoices {
  const insecure = given.values["insecure"] === true;
  const caCert = textValue(given, "cacert");
  const crlFile = textValue(given, "crlfile");
  if (insecure && crlFile !== undefined) {
    throw new UsageError(
      "Cannot use --insecure and --crlfile together: lists count for certificates that are judged",
    );
  }
  if (insecure && caCert !== undefined) {
    throw new UsageError("Cannot use --insecure and --cacert together: give one of them, not both");
  }
  return { insecure, caCert, crlFile };
}
