// The workers of a server: threads that share its sockets, each with connections of its own.

import { opensNative } from "../io/open_socket.ts";
import { SystemRandom } from "../io/random.ts";
import type { StrayDatagram } from "../io/worker_seat.ts";
import { ReplayMemory } from "../endpoint/replay_memory.ts";
import { RESTART_TIME } from "../limits/limits.ts";
import { MAX_WORKERS } from "../packet/worker_mask.ts";
import { CrewMember, type CrewMemberListener } from "./crew_member.ts";
import type { Order } from "./crew_message.ts";
import type { BalancerConfiguration } from "../packet/balancer_code.ts";
import { replaceConfigurations } from "./options/connection_ids.ts";
import { type CertificateOptions, CredentialSet } from "./options/credentials.ts";
import type { ListenOptions } from "./options/options.ts";
import { resetKeyOf } from "./options/reset_key.ts";
import { serviceSecretOf } from "./options/service_secret.ts";
import { RestartPause } from "./restart_pause.ts";
import { Rota } from "./rota.ts";
import { type ListenerStats, sumStats } from "./stats/listener_stats.ts";
import { WorkerGroups } from "./worker_groups.ts";

/** Workers at most: each has a second place, for the one that takes over from it. */
export const MOST_WORKERS = MAX_WORKERS / 2;
/** Milliseconds that new clients get to come out of the socket of a worker that is replaced. */
const LAST_CALL = 100;
/** Milliseconds after which a worker that is replaced ends, whatever its clients still do. */
const LONGEST_LEAVE = 60_000;

const utf8 = new TextEncoder();

/** What a crew is made from. */
export interface CrewOptions {
  /** What the threads run. */
  readonly module: URL;
  /** How many workers. */
  readonly count: number;
  /** What they listen with. */
  readonly listen: ListenOptions;
  /** The same and more, for the threads: whatever can be copied to them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the application gives its workers. */
  readonly data: unknown;
  /** Hears why a worker has died; it is replaced. */
  readonly onWorkerError?: ((message: string) => void) | undefined;
}

/**
 * The workers of a server: threads that share its sockets, each with connections of its own. The
 * kernel gives each datagram to the worker that its connection ID names, and new clients to those
 * that accept.
 *
 * A worker keeps its number. One that takes over from it has another, so that both serve their
 * connections side by side until the first has none left.
 */
export class Crew implements CrewMemberListener {
  /** Whether there is one worker only, since the system's sockets cannot be shared here. */
  readonly isAlone: boolean;
  readonly #options: CrewOptions;
  readonly #groups: WorkerGroups;
  readonly #replayMemory = ReplayMemory.create(ReplayMemory.newName(new SystemRandom()), true);
  readonly #members = new Map<number, CrewMember>();
  readonly #rota: Rota;
  readonly #pauses = new RestartPause();
  /** Those that only reset the connections of others that died while they finished. */
  readonly #standIns = new Set<CrewMember>();
  /** What is to be done later. */
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  /** What workers that are gone have counted. */
  #past: readonly ListenerStats[] = [];
  readonly #finished = Promise.withResolvers<void>();
  readonly #credentials: CredentialSet;
  #certificates: CertificateOptions | undefined;
  #connectionIds: readonly BalancerConfiguration[] | undefined;
  #addrs: readonly Deno.NetAddr[] = [];
  #replacing: Promise<void> = Promise.resolve();
  #isStopping = false;

  /**
   * Opens the sockets.
   *
   * @throws What `Deno.listenDatagram` throws where the system refuses.
   */
  constructor(options: CrewOptions) {
    const { count, listen } = options;
    if (!Number.isInteger(count) || count < 1 || count > MOST_WORKERS) {
      throw new TypeError(
        `Cannot start ${count} workers: give a whole number from 1 to ${MOST_WORKERS}`,
      );
    }
    this.#credentials = new CredentialSet(listen);
    this.#connectionIds = listen.connectionIds;
    this.#rota = new Rota(count);
    this.isAlone = !opensNative(listen.native);
    this.#groups = new WorkerGroups(listen, this.isAlone ? 0 : 2 * count);
    this.#options = { ...options, listen: settled(listen, this.#groups.addrs[0]?.port) };
  }

  /** Where the workers listen. */
  get addrs(): readonly Deno.NetAddr[] {
    return this.#addrs;
  }

  /** Resolves when all workers have ended. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** What all clients hold and held. */
  get stats(): ListenerStats | undefined {
    const present = [...this.#members.values()].map(({ stats }) => stats);
    return sumStats(present.filter((stats) => stats !== undefined), this.#past);
  }

  /**
   * Starts all workers.
   *
   * @throws What the first of them says that cannot start.
   */
  async start(): Promise<void> {
    try {
      const count = this.isAlone ? 1 : this.#options.count;
      const numbers = Array.from({ length: count }, (_, number) => number);
      const addrs = await Promise.all(numbers.map((number) => this.#launch(number).ready));
      this.#addrs = addrs[0]!;
      for (const number of numbers) this.#rota.assign(number, number);
      this.#steer();
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** Whether the certificate that clients are shown now is good for a host. */
  covers(hostname: string): boolean {
    return this.#credentials.covers(hostname, hostname);
  }

  /**
   * New handshakes show other certificates, in all workers.
   *
   * @throws {TypeError} Which one cannot be read; all stays as it was.
   */
  setCertificates(certificates: CertificateOptions): void {
    this.#credentials.replace(certificates);
    this.#certificates = certificates;
    for (const member of this.#members.values()) {
      member.tell({ kind: "certificates", certificates });
    }
  }

  /**
   * Names the server otherwise in connection IDs.
   *
   * @throws {TypeError} What cannot be used, and why; all stays as it was.
   */
  setConnectionIds(configurations: readonly BalancerConfiguration[]): void {
    replaceConfigurations(this.#groups.idLayout, configurations);
    this.#connectionIds = configurations;
    for (const member of this.#members.values()) {
      member.tell({ kind: "connectionIds", configurations });
    }
  }

  /**
   * Replaces the workers one by one. Each serves its connections to their end, while another one gets
   * the new clients.
   *
   * @throws {TypeError} If there is one worker only.
   */
  replace(): Promise<void> {
    if (this.isAlone) {
      return Promise.reject(
        new TypeError("Cannot replace the worker: it is alone, and has the socket to itself"),
      );
    }
    const replacing = this.#replacing.then(() => this.#replaceAll());
    this.#replacing = replacing.catch(() => {});
    return replacing;
  }

  /** Takes no more connections, and ends when those there are have nothing more to do. */
  async shutdown(): Promise<void> {
    this.#isStopping = true;
    const members = [...this.#members.values()];
    for (const member of members) member.drain();
    await Promise.all(members.map(({ ended }) => ended));
    this.terminate();
  }

  /** Ends all connections. */
  close(): void {
    for (const member of this.#members.values()) member.tell({ kind: "close" });
  }

  /** Ends all threads at once. */
  terminate(): void {
    this.#isStopping = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const member of this.#members.values()) member.terminate();
    this.#members.clear();
    this.#groups.close();
    this.#finished.resolve();
  }

  /**
   * What names a worker that is gone was sent by a client that has not heard of the end, as where the
   * last datagram to it was lost: it gets a reset from the worker that it met.
   */
  onStray(member: CrewMember, stray: StrayDatagram): void {
    const owner = this.#members.get(stray.worker);
    if (owner !== undefined) owner.tell({ kind: "datagram", stray });
    else member.tell({ kind: "datagram", stray: { ...stray, isOrphan: true } });
  }

  onDeath(member: CrewMember, message: string): void {
    this.#forget(member);
    this.#onEnd(member, message);
  }

  /** A worker has died, or could not start: another one takes its place. */
  #onEnd({ age, number }: CrewMember, message: string): void {
    if (this.#isStopping) return this.#options.onWorkerError?.(message);
    const pause = this.#pauses.after(number, age);
    const again = pause === 0 ? "" : `; it is started again in ${pause / 1_000} s`;
    this.#options.onWorkerError?.(`${message}${again}`);
    this.#rota.suspend(number);
    if (pause === 0) this.#revive(number);
    else this.#later(() => this.#revive(number), pause);
  }

  /**
   * Starts a worker in place of one that died. What the connections of that one get waits in the
   * socket, and the new worker resets them; also those of a worker that had been replaced, and was
   * only finishing. New clients wait there if no other worker takes them.
   */
  async #revive(number: number): Promise<void> {
    // Another one may have got the place of one that was only finishing.
    if (this.#members.has(number)) return;
    const member = this.#launch(number);
    try {
      this.#steer();
      await member.ready;
      if (this.#isStopping) return;
      const share = this.#rota.shareOf(number);
      if (share >= 0) this.#rota.assign(share, number);
      else this.#standIn(member);
      this.#steer();
    } catch (error) {
      if (!this.#isStopping) this.#onEnd(member, (error as Error).message);
    }
  }

  /** A worker stays until clients have heard of the death of the one before, or its place is wanted. */
  #standIn(member: CrewMember): void {
    this.#standIns.add(member);
    member.ended.then(() => this.#standIns.delete(member));
    this.#later(() => this.#retire(member), RESTART_TIME);
  }

  /** Does something later, unless all ends before. */
  #later(action: () => void, milliseconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#isStopping) action();
    }, milliseconds);
    this.#timers.add(timer);
  }

  async #replaceAll(): Promise<void> {
    for (const number of this.#rota.numbers) {
      if (this.#isStopping) return;
      const successor = await this.#freeNumber();
      await this.#launch(successor).ready;
      const member = this.#members.get(number);
      this.#rota.assign(this.#rota.shareOf(number), successor);
      this.#steer();
      if (member !== undefined) this.#retire(member);
    }
  }

  async #freeNumber(): Promise<number> {
    for (;;) {
      for (let number = 0; number < 2 * this.#options.count; number++) {
        if (!this.#members.has(number) && !this.#rota.numbers.includes(number)) return number;
      }
      // Its successor at this place goes on with what it did.
      for (const member of this.#standIns) member.terminate();
      await Promise.race([...this.#members.values()].map(({ ended }) => ended));
    }
  }

  #retire(member: CrewMember): void {
    const call = setTimeout(() => member.drain(), LAST_CALL);
    const end = setTimeout(() => member.terminate(), LONGEST_LEAVE);
    member.ended.then(() => {
      clearTimeout(call);
      clearTimeout(end);
      this.#forget(member);
      if (!this.#isStopping) this.#steer();
    });
  }

  #forget(member: CrewMember): void {
    if (this.#members.get(member.number) !== member) return;
    this.#members.delete(member.number);
    if (member.stats !== undefined) this.#past = [sumStats([], [...this.#past, member.stats])!];
  }

  #launch(number: number): CrewMember {
    const { data, listen, module, options } = this.#options;
    const sockets = this.#groups.socketsOf(number);
    const order: Order = {
      kind: "start",
      seat: this.isAlone
        ? undefined
        : { number, sockets, replayMemory: this.#replayMemory.buffer as SharedArrayBuffer },
      options: {
        ...options,
        ...certificatesOf(this.#certificates ?? listen),
        port: this.isAlone && this.#addrs.length > 0 ? this.#addrs[0]!.port : listen.port,
        secret: listen.secret,
        ...(this.#connectionIds && { connectionIds: this.#connectionIds }),
        instance: listen.instance,
        ...(this.isAlone ? {} : { localAddresses: sockets.map(({ hostname }) => hostname) }),
      },
      data,
    };
    const member = new CrewMember(module, number, order, this);
    this.#members.set(number, member);
    member.ended.then(() => this.#forget(member));
    return member;
  }

  /** Tells the kernel which workers there are. */
  #steer(): void {
    if (this.isAlone) return;
    const open = [...new Set([...this.#members.keys(), ...this.#rota.numbers])];
    this.#groups.steer(open, this.#rota.turns);
  }
}

/** The options with what all workers must have alike, now and after certificates have changed. */
function settled(listen: ListenOptions, port = listen.port): ListenOptions {
  const secret = listen.secret ?? utf8.encode(listen.key.trim());
  const own = { ...listen, port, secret };
  const isKnown = resetKeyOf(serviceSecretOf(own), own) !== undefined;
  return isKnown ? own : { ...own, instance: crypto.randomUUID() };
}

function certificatesOf({ cert, certificates, key }: CertificateOptions): CertificateOptions {
  return { cert, key, ...(certificates && { certificates }) };
}
