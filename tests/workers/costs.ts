/** Parts of a second in which Linux counts the time of processes (`USER_HZ`). */
const TICKS = 100;

/** What a crowd costs so far: processor seconds, and datagrams of this network namespace. */
interface Costs {
  readonly server: number;
  readonly clients: number;
  readonly datagrams: number;
  readonly overflows: number;
}

/** Says what each phase of a crowd costs; a busy machine makes it slower, but not dearer. */
export class CostMeter {
  readonly #clients: readonly number[];
  #before: Costs;

  /** @param clients The numbers of the client processes; this process is the server. */
  constructor(clients: readonly number[]) {
    this.#clients = clients;
    this.#before = this.#costs();
  }

  /** What was spent since the last call. */
  take(): string {
    const [before, now] = [this.#before, this.#costs()];
    this.#before = now;
    const spent = (name: keyof Costs) => now[name] - before[name];
    return `server ${spent("server").toFixed(1)} s, clients ${spent("clients").toFixed(1)} s, ` +
      `${spent("datagrams")} datagrams, ${spent("overflows")} found no room`;
  }

  #costs(): Costs {
    const clients = this.#clients.reduce((sum, id) => sum + processorTime(`${id}`), 0);
    return { server: processorTime("self"), clients, ...udpCounters() };
  }
}

/** Processor seconds of a process, all its threads together. */
function processorTime(id: string): number {
  const text = Deno.readTextFileSync(`/proc/${id}/stat`);
  // The name of the program stands in parentheses, and may have spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function udpCounters(): Pick<Costs, "datagrams" | "overflows"> {
  const [names, values] = Deno.readTextFileSync("/proc/net/snmp").split("\n")
    .filter((line) => line.startsWith("Udp:")).map((line) => line.split(" "));
  const counter = (name: string) => Number(values![names!.indexOf(name)]);
  return { datagrams: counter("InDatagrams"), overflows: counter("RcvbufErrors") };
}
