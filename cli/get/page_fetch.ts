// Fetches what a page loads, as a browser would, and drops it.

import { findResources } from "../http/html_resources.ts";
import { exchange, ownGet } from "./exchange.ts";
import type { GetContext } from "./get_context.ts";

/** How many resources of a page are under way at once. */
const AT_ONCE = 32;

/** What has come of the resources of pages. */
export interface PageCounts {
  /** Bytes of their bodies so far. */
  bytes: number;
}

/**
 * Fetches the scripts, style sheets and images of a page.
 *
 * @param page Its text.
 * @param url Where it is from.
 * @param context What all transfers have in common.
 * @param counts Counts what comes.
 * @param fail Hears of each that fails: the exit code and a sentence.
 */
export async function fetchPage(
  page: string,
  url: URL,
  context: GetContext,
  counts: PageCounts,
  fail: (exitCode: number, message: string) => void,
): Promise<void> {
  const waiting = [...findResources(page, url)];
  const fetchOne = async (one: URL) => {
    try {
      const headers = context.maker.headersFor(undefined);
      const { response } = await exchange(ownGet(one, headers), context.exchangeOptions);
      let length = 0;
      for await (const chunk of response.body ?? []) {
        length += chunk.length;
        counts.bytes += chunk.length;
      }
      if (!response.ok) context.say(`${response.status} ${one.href} ${length} bytes`);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      const { curlCode, message } = context.explain(error, one);
      fail(curlCode, message);
    }
  };
  const worker = async () => {
    for (let one; (one = waiting.shift());) {
      if (context.signal.aborted) return;
      await fetchOne(one);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
