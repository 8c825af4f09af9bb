import { draw } from "./output.ts";
import { printable } from "./printable.ts";
import { plainLine, type Progress, progressLines } from "./progress.ts";

/** How often rows are drawn anew on a terminal, and lines added elsewhere, in milliseconds. */
const REDRAW_INTERVAL = 200;
const LINE_INTERVAL = 1000;

/** Rates are measured over about this time, so that they can be read. */
const RATE_WINDOW = 1000;

/** How progress is shown. */
export type DisplayStyle = "terminal" | "lines" | "none";

/** Shows how a transfer goes on, on standard error. */
export class ProgressDisplay implements Disposable {
  readonly #read: () => Progress;
  readonly #terminal: boolean;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #earlier: Progress[] = [];
  #rows = 0;
  #hasEnded = false;

  /**
   * @param read Tells the present state; asked at regular intervals until `end` is called.
   * @param style Rows that are drawn over, a line each second, or none.
   */
  constructor(read: () => Progress, style: DisplayStyle = bestStyle()) {
    this.#read = read;
    this.#terminal = style === "terminal";
    if (style === "none") return;
    this.#timer = setInterval(() => this.#draw(), this.#terminal ? REDRAW_INTERVAL : LINE_INTERVAL);
  }

  /**
   * Prints a line above the rows; nothing after the end, when it is no longer of interest.
   *
   * @param line The line.
   */
  note(line: string): void {
    if (this.#hasEnded) return;
    draw(`${eraseRows(this.#rows)}${printable(line)}\n`);
    this.#rows = 0;
  }

  /** Stops, and takes the rows off the terminal again. */
  end(): void {
    this.#hasEnded = true;
    clearInterval(this.#timer);
    if (this.#rows > 0) draw(eraseRows(this.#rows));
    this.#rows = 0;
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #draw(): void {
    const now = this.#read();
    const before = this.#earlier[0];
    if (this.#terminal) {
      const lines = progressLines(now, before, terminalWidth());
      draw(eraseRows(this.#rows) + lines.map((line) => `${line}\n`).join(""));
      this.#rows = lines.length;
    } else {
      draw(`${plainLine(now, before)}\n`);
    }
    this.#earlier.push(now);
    while (this.#earlier.length > 1 && now.elapsed - this.#earlier[1]!.elapsed >= RATE_WINDOW) {
      this.#earlier.shift();
    }
  }
}

/** What suits whatever standard error is. */
export function bestStyle(): DisplayStyle {
  return Deno.stderr.isTerminal() ? "terminal" : "lines";
}

function eraseRows(rows: number): string {
  return rows === 0 ? "" : `\x1b[${rows}A\x1b[J`; // up, then clear to the end of the screen
}

function terminalWidth(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80; // standard input is not a terminal: the size is unknown
  }
}
