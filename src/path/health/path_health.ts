// The health of a path.

import { LifeSigns } from "./life_signs.ts";
import { Health } from "./lifecycle.ts";

/** Probe timeouts in a row after which a path counts as failed. */
const FAILED_AFTER = 6;

/** Whether one path is trusted to be answered, and by which signs. `PathWatch` compares paths. */
export class PathHealth {
  readonly signs: LifeSigns = new LifeSigns();
  /** Whether the path is suspect or failed. */
  isDoubted = false;
  #state: Health = Health.Ok;
  /** The health that the application was told last. */
  #told: Health = Health.Ok;

  get state(): Health {
    return this.#state;
  }

  /** The path is no longer suspect; returns whether it was. */
  trust(): boolean {
    if (this.#state === Health.Ok) return false;
    this.#state = Health.Ok;
    this.isDoubted = false;
    this.signs.onTrusted();
    return true;
  }

  /** The path is suspect, or has failed after many probe timeouts in a row. */
  doubt(timeouts: number): void {
    this.isDoubted = true;
    this.#state = timeouts >= FAILED_AFTER ? Health.Failed : Health.Suspect;
  }

  /** Whether the application was told of another health; asked once for each change. */
  takeNews(): boolean {
    if (this.#state === this.#told) return false;
    this.#told = this.#state;
    return true;
  }
}
