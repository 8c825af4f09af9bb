// Events about paths in qlog traces.

import { toHex } from "../../bytes/bytes.ts";
import { Health, Stage } from "../../path/health/lifecycle.ts";
import type { EcnState } from "../../path/network/ecn_validation.ts";
import type { NetworkPath } from "../../path/network/network_path.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { SentPacket } from "../../recovery/sent_packet.ts";
import type { Qlog } from "../../qlog/qlog.ts";

const stageNames = ["opening", "open", "abandoned", "closed"];
const healthNames = ["ok", "suspect", "failed"];

/** Hears of a 1-RTT packet that counts as lost. */
export type PathLossListener = (path: Path, packet: SentPacket, byNumber: boolean) => void;

/** What was last told of a path. */
class Seen {
  stage: Stage | -1 = -1;
  health: Health = Health.Ok;
  local = "available";
  remote = "available";
  id: Uint8Array | undefined = undefined;
  current: NetworkPath | undefined = undefined;
  candidate: NetworkPath | undefined = undefined;
  isValidating = false;
  ptoCount = 0;
  mtu = 0;
  congestion = "";
  threshold = Infinity;
  ecn: EcnState = "not supported";
  congestionMarks = 0;
  window = 0;
  latest = 0;
  smoothed = 0;
  min = Infinity;
}

/** Notes what changed on the paths, by looking at them now and again. */
export class PathLog {
  readonly #qlog: Qlog;
  readonly #paths: PathSet;
  readonly #onLost: PathLossListener;
  readonly #seen = new Map<Path, Seen>();
  readonly #tuples = new WeakMap<NetworkPath, string>();
  #tupleCount = 0;

  /** @param onLost Hears of packets that are declared lost on any path. */
  constructor(qlog: Qlog, paths: PathSet, onLost: PathLossListener) {
    this.#onLost = onLost;
    this.#qlog = qlog;
    this.#paths = paths;
  }

  /** The name of a 4-tuple; a new one is introduced. */
  tuple(path: Path, network: NetworkPath, now: number): string {
    const known = this.#tuples.get(network);
    if (known !== undefined) return known;
    // The draft gives the 4-tuple of the handshake the empty name.
    const name = this.#tupleCount === 0 ? "" : String(this.#tupleCount);
    this.#tupleCount++;
    this.#tuples.set(network, name);
    const { remote } = path.slot;
    const id = remote.usable ? toHex(remote.current) : undefined;
    this.#qlog.tupleAssigned(now, name, path.id, network.port.address, network.remote, id);
    return name;
  }

  /** Writes what is new. */
  follow(now: number): void {
    const { paths } = this.#paths;
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      let seen = this.#seen.get(path);
      if (seen === undefined) this.#seen.set(path, seen = this.#meet(path));
      this.#followPath(path, seen, now);
    }
    if (this.#seen.size > paths.length) this.#forget(now);
  }

  #meet(path: Path): Seen {
    path.space.observeLosses((packet, byNumber) => this.#onLost(path, packet, byNumber));
    return new Seen();
  }

  /** Paths that are no longer in the set are closed. */
  #forget(now: number): void {
    for (const [path, seen] of this.#seen) {
      if (this.#paths.paths.includes(path)) continue;
      this.#followPath(path, seen, now);
      this.#seen.delete(path);
    }
  }

  #followPath(path: Path, seen: Seen, now: number): void {
    const { current } = path;
    const tuple = this.tuple(path, current, now);
    if (seen.current !== current) this.#onTuple(path, seen, tuple, now);
    if (seen.candidate !== path.route.candidate) this.#onCandidate(path, seen, now);
    if (seen.stage !== path.stage) this.#onStage(path, seen, tuple, now);
    this.#followWishes(path, seen, tuple, now);
    if (path.slot.remote.usable && seen.id !== path.slot.remote.current) {
      const { current: id } = path.slot.remote;
      if (seen.id !== undefined) {
        this.#qlog.connectionId(now, tuple, toHex(seen.id), toHex(id));
      }
      seen.id = id;
    }
    if (seen.isValidating !== current.validation.pending) {
      this.#onValidation(path, seen, tuple, now);
    }
    this.#followRecovery(path, current, seen, tuple, now);
  }

  /** A path is new, or moved to another 4-tuple. */
  #onTuple(path: Path, seen: Seen, tuple: string, now: number): void {
    const { current } = path;
    if (seen.current !== undefined) {
      this.#qlog.migration(now, tuple, path.id, "migration_complete", current.remote);
    }
    seen.current = current;
    seen.congestion = "";
    seen.mtu = current.mtu.current;
    seen.threshold = Infinity;
    seen.ecn = "not supported";
    seen.congestionMarks = 0;
    seen.isValidating = false;
    this.#qlog.recoveryParameters(now, tuple, {
      "reordering_threshold": 3,
      "time_threshold": 9 / 8,
      "timer_granularity": 1,
      "initial_rtt": current.rtt.smoothed,
      "max_datagram_size": current.mtu.current,
      "initial_congestion_window": current.congestion.window,
      "minimum_congestion_window": 2 * current.mtu.current,
      "persistent_congestion_threshold": 3,
    });
  }

  #onCandidate(path: Path, seen: Seen, now: number): void {
    const old = seen.candidate;
    seen.candidate = path.route.candidate;
    if (old !== undefined && old !== path.current && old !== path.route.previous) {
      const name = this.tuple(path, old, now);
      this.#qlog.migration(now, name, path.id, "probing_abandoned", old.remote);
    }
    if (path.route.candidate === undefined) return;
    const tuple = this.tuple(path, path.route.candidate, now);
    this.#qlog.migration(now, tuple, path.id, "probing_started", path.route.candidate.remote);
  }

  #onStage(path: Path, seen: Seen, tuple: string, now: number): void {
    seen.stage = path.stage;
    const code = path.stage >= Stage.Abandoned ? path.slot.abandonCode : -1;
    this.#qlog.pathState(now, tuple, path.id, stageNames[path.stage]!, code);
    if (path.stage === Stage.Closed) this.#qlog.tupleAssigned(now, tuple, path.id);
  }

  #followWishes(path: Path, seen: Seen, tuple: string, now: number): void {
    const { status } = path.slot;
    if (seen.local !== status.local) {
      this.#qlog.pathStatus(now, tuple, path.id, true, seen.local = status.local);
    }
    if (seen.remote !== status.remote) {
      this.#qlog.pathStatus(now, tuple, path.id, false, seen.remote = status.remote);
    }
    if (seen.health === path.health) return;
    seen.health = path.health;
    this.#qlog.pathHealth(now, tuple, path.id, healthNames[path.health]!);
  }

  #onValidation({ current }: Path, seen: Seen, tuple: string, now: number): void {
    seen.isValidating = current.validation.pending;
    const change = seen.isValidating ? "set" : current.validated ? "cancelled" : "expired";
    const delta = seen.isValidating ? current.validation.deadline - now : Infinity;
    this.#qlog.timer(now, tuple, "path_validation", change, delta);
  }

  #followRecovery(path: Path, current: NetworkPath, seen: Seen, tuple: string, now: number): void {
    const { rtt, congestion, mtu } = current;
    const { ptoCount } = path.loss;
    const hasMetrics = seen.latest !== rtt.latest || seen.smoothed !== rtt.smoothed ||
      seen.window !== congestion.window || seen.ptoCount !== ptoCount ||
      seen.threshold !== congestion.slowStartThreshold || seen.min !== rtt.min;
    if (seen.mtu !== mtu.current) {
      this.#qlog.mtu(now, tuple, seen.mtu, mtu.current);
      seen.mtu = mtu.current;
    }
    if (seen.ecn !== current.ecn.state) this.#onEcn(current, seen, tuple, now);
    if (!hasMetrics) return;
    if (ptoCount > seen.ptoCount) this.#qlog.timer(now, tuple, "pto", "expired");
    this.#writeMetrics(path, current, seen, tuple, now);
    this.#followCongestion(current, seen, tuple, now);
    seen.window = congestion.window;
    seen.threshold = congestion.slowStartThreshold;
  }

  #onEcn({ ecn }: NetworkPath, seen: Seen, tuple: string, now: number): void {
    const old = seen.ecn === "not supported" ? "" : seen.ecn;
    this.#qlog.ecnState(now, tuple, old, seen.ecn = ecn.state);
  }

  #writeMetrics(path: Path, current: NetworkPath, seen: Seen, tuple: string, now: number): void {
    const { rtt, congestion } = current;
    const json = this.#qlog.beginMetrics(now, tuple);
    if (seen.latest !== rtt.latest || seen.smoothed !== rtt.smoothed || seen.min !== rtt.min) {
      json.time("min_rtt", rtt.min).time("smoothed_rtt", rtt.smoothed);
      if (rtt.latest > 0) json.time("latest_rtt", rtt.latest);
      json.time("rtt_variance", rtt.variation);
      seen.latest = rtt.latest;
      seen.smoothed = rtt.smoothed;
      seen.min = rtt.min;
    }
    if (seen.ptoCount !== path.loss.ptoCount) json.number("pto_count", path.loss.ptoCount);
    seen.ptoCount = path.loss.ptoCount;
    json.number("congestion_window", Math.floor(congestion.window));
    json.number("bytes_in_flight", current.bytesInFlight);
    if (seen.threshold !== congestion.slowStartThreshold) {
      json.number("ssthresh", Math.floor(congestion.slowStartThreshold));
    }
    // Bytes per millisecond here, bits per second there.
    if (congestion.pacingRate > 0) {
      json.number("pacing_rate", Math.floor(congestion.pacingRate * 8_000));
    }
    this.#qlog.end();
  }

  /** A threshold that fell tells of a loss or a mark; a window that grows after it, that it is made good. */
  #followCongestion(
    { congestion, ecn }: NetworkPath,
    seen: Seen,
    tuple: string,
    now: number,
  ): void {
    const fell = congestion.slowStartThreshold < seen.threshold;
    let state = seen.congestion;
    if (congestion.inSlowStart) state = "slow_start";
    else if (fell) state = "recovery";
    else if (state !== "recovery" || congestion.window > seen.window) {
      state = "congestion_avoidance";
    }
    if (state === seen.congestion) return;
    const cause = ecn.congested > seen.congestionMarks ? "ecn" : "loss";
    seen.congestionMarks = ecn.congested;
    const trigger = fell && seen.congestion !== "" ? cause : "";
    this.#qlog.congestionState(now, tuple, seen.congestion, state, trigger);
    seen.congestion = state;
  }
}
