// The table of paths that the client prints.

import { bareHost } from "./bare_host.ts";

/** What is shown of one path. */
export interface PathCells {
  /** The path's ID. */
  readonly path: string;
  /** The interface; empty if that is not known. */
  readonly over: string;
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
const over: Column = { title: "over", text: (cells) => cells.over, least: 4, shortest: 10 };
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

type Layout = readonly Column[];

/** What is shown, from the most to the least: the first for which there is room. */
const layouts: readonly Layout[] = [
  [path, way, rtt, rate, bytes, share, state],
  [path, hosts, rtt, rate, bytes, share, state],
  [path, from, rtt, rate, bytes, share, state],
];
/** The same where interfaces are known: they say more than addresses do. */
const namedLayouts: readonly Layout[] = [
  [path, over, way, rtt, rate, bytes, share, state],
  [path, over, hosts, rtt, rate, bytes, share, state],
  [path, over, rtt, rate, bytes, share, state],
];
/** With less room each path has two lines, which need no titles. */
const stack = (place: Column): readonly [Layout, Layout] => [
  [path, { ...place, shortest: 8 }, state, rtt],
  [rate, bytes, share],
];
/** What is left on the narrowest terminals. */
const narrowLayouts: readonly Layout[] = [[path, rate, state], [path, state]];

const GAP = "  ";

/**
 * A table of paths with the columns that there is room for; those that there are line up.
 *
 * @param rows The paths.
 * @param room How many columns a line may take.
 */
export function pathTable(rows: readonly PathCells[], room: number): readonly string[] {
  if (rows.length === 0) return [];
  const isNamed = rows.some((row) => row.over !== "");
  const fits = (layout: Layout) => leastWidth(layout, rows) <= room;
  const layout = (isNamed ? namedLayouts : layouts).find(fits);
  if (layout) return tableOf(layout, rows, room);
  const [first, second] = stack(isNamed ? over : from);
  const indent = " ".repeat(naturalWidth(path, rows, false) + GAP.length);
  if (leastWidth(first, rows, false) <= room && leastWidth(second, rows) + indent.length <= room) {
    const [upper, lower] = [first, second].map((one) => linesOf(one, rows, room, false));
    return rows.flatMap((_, i) => [upper![i]!, indent + lower![i]!]);
  }
  return tableOf(narrowLayouts.find(fits) ?? narrowLayouts.at(-1)!, rows, room);
}

function tableOf(layout: Layout, rows: readonly PathCells[], room: number): readonly string[] {
  const widths = widthsOf(layout, rows, room);
  return [
    lineOf(layout, layout.map(({ title }) => title), widths),
    ...linesOf(layout, rows, room),
  ];
}

function linesOf(
  layout: Layout,
  rows: readonly PathCells[],
  room: number,
  hasTitles = true,
): readonly string[] {
  const widths = widthsOf(layout, rows, room, hasTitles);
  return rows.map((row) => lineOf(layout, layout.map(({ text }) => text(row)), widths));
}

function widthsOf(
  layout: Layout,
  rows: readonly PathCells[],
  room: number,
  hasTitles = true,
): number[] {
  const widths = layout.map((column) => naturalWidth(column, rows, hasTitles));
  const excess = sum(widths) + GAP.length * (layout.length - 1) - room;
  const flexible = layout.findIndex(({ shortest }) => shortest !== undefined);
  if (flexible >= 0 && excess > 0) widths[flexible]! -= excess;
  return widths;
}

function lineOf(layout: Layout, cells: readonly string[], widths: readonly number[]): string {
  return cells.map((cell, i) => {
    const text = shortened(cell, widths[i]!);
    return layout[i]!.isNumber ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
  }).join(GAP).trimEnd();
}

function leastWidth(layout: Layout, rows: readonly PathCells[], hasTitles = true): number {
  const widths = layout.map((column) => {
    const width = naturalWidth(column, rows, hasTitles);
    return Math.min(hasTitles ? Math.max(column.least, width) : width, column.shortest ?? width);
  });
  return sum(widths) + GAP.length * (layout.length - 1);
}

function naturalWidth(
  { title, text }: Column,
  rows: readonly PathCells[],
  hasTitles = true,
): number {
  return Math.max(hasTitles ? title.length : 0, ...rows.map((row) => text(row).length));
}

/** The beginning and the end: what is in the middle of an address matters least. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor((width - 2) / 2);
  return `${text.slice(0, width - 2 - end)}..${text.slice(text.length - end)}`;
}

/** Without the port. */
function hostOf(place: string): string {
  return bareHost(place.replace(/:\d+$/, ""));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
