import { OURS, type Row } from "./row.ts";

const WIDTH = 720;
const BAR = 11;
const GAP = 8;
const LEFT = 300;
const RIGHT = 70;
const COLORS = ["#1a6fb5", "#9db8cc", "#b9c7a7", "#d9b18f", "#c9a3b5", "#b3a6d1", "#cccccc"];

/** Bars for each case of one scenario, ours in front, with a mark where the bound lies. */
export function barChart(title: string, rows: readonly Row[]): string {
  const policies = [...new Set(rows.flatMap((row) => [...row.results.keys()]))];
  const largest = Math.max(...rows.flatMap((row) => [...row.results.values(), row.bound ?? 0]));
  const scale = (WIDTH - LEFT - RIGHT) / largest;
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
      if (policy === OURS) parts.push(label(LEFT + width + 4, y + 8, value.toPrecision(3)));
      y += BAR;
    }
    parts.push(label(LEFT - 6, (top + y) / 2 + 3, row.name, "end"));
    if (row.bound !== undefined) {
      const x = (LEFT + row.bound * scale).toFixed(1);
      parts.push(`<path d="M${x} ${top - 2}V${y}" stroke="#c00" stroke-width="1.5"/>`);
    }
    y += GAP;
  }
  const legend = policies.map((policy, i) =>
    `<rect x="${20 + i * 98}" y="${y + 4}" width="9" height="9" fill="${COLORS[i]}"/>` +
    label(32 + i * 98, y + 12, policy)
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 24}" ` +
    `font-family="sans-serif" font-size="10"><rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="20" y="22" font-size="14">${escape(title)}</text>${parts.join("")}` +
    `${legend.join("")}</svg>\n`;
}

function label(x: number, y: number, text: string, anchor = "start"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${
    escape(text)
  }</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
