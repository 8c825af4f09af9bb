// Compares paths with each other and decides which are dead.

import { Readiness } from "../scheduler/readiness.ts";
import type { WatchContext } from "./health/watch_context.ts";
import { Health } from "./health/lifecycle.ts";
import type { Path } from "./path.ts";

/** Milliseconds of quiet on a path, while others receive, until it is asked for an answer. */
const QUIET = 1_000;
/**
 * Probe timeouts that suffice if the peer does not send again what streams lack, or sends all answers
 * by this path: while another path answers, and while none does.
 */
const STUCK_AFTER = 4;
const ALL_STUCK_AFTER = 7;
/** Probe timeouts until another path is relied on if none answers. */
const TURN_AFTER = 3;

/**
 * Idle timeouts until a dead path is abandoned, by an end that can open another and by an end that
 * cannot.
 */
const PATIENCE = 1;
const LONG_PATIENCE = 1.5;

/**
 * Tells which paths work and which are dead, by what was seen of each ({@linkcode LifeSigns}).
 *
 * @internal
 */
export class PathWatch {
  readonly #paths: readonly Path[];
  readonly #context: WatchContext;
  readonly #patience: number;

  /** @param opensPaths Whether this end may open paths; if left out, it gives none up. */
  constructor(paths: readonly Path[], context: WatchContext, opensPaths?: boolean) {
    this.#paths = paths;
    this.#context = context;
    this.#patience = opensPaths === undefined ? Infinity : opensPaths ? PATIENCE : LONG_PATIENCE;
  }

  /**
   * Something arrived on a path. Quiet paths are checked later. A silent path that was relied on
   * because no other was better is relied on no longer: the other paths carry its data.
   */
  onSeen(path: Path, now: number): void {
    path.life.onSeen(now);
    const healthy = path.readiness >= Readiness.Healthy;
    for (const other of this.#paths) {
      if (other === path) continue;
      other.life.watchUntil(now + QUIET);
      if (healthy && other.life.silentSince < Infinity && other.readiness >= Readiness.Healthy) {
        other.doubt();
      }
    }
  }

  /**
   * Another path brought an ACK. If it tells only what had arrived before the path fell silent, the
   * time that took is no sample.
   *
   * @returns Whether it is so.
   */
  isToldLate({ current, life, space }: Path, largest: number): boolean {
    const { silentSince } = life;
    const packet = space.sent.get(largest);
    if (silentSince === Infinity || packet === undefined) return false;
    if (packet.timeSent >= silentSince) return false;
    current.rtt.distrustBefore(silentSince);
    return true;
  }

  /**
   * An ACK of a path is about to be read. If all paths were silent while its packet was under way, that
   * may be no pause of a link: the peer may be busy, or this machine.
   */
  onAck(path: Path, largest: number): void {
    if (path.life.silentSince === Infinity) return;
    const packet = path.space.sent.get(largest);
    if (packet === undefined) return;
    path.current.rtt.steady.endSilence(this.#wereOthersSilent(path, packet.timeSent));
  }

  /** Whether there are other paths, and none was answered without a silence since a time. */
  #wereOthersSilent(path: Path, time: number): boolean {
    let others = 0;
    for (const other of this.#paths) {
      if (other === path || other.readiness < Readiness.Usable) continue;
      if (other.life.answersSince <= time) return false;
      others++;
    }
    return others > 0;
  }

  /**
   * An ACK named packets of a path, and came by that with the ID `by`. Behind a silence of several
   * paths the peer may not have heard what arrived by the others: it is told once more, or would send
   * all of it again.
   */
  onAnswered(path: Path, by: number, now: number): void {
    const wasSilent = path.life.silentSince < Infinity;
    path.onAnswered(by, now);
    if (!wasSilent) return;
    for (const other of this.#paths) {
      if (other !== path && other.life.silentSince < Infinity) other.space.received.repeat();
    }
  }

  /**
   * The clock has jumped, or this process stood still: answers may wait to be read, and no path is
   * to blame for the time.
   */
  onClockJump(by: number, now: number): void {
    for (const { life, loss, route } of this.#paths) {
      loss.forgive(now);
      life.onClockJump();
      route.onClockJump(by, now);
    }
  }

  /**
   * A path was quiet while others were not. It is asked for an answer if streams lack something: a
   * peer may have sent that here, and send it nowhere else before it learns that the path is dead.
   */
  look(path: Path): void {
    path.life.onLooked();
    if (
      path.readiness < Readiness.Usable || path.status === "backup" ||
      path.space.elicitingInFlight > 0
    ) return;
    if (this.#context.gapMark > 0) path.space.requestProbes();
  }

  /**
   * A probe timeout passed on a path: decides which one is suspect, and which one to rely on.
   *
   * @returns Whether the path is best abandoned. MPQUIC, Section 3.4: it also frees a peer that
   * resends nothing elsewhere before that.
   */
  onSilence(path: Path, now: number): boolean {
    const { gapMark, pathIdleTimeout } = this.#context;
    const { life, loss } = path;
    const isStuck = life.noteGap(gapMark);
    const relief =
      this.#paths.find((other) => other !== path && other.readiness >= Readiness.Healthy) ??
        this.#survivor(path) ?? this.#another(path);
    relief?.trust();
    const isHeard = life.seenAt > life.timeoutAt;
    life.onTimeout(this.#hasWitness(path), now);
    path.onProbeTimeout(relief !== undefined, now);
    if (path.health === Health.Ok || this.#isCutOff(path)) return false;
    if (now - life.aloneSince >= this.#patience * pathIdleTimeout) return true;
    const bringsAll = this.#bringsAllAnswers(path);
    if (bringsAll && !isHeard && loss.ptoCount >= ALL_STUCK_AFTER) return true;
    return (isStuck || bringsAll) && life.aloneFor >= STUCK_AFTER;
  }

  /**
   * Whether another path has shown life since the last probe timeout of this one. In a tunnel none
   * does: then this path is not at fault, and any of them may come back first. Idle paths are asked
   * for an answer, for the next time.
   */
  #hasWitness(path: Path): boolean {
    const { seenAt, silentSince, timeoutAt } = path.life;
    if (silentSince === Infinity) return this.#seenBeside(path) > seenAt;
    this.#askOthers(path);
    return this.#seenBeside(path) > timeoutAt;
  }

  /**
   * Whether another path was answered both before and after a time, so a path that was not must be
   * dead. If all paths fell silent or came back meanwhile, nothing is known of it, and the others
   * are asked for an answer, because they may only be at rest.
   */
  isWitnessed(path: Path, time: number): boolean {
    const isWitness = (other: Path) =>
      other !== path && other.readiness >= Readiness.Usable && other.life.answersSince <= time &&
      other.life.seenAt > time;
    if (this.#paths.some(isWitness)) return true;
    this.#askOthers(path);
    return false;
  }

  /** When any other path that can be used was seen last. */
  #seenBeside(path: Path): number {
    let seenAt = -Infinity;
    for (const other of this.#paths) {
      if (other !== path && other.readiness >= Readiness.Usable) {
        seenAt = Math.max(seenAt, other.life.seenAt);
      }
    }
    return seenAt;
  }

  #askOthers(path: Path): void {
    for (const other of this.#paths) {
      if (
        other === path || other.readiness < Readiness.Usable || other.space.elicitingInFlight > 0
      ) continue;
      other.space.requestProbes();
    }
  }

  /**
   * A path is abandoned. Paths whose answers came by it get another chance: a peer that answers by
   * one path for all will probably go on by the next.
   */
  onAbandoned(path: Path): void {
    const next = this.#paths.find((other) => other !== path && other.readiness >= Readiness.Usable);
    for (const other of this.#paths) {
      if (other === path || other.life.answeredBy !== path.id) continue;
      other.life.onWayGone(next?.id);
      other.loss.resetBackoff();
    }
  }

  /** Whether the answers for all paths came by this one. */
  #bringsAllAnswers(path: Path): boolean {
    return this.#paths.every((other) => {
      return other === path || other.readiness < Readiness.Usable || wasAnsweredBy(other, path);
    });
  }

  /** Whether a path may be silent because the path that brought its answers is dead. */
  #isCutOff(path: Path): boolean {
    const { answeredBy, silentSince } = path.life;
    const way = this.#paths.find(({ id }) => id === answeredBy);
    return way !== undefined && way !== path && way.readiness >= Readiness.Opening &&
      way.life.seenAt <= silentSince;
  }

  /**
   * The next path in turn, when a path that looks no better or worse than others was relied on for
   * some time: the peer may wait to hear another one.
   */
  #another(path: Path): Path | undefined {
    if (path.life.silences < TURN_AFTER || path.health !== Health.Ok) return undefined;
    const at = this.#paths.indexOf(path);
    return [...this.#paths.slice(at + 1), ...this.#paths.slice(0, at)]
      .find((other) => other.readiness >= Readiness.Usable);
  }

  /** A path that is more likely to work than this one. */
  #survivor(path: Path): Path | undefined {
    return this.#paths.find((other) =>
      other !== path && other.readiness >= Readiness.Usable && outlives(other, path)
    );
  }
}

/** Whether a path showed more life lately than another that is silent. */
function outlives(path: Path, other: Path): boolean {
  const { seenAt, silentSince } = path.life;
  if (silentSince === Infinity && seenAt > other.life.silentSince) return true;
  if (seenAt > other.life.seenAt + other.steadyTimeout) return true;
  return wasAnsweredBy(path, other);
}

/**
 * Whether the answers of a path came by another one, as those of the other did, until recently: the
 * death of the other would explain the silence of both.
 */
function wasAnsweredBy(path: Path, way: Path): boolean {
  if (path.life.answeredBy !== way.id || way.life.answeredBy !== way.id) return false;
  return path.life.seenAt + way.steadyTimeout > way.life.seenAt;
}
