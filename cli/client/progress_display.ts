// Shows the progress of a transfer on a terminal or in a log.

import { draw } from "../console/output.ts";
import { printable } from "../console/printable.ts";
import { canDraw, terminalSize } from "../console/terminal_size.ts";
import { plainLine, type Progress, progressLines } from "./progress.ts";

/** Milliseconds between two updates of rows on a terminal, and between two lines elsewhere. */
const REDRAW_INTERVAL = 200;
const LINE_INTERVAL = 1000;

/**
 * Milliseconds after which an update counts as late. The program may have been suspended, and the
 * signal that tells of it may come after the timer.
 */
const LATE = 3 * REDRAW_INTERVAL;

/** Rates are measured over about this time, so that they can be read. */
const RATE_WINDOW = 1000;

/** How progress is shown. */
export type DisplayStyle = "terminal" | "lines" | "none";

/** Shows how a transfer goes on, on standard error. */
export class ProgressDisplay implements Disposable {
  readonly #read: () => Progress;
  readonly #isTerminal: boolean;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #earlier: Progress[] = [];
  /** How long each of the lines is that are on the terminal. */
  #drawn: readonly number[] = [];
  /** When the timer was heard last. */
  #heard = performance.now();
  /** Until when nothing is drawn, since an update was late; 0 while none was. */
  #waitsUntil = 0;
  #hasEnded = false;
  /** After a suspension there is something else above the cursor: what the shell has printed. */
  readonly #onResumption = () => {
    this.#drawn = [];
  };

  /**
   * @param read Tells the present state; asked at regular intervals until `end` is called.
   * @param style Rows that are drawn over, a line each second, or none.
   */
  constructor(read: () => Progress, style: DisplayStyle = bestStyle()) {
    this.#read = read;
    this.#isTerminal = style === "terminal";
    if (style === "none") return;
    if (this.#isTerminal && Deno.build.os !== "windows") {
      Deno.addSignalListener("SIGCONT", this.#onResumption);
    }
    this.#timer = setInterval(
      () => this.#onTimer(),
      this.#isTerminal ? REDRAW_INTERVAL : LINE_INTERVAL,
    );
  }

  /**
   * Prints a line above the rows; nothing after the end, when it is no longer of interest.
   *
   * @param line The line.
   */
  note(line: string): void {
    if (this.#hasEnded) return;
    if (this.#isLate || performance.now() < this.#waitsUntil) this.#drawn = [];
    draw(`${this.#erasure()}${printable(line)}\n`);
    this.#drawn = [];
  }

  /** Stops, and takes the rows off the terminal again. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearInterval(this.#timer);
    if (this.#isTerminal && Deno.build.os !== "windows") {
      Deno.removeSignalListener("SIGCONT", this.#onResumption);
    }
    if (this.#drawn.length > 0) draw(this.#erasure());
    this.#drawn = [];
  }

  [Symbol.dispose](): void {
    this.end();
  }

  get #isLate(): boolean {
    return this.#isTerminal && performance.now() - this.#heard > LATE;
  }

  /**
   * Leaves an update out that is late, and those that follow at once, as timers make up for lost
   * time: an interval later it is known whether rows can be drawn over.
   */
  #onTimer(): void {
    const now = performance.now();
    if (this.#waitsUntil === 0 && this.#isLate) this.#waitsUntil = now + REDRAW_INTERVAL;
    this.#heard = now;
    if (now < this.#waitsUntil) return;
    this.#waitsUntil = 0;
    this.#draw();
  }

  #draw(): void {
    const now = this.#read();
    const before = this.#earlier[0];
    if (this.#isTerminal) {
      const { columns, rows } = terminalSize();
      const lines = progressLines(now, before, columns, rows);
      draw(this.#erasure() + lines.map((line) => `${line}\n`).join(""));
      this.#drawn = lines.map((line) => line.length);
    } else {
      draw(`${plainLine(now, before)}\n`);
    }
    this.#earlier.push(now);
    while (this.#earlier.length > 1 && now.elapsed - this.#earlier[1]!.elapsed >= RATE_WINDOW) {
      this.#earlier.shift();
    }
  }

  /**
   * What takes the rows off the terminal. The cursor may be anywhere in its line, as keys show there,
   * Ctrl-C too; and in a terminal that has become narrower, rows take more than a line.
   */
  #erasure(): string {
    if (this.#drawn.length === 0) return "";
    const width = terminalSize().columns;
    const rows = this.#drawn.reduce(
      (sum, length) => sum + Math.max(1, Math.ceil(length / width)),
      0,
    );
    return `\r\x1b[${rows}A\x1b[J`; // up, then clear to the end of the screen
  }
}

/** What suits whatever standard error is. */
export function bestStyle(): DisplayStyle {
  return canDraw() ? "terminal" : "lines";
}
