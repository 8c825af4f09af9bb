// Asks the policy of reinjection which packets leave once more, and finds them.

import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import { bindingOf } from "../../path/address/binding.ts";
import type { Path } from "../../path/path.ts";
import type { PathSet } from "../../path/path_set.ts";
import type { SentPacket } from "../../recovery/sent_packet.ts";
import type {
  FlightPath,
  PacketCopy,
  Reinjection,
  ReinjectionContext,
  ReinjectionPolicy,
} from "../../scheduler/reinjection.ts";
import { SendHalf } from "../../stream/send_half.ts";
import { isStreamFrame } from "./copy_queue.ts";

/** Most copies of one packet; the second only if the first was lost. */
const MAX_COPIES = 2;

/** Asks a policy what is sent once more, shows it the paths, and counts the copies. */
export class Reinjector {
  readonly #paths: PathSet;
  readonly #policy: Reinjection;
  readonly #context: Mutable;
  /** The path for copies; at most one. Reused. */
  readonly #targets: Path[] = [];
  #deadline = Infinity;
  #copied = 0;

  constructor(policy: ReinjectionPolicy, paths: PathSet) {
    this.#policy = policy.forConnection();
    this.#paths = paths;
    const isCopyable = (path: FlightPath, number: number) => {
      const packet = this.#own(path)?.space.sent.get(number);
      return packet !== undefined && isStraggler(packet);
    };
    this.#context = { now: 0, stalled: false, isCopyable };
  }

  /** When a copy may be worth sending though nothing has happened. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Bytes of copies so far. */
  get copied(): number {
    return this.#copied;
  }

  /** Where the packet goes that {@linkcode next} gave. */
  get targets(): readonly Path[] {
    return this.#targets;
  }

  /**
   * A packet to copy.
   *
   * @param stalled Whether there is more to send, for which the peer gives no credit until what is
   * in flight has arrived.
   * @throws {TransportError} INTERNAL_ERROR if the policy throws or names what it was not shown.
   */
  next(stalled: boolean, now: number): SentPacket | undefined {
    this.#deadline = Infinity;
    const { paths } = this.#paths;
    if (paths.length < 2) return undefined;
    let unanswered = 0;
    for (const path of paths) {
      path.refresh(now);
      unanswered += path.unanswered;
    }
    // An end that only receives has much in flight, and nothing that could be copied.
    if (unanswered === 0) return undefined;
    this.#context.now = now;
    this.#context.stalled = stalled;
    const copy = this.#ask(paths);
    const { deadline } = this.#policy;
    this.#deadline = deadline > now ? deadline : now + 1;
    return copy && this.#take(copy);
  }

  #ask(paths: readonly Path[]): PacketCopy | undefined {
    try {
      return this.#policy.next(paths, this.#context);
    } catch (cause) {
      const message = "Cannot reinject: the policy failed";
      throw new TransportError(ErrorCode.InternalError, message, { cause });
    }
  }

  #take({ from, number, to }: PacketCopy): SentPacket {
    const target = this.#own(to);
    const packet = this.#own(from)?.space.sent.get(number);
    if (target === undefined || packet === undefined || !isStraggler(packet)) throw badChoice();
    this.#targets[0] = target;
    packet.copies++;
    this.#copied += packet.size;
    return packet;
  }

  #own(chosen: FlightPath): Path | undefined {
    for (const path of this.#paths.paths) if (path === chosen) return path;
    return undefined;
  }
}

/** The one object that is given to the policy each time. */
type Mutable = { -readonly [Key in keyof ReinjectionContext]: ReinjectionContext[Key] };

/**
 * Whether a packet with stream data is neither acknowledged nor lost, and has no copy in flight.
 */
function isStraggler(packet: SentPacket): boolean {
  if (!packet.isOutstanding || packet.isRequeued || packet.copies === MAX_COPIES) return false;
  const { frames } = packet;
  for (let i = 0; i < frames.count; i++) {
    const { owner, kind, start, end } = frames.at(i);
    if (!isStreamFrame(kind) || !(owner instanceof SendHalf)) continue;
    if (bindingOf(owner.bound) !== undefined) continue;
    if (packet.copies === 0 || owner.isInFlightOnce(start, end)) return true;
  }
  return false;
}

function badChoice(): TransportError {
  return new TransportError(
    ErrorCode.InternalError,
    "Cannot reinject: the policy named a packet or a path that it was not shown",
  );
}
