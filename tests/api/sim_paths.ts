import { ConnectionPaths, type CorePathEvent } from "../../src/api/connection_paths.ts";
import type { End } from "../sim/pair.ts";

/** Events that `ConnectionPaths` does not take. */
const OTHERS = ["opened", "readable", "writable", "streamsAvailable"];

/** The public paths of one end of a simulated connection. */
export function pathsOf(end: End, now: () => number): ConnectionPaths {
  const paths = new ConnectionPaths(end.connection, () => end.touch(), now);
  const { onEvent } = end;
  end.onEvent = (event) => {
    onEvent(event);
    if (event.type === "handshakeCompleted") paths.onHandshakeCompleted();
    else if (event.type === "closed") {
      paths.end(new Error("over"), true, { closeCode: 0, by: "local" });
    } else if (!OTHERS.includes(event.type)) paths.onEvent(event as CorePathEvent);
  };
  return paths;
}
