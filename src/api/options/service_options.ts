// The options that the servers of one service share, or that tell them apart.

import type { BalancerConfiguration } from "../../packet/balancer_code.ts";

/**
 * What the servers of one service share, and what tells them apart. A server that is alone needs none
 * of it.
 *
 * @category Connections
 */
export interface ServiceOptions {
  /**
   * 32 bytes that seal sessions, in place of keys that follow from `secret` and change daily. Servers
   * that share the key, or a server that keeps it over restarts, accept each other's sessions.
   */
  ticketKey?: Uint8Array;
  /**
   * At least 32 random bytes, kept secret and over restarts, the same for all servers of a service.
   * Their keys follow from it: of stateless resets, so that clients learn of a crash from the first
   * packet they send (RFC 9000, Section 10.3); of sessions and of tokens that prove addresses, so that
   * each server accepts what the others gave on the day or the day before.
   *
   * An attacker that learns the secret, or the private key where there is none, can read recorded
   * 0-RTT data of the time, but nothing else of a recorded connection.
   *
   * Early data are read only by the listener that gave the session, which knows what it has read; for
   * other listeners the client sends them again after the handshake, so that an attacker cannot replay
   * them to each server once (RFC 9846, Section 8.2).
   *
   * @default {the private key, as `key` has it}
   */
  secret?: Uint8Array;
  /**
   * The name of this listener among those that share `secret`. It must differ: otherwise each can be
   * made to end the connections of the others (RFC 9000, Section 21.11).
   *
   * @default {the machine's ID, the port and the local addresses; where the machine's ID cannot be
   * read (`--allow-read=/etc/machine-id`), no key outlives the process}
   */
  instance?: string;
  /**
   * How connection IDs name this server to balancers (QUIC-LB), so that all paths of a connection lead
   * to it. New IDs are of the first configuration; those of the others are still known. With a key IDs
   * are encrypted. Without one, any observer sees which connections belong to one server, and so which
   * paths may belong to one client.
   *
   * @default {IDs that name nothing}
   */
  connectionIds?: readonly BalancerConfiguration[];
  /**
   * Which of several workers this listener is, from 0 on: processes or threads of one server that
   * share its port, each with connections of its own. See `openWorkerSockets`.
   */
  workerIndex?: number;
  /**
   * What `WorkerSockets.text` says in the program that opened the sockets of the workers. They have
   * their port and addresses already; `port` and `localAddresses` count no more.
   */
  workerSockets?: string;
}
