// How threads of a program tell the thread with the live view of their connections.

// The web's own BroadcastChannel would keep the process.
import { BroadcastChannel } from "node:worker_threads";
import { backgroundInterval } from "../io/timer.ts";
import type { Collector } from "./collector.ts";
import type { ThreadReport } from "./live_report.ts";

/** The name of the channel; only threads of one process hear each other. */
const CHANNEL = "mpquic live view";

/** A word on the line. */
interface Word {
  readonly thread: string;
  readonly report: ThreadReport;
}

/**
 * Hears what other threads report.
 *
 * @param onReport Takes the thread's name and its report.
 * @returns Ends that.
 */
export function hearThreads(onReport: (thread: string, report: ThreadReport) => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.unref();
  channel.onmessage = (event: unknown) => {
    const { data } = event as MessageEvent<Word>;
    onReport(data.thread, data.report);
  };
  return () => channel.close();
}

/**
 * Reports to the thread with the live view.
 *
 * @param thread This thread's name.
 * @returns Ends that.
 */
export function reportToThread(thread: string, collector: Collector, interval: number): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.unref();
  const stop = backgroundInterval(() => {
    const word: Word = { thread, report: collector.report() };
    channel.postMessage(word);
  }, interval);
  return () => {
    stop();
    channel.close();
  };
}
