// What the transfers of one run of get have in common.

import type { Failure } from "../console/failure.ts";
import type { CarrierPool } from "./carrier_pool.ts";
import type { ExchangeOptions } from "./exchange.ts";
import type { GetOptions } from "./get_options.ts";
import type { RequestMaker } from "./request_maker.ts";

/** What a transfer is given by the run that it belongs to. */
export interface GetContext {
  /** What the user wants. */
  readonly options: GetOptions;
  /** What is printed after each transfer; undefined for nothing. */
  readonly format: string | undefined;
  /** Makes the requests. */
  readonly maker: RequestMaker;
  /** The connections. */
  readonly pool: CarrierPool;
  /** How requests are sent. */
  readonly exchangeOptions: ExchangeOptions;
  /** Takes a line for people. */
  readonly say: (line: string) => void;
  /** The failure that an error of a transfer is. */
  readonly explain: (error: unknown, url: URL) => Failure;
  /** Takes a line about a failure. */
  readonly tellError: (line: string) => void;
  /** Whether folders that are missing are made. */
  readonly createsFolders: boolean;
  /** Whether files get the date that they have at the server. */
  readonly keepsTimes: boolean;
  /** Ends everything. */
  readonly signal: AbortSignal;
}
