// Prints what becomes of paths, a line for each change.

import { ErrorCode, type PathEvent } from "../../mod.ts";
import { targetText } from "./plan_paths.ts";

/** Milliseconds of silence that are told of: shorter ones come with every loss. */
const LEAST_SILENCE = 300;

/** What the peer means by the codes it closes paths with (MPQUIC, Section 4.2). */
const byPeer: Readonly<Record<number, string>> = {
  [ErrorCode.ApplicationAbandonPath]: "the server does not want it any more",
  [ErrorCode.PathResourceLimitReached]: "the server has no room for it",
  [ErrorCode.PathUnstableOrPoor]: "the server hears nothing there",
  [ErrorCode.NoCidAvailableForPath]: "the server has no connection ID for it",
};

/** What is known of the addresses of this machine. */
export interface LocalNames {
  /** The name of the interface that has an address, or had it last. */
  nameOf(hostname: string): string | undefined;
  /** Whether the machine has the address; undefined if we may not ask. */
  has(hostname: string): boolean | undefined;
}

/** Where news of paths goes, and how much of it. */
export interface PathNewsOptions {
  /** Takes a line. */
  readonly tell: (line: string) => void;
  /** What is known of the addresses of this machine. */
  readonly names: LocalNames;
  /** What the system says against packets between two addresses, in a sentence, if anything. */
  readonly diagnose: (local: string, remote: string) => string | undefined;
  /** Whether the user has named paths, and so wants to know how they fare. */
  readonly isNamed: boolean;
  /** Whether to tell of everything, at once. */
  readonly isVerbose: boolean;
}

/** A path that does not answer. */
interface Silence {
  readonly since: number;
  readonly timer: ReturnType<typeof setTimeout>;
  isTold: boolean;
}

/** Tells people what their networks do: a line for each thing that happens to a path. */
export class PathNews {
  /** Paths that are open or were, and those that could not be opened. */
  known = 0;
  readonly #options: PathNewsOptions;
  readonly #silences = new Map<number, Silence>();
  /** Failures that were told of: attempts go on, and most end alike. */
  readonly #failures = new Set<string>();

  /** @param options Where the news goes, and how much of it. */
  constructor(options: PathNewsOptions) {
    this.#options = options;
  }

  /**
   * Something happened.
   *
   * @param event What happened.
   */
  onEvent(event: PathEvent): void {
    const { isNamed, isVerbose } = this.#options;
    switch (event.type) {
      case "opened":
        this.known++;
        this.#failures.clear();
        return isNamed || isVerbose ? this.#tell(event, "works") : undefined;
      case "health":
        return event.stats.health === "ok" ? this.#onAnswer(event) : this.#onSilence(event);
      case "status":
        return this.#detail(event, `the server wants it as ${statusText(event)}`);
      case "moved":
        return this.#detail(event, "moved here");
      case "observed":
        return this.#detail(event, `the server sees it come from ${observedText(event)}`);
      case "closed":
        return this.#onClosed(event);
      case "failed":
        return this.#onFailed(event);
    }
  }

  /** The connection is over: what its paths do is of no interest any more. */
  end(): void {
    for (const { timer } of this.#silences.values()) clearTimeout(timer);
    this.#silences.clear();
  }

  #onSilence(event: PathEvent): void {
    if (this.#silences.has(event.path.id)) return;
    const tell = () => {
      silence.isTold = true;
      this.#tell(event, "does not answer");
    };
    const wait = this.#options.isVerbose ? 0 : LEAST_SILENCE;
    const silence = { since: event.time, timer: setTimeout(tell, wait), isTold: false };
    this.#silences.set(event.path.id, silence);
  }

  #onAnswer(event: PathEvent): void {
    const silence = this.#endSilence(event);
    if (silence?.isTold) this.#tell(event, `answers again, after ${lengthOf(silence, event)}`);
  }

  #onClosed(event: PathEvent): void {
    const silence = this.#endSilence(event);
    this.#tell(event, `is given up: ${this.#reasonOf(event, silence)}`);
  }

  #onFailed(event: PathEvent): void {
    this.known++;
    if (!this.#options.isNamed && !this.#options.isVerbose) return;
    const reason = this.#reasonOf(event, undefined);
    const { localAddr: { hostname }, remoteAddr } = event.stats;
    const failure = `${hostname} ${targetText(remoteAddr)} ${reason}`;
    if (this.#failures.has(failure) && !this.#options.isVerbose) return;
    this.#failures.add(failure);
    this.#tell(event, `cannot be opened: ${reason}`);
  }

  #reasonOf({ stats, type, closeInfo, time }: PathEvent, silence: Silence | undefined): string {
    const { closeCode, by } = closeInfo!;
    const why = this.#options.diagnose(stats.localAddr.hostname, stats.remoteAddr.hostname);
    const told = (text: string) => why === undefined ? text : `${text}. ${why}`;
    if (by === "peer") {
      const text = byPeer[closeCode] ??
        `the server closed it with code 0x${closeCode.toString(16)}`;
      return closeCode === ErrorCode.PathUnstableOrPoor ? told(text) : text;
    }
    if (this.#options.names.has(stats.localAddr.hostname) === false) return "its address is gone";
    if (silence) return told(`nothing has answered for ${secondsText(time - silence.since)}`);
    if (closeCode === ErrorCode.NoCidAvailableForPath) {
      return "the server took its connection IDs back";
    }
    if (type === "closed") return "it does not carry enough";
    return told("nothing answers there");
  }

  #endSilence({ path }: PathEvent): Silence | undefined {
    const silence = this.#silences.get(path.id);
    clearTimeout(silence?.timer);
    this.#silences.delete(path.id);
    return silence;
  }

  #detail(event: PathEvent, text: string): void {
    if (this.#options.isVerbose) this.#tell(event, text);
  }

  #tell({ stats }: PathEvent, text: string): void {
    const { id, localAddr, remoteAddr } = stats;
    const name = this.#options.names.nameOf(localAddr.hostname);
    const over = name === undefined ? "" : ` over ${name}`;
    this.#options.tell(
      `Path ${id}${over} (${targetText(localAddr)} -> ${targetText(remoteAddr)}) ${text}`,
    );
  }
}

function statusText({ stats }: PathEvent): string {
  return stats.status === "backup" ? "a backup" : "one to use";
}

function observedText({ stats: { observedAddr } }: PathEvent): string {
  return observedAddr ? targetText(observedAddr) : "somewhere else";
}

function lengthOf({ since }: Silence, { time }: PathEvent): string {
  return secondsText(time - since);
}

function secondsText(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
