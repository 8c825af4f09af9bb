// The flags of the live view, a page that shows what connections do.

import { type Flag, type FlagValues, numberValue } from "./flags.ts";

/** Whether a program has a live view. */
export interface LiveChoices {
  /** Its TCP port, 0 for any; undefined for no live view. */
  readonly live: number | undefined;
}

/** The flags for that. */
export const liveFlags: readonly Flag[] = [
  {
    name: "live",
    help: "show in a browser of this machine what each path does; the address is printed",
  },
  {
    name: "live-port",
    value: "PORT",
    help: "the TCP port of that page, say for ssh -L; implies --live (default: any)",
  },
];

/**
 * Reads these flags.
 *
 * @param given What stood on the command line.
 */
export function readLiveChoices(given: FlagValues): LiveChoices {
  const port = numberValue(given, "live-port", 0, 65_535);
  return { live: port ?? (given.values["live"] === true ? 0 : undefined) };
}
