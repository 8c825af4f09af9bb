// What a crew and its workers say to each other.

import type { BalancerConfiguration } from "../packet/balancer_code.ts";
import type { CertificateOptions } from "./options/credentials.ts";
import type { ListenerStats } from "./stats/listener_stats.ts";
import type { StrayDatagram, WorkerSeat } from "../io/worker_seat.ts";

/** What a thread can be given: no functions. */
export type SeatMessage = Omit<WorkerSeat, "handOn">;

/** What a crew says to a worker. */
export type Order =
  | {
    readonly kind: "start";
    /** Missing where the worker is the only one, and opens its own sockets. */
    readonly seat: SeatMessage | undefined;
    /** What all workers listen with. */
    readonly options: Record<string, unknown>;
    /** What the application gives its workers. */
    readonly data: unknown;
  }
  | { readonly kind: "certificates"; readonly certificates: CertificateOptions }
  | { readonly kind: "connectionIds"; readonly configurations: readonly BalancerConfiguration[] }
  | { readonly kind: "datagram"; readonly stray: StrayDatagram }
  /** Take no more connections, and end when those there are have nothing more to do. */
  | { readonly kind: "drain" }
  /** End all connections. */
  | { readonly kind: "close" };

/** What a worker says to its crew. */
export type Report =
  | { readonly kind: "ready"; readonly addrs: readonly Deno.NetAddr[] }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "stats"; readonly stats: ListenerStats }
  | { readonly kind: "datagram"; readonly stray: StrayDatagram }
  | { readonly kind: "ended" };
