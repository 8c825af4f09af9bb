// The table of paths that the client prints.

import { bareHost } from "./bare_host.ts";

/** What is shown of one path. */
export interface PathCells {
  /** The path's ID. */
  readonly path: string;
  /** Address and port here. */
  readonly local: string;
  /** Address and port there. */
  readonly remote: string;
  /** The round-trip time. */
  readonly RTT: string;
  /** What it brings. */
  readonly rate: string;
  /** What it brought. */
  readonly bytes: string;
  /** Its share of that. */
  readonly share: string;
  /** What it is doing. */
  readonly state: string;
}

/** A column: its title, and what it shows. */
interface Column {
  readonly title: string;
  readonly text: (cells: PathCells) => string;
  /** Numbers line up at their right. */
  readonly isNumber?: boolean;
  /** What it takes at least, so that columns do not come and go with the numbers. */
  readonly least: number;
  /** What may be left of it where there is little room; all if left out. */
  readonly shortest?: number;
}

const path: Column = { title: "path", text: (cells) => cells.path, least: 4 };
const way: Column = {
  title: "from -> to",
  text: ({ local, remote }) => `${local} -> ${remote}`,
  least: 10,
};
const hosts: Column = {
  title: "from -> to",
  text: ({ local, remote }) => `${hostOf(local)} -> ${hostOf(remote)}`,
  least: 10,
};
const from: Column = {
  title: "from",
  text: ({ local }) => hostOf(local),
  least: 4,
  shortest: 15,
};
const rtt: Column = { title: "RTT", text: (cells) => cells.RTT, isNumber: true, least: 8 };
const rate: Column = { title: "rate", text: (cells) => cells.rate, isNumber: true, least: 12 };
const bytes: Column = { title: "bytes", text: (cells) => cells.bytes, isNumber: true, least: 8 };
const share: Column = { title: "share", text: (cells) => cells.share, isNumber: true, least: 5 };
const state: Column = { title: "state", text: (cells) => cells.state, least: 7 };

/** What is shown, from the most to the least: the first for which there is room. */
const layouts: readonly (readonly Column[])[] = [
  [path, way, rtt, rate, bytes, share, state],
  [path, hosts, rtt, rate, bytes, share, state],
  [path, from, rtt, rate, bytes, share, state],
  [path, from, rate, share, state],
  [path, rate, share, state],
  [path, rate, state],
  [path, state],
];

const GAP = "  ";

/**
 * A table of paths with the columns that there is room for; those that there are line up.
 *
 * @param rows The paths.
 * @param room How many columns a line may take.
 */
export function pathTable(rows: readonly PathCells[], room: number): readonly string[] {
  if (rows.length === 0) return [];
  const layout = layouts.find((one) => leastWidth(one, rows) <= room) ?? layouts.at(-1)!;
  const widths = layout.map((column) => naturalWidth(column, rows));
  const excess = sum(widths) + GAP.length * (layout.length - 1) - room;
  const flexible = layout.findIndex(({ shortest }) => shortest !== undefined);
  if (flexible >= 0 && excess > 0) widths[flexible]! -= excess;
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => {
      const text = shortened(cell, widths[i]!);
      return layout[i]!.isNumber ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
    }).join(GAP).trimEnd();
  const titles = layout.map(({ title }) => title);
  return [line(titles), ...rows.map((row) => line(layout.map(({ text }) => text(row))))];
}

function leastWidth(layout: readonly Column[], rows: readonly PathCells[]): number {
  const widths = layout.map((column) => {
    const width = Math.max(column.least, naturalWidth(column, rows));
    return Math.min(width, column.shortest ?? width);
  });
  return sum(widths) + GAP.length * (layout.length - 1);
}

function naturalWidth({ title, text }: Column, rows: readonly PathCells[]): number {
  return Math.max(title.length, ...rows.map((row) => text(row).length));
}

/** The beginning and the end: what is in the middle of an address matters least. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor((width - 2) / 2);
  return `${text.slice(0, width - 2 - end)}..${text.slice(text.length - end)}`;
}

/** Without the port. */
function hostOf(place: string): string {
  return place.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
