// Watches the files of a certificate and its key for changes.

import { type KeyPair, type KeyPairFiles, readKeyPair } from "./certificate.ts";
import { Failure } from "../console/failure.ts";

/** Milliseconds between two looks at the files. */
const INTERVAL = 5_000;

/** Looks from time to time whether the files of a certificate and its key have changed. */
export class KeyPairWatch {
  readonly #files: KeyPairFiles;
  readonly #onChange: (renewed: KeyPair | Failure) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #last: KeyPair;
  #lastFailure = "";

  /**
   * @param files Where they are.
   * @param last What they held when they were read last.
   * @param onChange Hears of a new pair, or why what is there now cannot be used.
   * @param interval Milliseconds between two looks.
   */
  constructor(
    files: KeyPairFiles,
    last: KeyPair,
    onChange: (renewed: KeyPair | Failure) => void,
    interval = INTERVAL,
  ) {
    this.#files = files;
    this.#last = last;
    this.#onChange = onChange;
    this.#timer = setInterval(() => this.look(), interval);
    this.#timer.unref();
  }

  /** Looks at once. */
  async look(): Promise<void> {
    try {
      const pair = await readKeyPair(this.#files);
      this.#lastFailure = "";
      if (pair.cert === this.#last.cert && pair.key === this.#last.key) return;
      this.#last = pair;
      this.#onChange(pair);
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure(String(error));
      // Files are renewed one after the other, and may not fit for a while: said once.
      if (failure.message === this.#lastFailure) return;
      this.#lastFailure = failure.message;
      this.#onChange(failure);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
