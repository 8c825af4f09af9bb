/** Where control groups of version 1 limit processors. */
const ROOT = "/sys/fs/cgroup/cpu";
/** Microseconds in which a group has its part. */
const PERIOD = 100_000;
/** Others of the machine give way, so that the part is what a group really gets. */
const SHARES = 65_536;

/** Processes that together get a part of one processor, and no more. */
export class CpuGroup implements Disposable {
  readonly #path: string;

  /** @param part Of one processor: 0.25 for a quarter; without, all that there is. */
  constructor(name: string, part = -1 / PERIOD) {
    try {
      Deno.statSync(`${ROOT}/cgroup.procs`);
    } catch {
      throw new Error(`Cannot limit processors: there are no control groups at ${ROOT}`);
    }
    this.#path = `${ROOT}/${name}-${Deno.pid}`;
    Deno.mkdirSync(this.#path);
    this.#write("cpu.cfs_period_us", PERIOD);
    this.#write("cpu.cfs_quota_us", PERIOD * part);
    this.#write("cpu.shares", SHARES);
  }

  /** This process is in the group from now on; returns how it leaves. */
  enter(): () => void {
    this.#write("cgroup.procs", Deno.pid);
    return () => Deno.writeTextFileSync(`${ROOT}/cgroup.procs`, String(Deno.pid));
  }

  /** Starts this runtime in the group. */
  start(module: URL, args: readonly string[], env: Record<string, string>): Deno.ChildProcess {
    const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
    const command = [Deno.execPath(), "run", "-A", "--no-check", module.href, ...args];
    return new Deno.Command("sh", {
      args: ["-c", script, this.#path, ...command],
      stdin: "piped",
      stdout: "piped",
      env,
    }).spawn();
  }

  /** Its processes must have ended. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.#path);
  }

  #write(name: string, value: number): void {
    Deno.writeTextFileSync(`${this.#path}/${name}`, String(Math.round(value)));
  }
}
