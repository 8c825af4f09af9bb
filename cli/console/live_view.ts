// The live view of a program: a page on this machine that shows what its connections do.

import { type LiveView, serveLive } from "../../mod.ts";
import { Failure } from "./failure.ts";

/**
 * Opens the live view if the user wants one, and tells its address.
 *
 * @param port Its TCP port, 0 for any; undefined if it is not wanted.
 * @param title What the page is called.
 * @param tell Prints a line for the user.
 * @throws {Failure} If it cannot listen there.
 */
export function openLiveView(
  port: number | undefined,
  title: string,
  tell: (line: string) => void,
): LiveView | undefined {
  if (port === undefined) return undefined;
  const view = listen(port, title);
  tell(liveViewLine(view));
  return view;
}

/** What is said of the address of a view: it was not used yet. */
export function liveViewLine({ url }: LiveView): string {
  return `Live view, for one browser: ${url}`;
}

function listen(port: number, title: string): LiveView {
  try {
    return serveLive({ port, title });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new Failure(
        `Cannot show the live view at port ${port}: another program uses it; choose another with --live-port`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Failure(
        `Cannot show the live view at port ${port}: that is not allowed; choose one above 1023 with --live-port`,
      );
    }
    throw error;
  }
}
