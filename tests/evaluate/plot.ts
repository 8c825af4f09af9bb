import { OURS, type Row } from "./row.ts";

const WIDTH = 760;
const BAR = 11;
const GAP = 8;
const LEFT = 310;
const RIGHT = 70;
const COLORS = [
  "#1a6fb5",
  "#9db8cc",
  "#b9c7a7",
  "#d9b18f",
  "#c9a3b5",
  "#b3a6d1",
  "#cccccc",
  "#a3c9c2",
  "#ddd08f",
];

/** Values beside the bars: what is possible, and what others published. */
const MARKS: readonly { name: string; of: (row: Row) => number | undefined; draw: Draw }[] = [
  { name: "B0", of: (row) => row.floor, draw: line("#888", "2 2") },
  { name: "Bw", of: (row) => row.bound, draw: line("#c00") },
  { name: "thesis 2018", of: (row) => row.thesis, draw: circle("#000", "#000") },
  { name: "MPTCP", of: (row) => row.mptcp, draw: circle("#fff", "#000") },
];
type Draw = (x: number, top: number, bottom: number) => string;

/** Bars for each case of one scenario, ours in front, with marks for bounds and published values. */
export function barChart(title: string, rows: readonly Row[]): string {
  const policies = [...new Set(rows.flatMap((row) => [...row.results.keys()]))];
  const values = rows.flatMap((row) => [
    ...row.results.values(),
    ...MARKS.map(({ of }) => of(row) ?? 0),
  ]);
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(...values);
  const parts: string[] = [];
  let y = 40;
  for (const row of rows) {
    const top = y;
    for (const [i, policy] of policies.entries()) {
      const value = row.results.get(policy);
      if (value === undefined) continue;
      const width = Math.max(value * scale, 0);
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" ` +
          `fill="${COLORS[i % COLORS.length]}"/>`,
      );
      if (policy === OURS) parts.push(text(WIDTH - RIGHT + 8, y + 8, value.toPrecision(3)));
      y += BAR;
    }
    parts.push(text(LEFT - 6, (top + y) / 2 + 3, row.name, "end"));
    for (const { of, draw } of MARKS) {
      const value = of(row);
      if (value !== undefined) parts.push(draw(LEFT + value * scale, top - 2, y));
    }
    y += GAP;
  }
  parts.push(...legend(policies, rows, y));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 40}" ` +
    `font-family="sans-serif" font-size="10"><rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="20" y="22" font-size="14">${escape(title)}</text>${parts.join("")}</svg>\n`;
}

function legend(policies: readonly string[], rows: readonly Row[], y: number): string[] {
  let x = 20;
  const colors = policies.map((policy, i) => {
    const left = x;
    x += 32 + 5.5 * policy.length;
    return `<rect x="${left}" y="${y + 4}" width="9" height="9" fill="${COLORS[i]}"/>` +
      text(left + 12, y + 12, policy);
  });
  const used = MARKS.filter(({ of }) => rows.some((row) => of(row) !== undefined));
  const marks = used.map(({ name, draw }, i) =>
    draw(24 + i * 102, y + 20, y + 31) + text(32 + i * 102, y + 29, name)
  );
  return [...colors, ...marks];
}

function line(color: string, dashes = ""): Draw {
  return (x, top, bottom) =>
    `<path d="M${x.toFixed(1)} ${top}V${bottom}" stroke="${color}" stroke-width="1.5" ` +
    `stroke-dasharray="${dashes}"/>`;
}

function circle(fill: string, stroke: string): Draw {
  return (x, top, bottom) =>
    `<circle cx="${x.toFixed(1)}" cy="${(top + bottom) / 2}" r="3.2" fill="${fill}" ` +
    `stroke="${stroke}"/>`;
}

function text(x: number, y: number, content: string, anchor = "start"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${
    escape(content)
  }</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
