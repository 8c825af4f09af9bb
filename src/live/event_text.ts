// Sentences about what happens to paths and connections.

import type { CloseInfo } from "../api/options/options.ts";
import type { PathEvent } from "../api/path/path_events.ts";
import { ErrorCode, errorCodeName } from "../error/error_code.ts";
import type { EventTone } from "./live_report.ts";
import { placeText, plainText } from "./plain_text.ts";

/** An event of a path as those hear it that watch. */
export type WatchedEvent = Omit<PathEvent, "sequence">;

/** What is told of an event. */
export interface EventText {
  readonly tone: EventTone;
  readonly text: string;
}

/** Tells what happened to a path, apart from its health and status, which come and go. */
export function pathEventText(event: WatchedEvent, silence: number | undefined): EventText {
  const { type, stats } = event;
  const way = `${placeText(stats.localAddr)} to ${placeText(stats.remoteAddr)}`;
  switch (type) {
    case "opened": {
      const use = stats.status === "backup" ? "is there as a backup" : "works";
      return { tone: "good", text: `${use}: ${way}` };
    }
    case "moved":
      return { tone: "plain", text: `has moved: ${way}` };
    case "closed":
      return { tone: "bad", text: `is given up: ${pathEndText(event, silence)}` };
    case "failed":
      return { tone: "bad", text: `cannot be opened: ${pathEndText(event, silence)}` };
    default: {
      const seen = stats.observedAddr && placeText(stats.observedAddr);
      return { tone: "plain", text: `is seen by the peer as ${seen}` };
    }
  }
}

/**
 * Why a path was closed, and by which end.
 *
 * @param silence Milliseconds for which nothing had answered on it.
 */
export function pathEndText({ closeInfo }: WatchedEvent, silence: number | undefined): string {
  const { closeCode = 0, by = "local" } = closeInfo ?? {};
  if (closeCode === 0) return "the connection is over";
  if (by === "local" && silence !== undefined) return `no answer for ${secondsText(silence)}`;
  const reason = reasons.get(closeCode) ?? errorCodeName(closeCode);
  return by === "peer" ? `the peer says that ${reason}` : reason;
}

/** Why a connection is over: in order, or by a failure. */
export function endText(info: CloseInfo | Error | undefined): string {
  if (info === undefined) return "closed";
  if (info instanceof Error) return plainText(info.message.replace(/^Cannot go on: /, ""));
  const { closeCode, reason } = info;
  return plainText(`closed in order, code ${closeCode}${reason === "" ? "" : `, "${reason}"`}`);
}

/** Such as `3.2 s`. */
export function secondsText(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

/** What codes of paths mean (MPQUIC, Section 4.2). */
const reasons: ReadonlyMap<number, string> = new Map([
  [ErrorCode.ApplicationAbandonPath, "the application does not want it any more"],
  [ErrorCode.PathResourceLimitReached, "there is no room for it"],
  [ErrorCode.PathUnstableOrPoor, "it does not carry enough"],
  [ErrorCode.NoCidAvailableForPath, "there is no connection ID for it"],
]);
