/** What a process has used at one moment. */
export interface Sample {
  /** Memory that it holds, in bytes. */
  readonly memory: number;
  /** Processor time since it began, in milliseconds. */
  readonly cpu: number;
}

/** Ticks per second in which the kernel counts processor time for programs (USER_HZ). */
const TICKS = 100;
const INTERVAL = 100;

/** Watches the memory and the processor time of a process, as Linux tells them. */
export class ProcessMeter implements Disposable {
  /** The most memory seen since `restart()`, in bytes. */
  peak = 0;
  readonly #id: number;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param id The process. */
  constructor(id: number) {
    this.#id = id;
    this.#timer = setInterval(() => this.#watch(), INTERVAL);
  }

  /** Whether this system can tell. */
  static get works(): boolean {
    return Deno.build.os === "linux";
  }

  /** What the process has used until now. */
  read(): Sample {
    const status = Deno.readTextFileSync(`/proc/${this.#id}/status`);
    const memory = Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1_024;
    // The name of the program, in parentheses, may have spaces in it.
    const fields = Deno.readTextFileSync(`/proc/${this.#id}/stat`).replace(/^.*\) /s, "").split(
      " ",
    );
    const cpu = (Number(fields[11]) + Number(fields[12])) * 1_000 / TICKS;
    this.peak = Math.max(this.peak, memory);
    return { memory, cpu };
  }

  /** Forgets the peak. */
  restart(): Sample {
    this.peak = 0;
    return this.read();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #watch(): void {
    try {
      this.read();
    } catch {
      clearInterval(this.#timer); // it has ended
    }
  }
}
