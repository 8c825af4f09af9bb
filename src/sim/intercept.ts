// Lets a function decide about each datagram of a pipe.

import type { Link } from "./link.ts";
import type { Flight, Pipe } from "./pipe.ts";

/** What becomes of a datagram: it goes on, vanishes, comes twice, or comes later. */
export type Verdict = "pass" | "drop" | "twice" | { readonly delay: number };

/** Lets a function decide about each datagram that enters a pipe, by its number from 0. */
export function intercept(
  pipe: Pipe,
  events: Clock,
  decide: (count: number, flight: Flight) => Verdict,
): void {
  const push = pipe.push.bind(pipe);
  let count = 0;
  pipe.push = (flight) => {
    const verdict = decide(count++, flight);
    if (verdict === "drop") return;
    if (typeof verdict === "object") {
      events.call(events.now + verdict.delay, () => push(flight));
      return;
    }
    push(flight);
    if (verdict === "twice") push(flight.withData(flight.data.slice()));
  };
}

/** Both directions of a link, each with its own count. */
export function interceptBoth(
  link: Link,
  events: Clock,
  decide: (direction: "up" | "down", count: number) => Verdict,
): void {
  intercept(link.upward, events, (count) => decide("up", count));
  intercept(link.downward, events, (count) => decide("down", count));
}

/** Virtual time, as a network's `events` keep it. */
export interface Clock {
  /** The present, in milliseconds. */
  readonly now: number;
  /** Calls a function at a time. */
  call(time: number, action: () => void): void;
}
