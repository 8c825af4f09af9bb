// The paths of a connection that a coupled controller looks at together.

/**
 * What a path tells the others of its group. Sizes in bytes, times in ms.
 *
 * @category Congestion control
 */
export interface CoupledPath {
  /** The congestion window. */
  readonly window: number;
  /** The smoothed round-trip time; 0 before the first sample. */
  readonly smoothedRtt: number;
  /** The larger of the bytes delivered between the last two losses and since the last one. */
  readonly lossInterval: number;
}

/**
 * The paths of one connection whose windows grow together (LIA, OLIA, BALIA).
 *
 * A path joins when its controller is made and leaves when that is closed; only paths that have
 * measured a round-trip time count.
 *
 * @example Couple the paths of a connection
 * ```ts
 * import { CouplingGroup, type ControllerOptions } from "@mpquic/mpquic";
 *
 * const group = new CouplingGroup();
 * const couple = (options: ControllerOptions) => ({ ...options, group });
 * ```
 *
 * @category Congestion control
 */
export class CouplingGroup {
  readonly #members: CoupledPath[] = [];

  /** The paths in the group, in the order they joined. */
  get members(): readonly CoupledPath[] {
    return this.#members;
  }

  /** Adds a path. */
  join(path: CoupledPath): void {
    if (!this.#members.includes(path)) this.#members.push(path);
  }

  /** Removes a path. */
  leave(path: CoupledPath): void {
    const index = this.#members.indexOf(path);
    if (index >= 0) this.#members.splice(index, 1);
  }
}
