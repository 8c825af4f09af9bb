// What is told of the paths of a connection: what lasts, not what every loss brings.

import type { EventText, WatchedEvent } from "./event_text.ts";
import { pathEndText, pathEventText, secondsText } from "./event_text.ts";
import type { LiveEvent } from "./live_report.ts";

/** Milliseconds that a silence, or a status, lasts until it is told. */
const LEAST = 300;

/** Something that comes and goes, such as the answers of a path. */
interface Condition {
  readonly path: number;
  name: string;
  /** What was told last. */
  told: string;
  toldAt: number;
  /** What is so now, if it is not what was told. */
  now: string | undefined;
  changedAt: number;
}

/** Turns what happens to the paths of a connection into events. */
export class PathNews {
  readonly #conditions = new Map<string, Condition>();
  #events: LiveEvent[] = [];

  /**
   * Something happened.
   *
   * @param name What to call the path.
   * @param now Milliseconds since 1970.
   */
  onEvent(event: WatchedEvent, name: string, now: number): void {
    const { type, stats } = event;
    const { id } = stats;
    switch (type) {
      case "health":
        return this.#change(id, "answers", name, stats.health === "ok" ? "yes" : "no", now);
      case "status":
        return this.#change(id, "status", name, stats.status, now);
      case "closed":
      case "failed":
        // The end of the connection says code 0.
        if (event.closeInfo?.closeCode !== 0) {
          this.#note(id, name, now, pathEventText(event, this.silence(id, now)));
        }
        this.#conditions.delete(`${id} answers`);
        this.#conditions.delete(`${id} status`);
        return;
      case "opened":
        this.#begin(id, "answers", name, "yes", now);
        this.#begin(id, "status", name, stats.status, now);
    }
    this.#note(id, name, now, pathEventText(event, undefined));
  }

  /** Why a path is closed, before that is taken note of. */
  endOf(event: WatchedEvent, now: number): string {
    return pathEndText(event, this.silence(event.stats.id, now));
  }

  /** The milliseconds for which a path has not answered; undefined if it answers. */
  silence(id: number, now: number): number | undefined {
    const condition = this.#conditions.get(`${id} answers`);
    if (condition === undefined || (condition.now ?? condition.told) !== "no") return undefined;
    return now - (condition.now === "no" ? condition.changedAt : condition.toldAt);
  }

  /** What is told by now. */
  take(now: number): readonly LiveEvent[] {
    for (const condition of this.#conditions.values()) {
      const { now: value, changedAt, path, name } = condition;
      if (value === undefined || now - changedAt < LEAST) continue;
      this.#note(path, name, changedAt, conditionText(value, changedAt - condition.toldAt));
      Object.assign(condition, { told: value, toldAt: changedAt, now: undefined });
    }
    const events = this.#events.sort((a, b) => a.time - b.time);
    this.#events = [];
    return events;
  }

  #begin(path: number, what: string, name: string, told: string, now: number): void {
    const condition = { path, name, told, toldAt: now, now: undefined, changedAt: now };
    this.#conditions.set(`${path} ${what}`, condition);
  }

  #change(path: number, what: string, name: string, value: string, now: number): void {
    const condition = this.#conditions.get(`${path} ${what}`);
    if (condition === undefined) return;
    condition.name = name; // it may have moved
    if (value === condition.told) condition.now = undefined;
    else if (value !== condition.now) Object.assign(condition, { now: value, changedAt: now });
  }

  #note(path: number, name: string, time: number, { tone, text }: EventText): void {
    this.#events.push({ time, path, tone, text: `Path ${path} (${name}) ${text}` });
  }
}

/** @param lasted Milliseconds that the opposite was so. */
function conditionText(value: string, lasted: number): EventText {
  switch (value) {
    case "no":
      return { tone: "bad", text: "does not answer; the others carry its data" };
    case "yes":
      return { tone: "good", text: `answers again, after ${secondsText(lasted)}` };
    case "backup":
      return { tone: "plain", text: "is a backup now: the peer wants it so" };
    default:
      return { tone: "plain", text: "is for use again: the peer wants it so" };
  }
}
