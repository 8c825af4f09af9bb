// Fetches a resource over HTTP/3: `fetch`.

import { MultipathConnection } from "../api/multipath_connection.ts";
import { createFetch } from "../http3/client/fetcher.ts";
import type { FetchInit } from "../http3/options.ts";
import { fetchOverTcp } from "./fetch_over_tcp.ts";

const fetchOverMultipath = createFetch(
  (options) => MultipathConnection.connect(options),
  fetchOverTcp,
);

/**
 * Fetches a resource over HTTP/3, on as many network paths as there are.
 *
 * It is used as the platform's `fetch`, but content comes as the server sent it: none is asked to be
 * compressed, and none is decompressed. Connections are kept for further requests with the same
 * options, for `idleTimeout` milliseconds after the last one.
 *
 * @param input An https URL, or a request for one.
 * @param init What the platform's `fetch` takes, how to connect, and what HTTP/3 adds.
 * @returns The response, once its fields are there; its body comes as it is read.
 * @throws {TypeError} If the URL is not https, a redirect cannot be followed, or what is to carry the
 * request cannot honour an option about trust.
 *
 * @example
 * ```ts ignore
 * import { fetch } from "@mpquic/mpquic";
 *
 * const response = await fetch("https://example.com/", { localAddresses: ["eth0", "wlan0"] });
 * console.log(response.status, await response.text());
 * ```
 *
 * @category HTTP/3
 */
export function fetch(input: string | URL | Request, init?: FetchInit): Promise<Response> {
  return fetchOverMultipath(input, init);
}
