/** One line of the table: a figure per stack. */
export interface Row {
  readonly title: string;
  /** Digits behind the point. */
  readonly digits: number;
  readonly figures: ReadonlyMap<string, number>;
}

/**
 * The rows as text: each figure, and in brackets its ratio to that of the first column.
 *
 * @param columns The stacks, the one that the others are held against first.
 */
export function formatTable(columns: readonly string[], rows: readonly Row[]): string {
  const lines = [["", ...columns], ...rows.map((row) => cells(row, columns))];
  const widths = lines[0]!.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  return lines.map((line) => line.map((cell, i) => pad(cell, widths[i]!, i)).join("  ")).join("\n");
}

function cells({ title, digits, figures }: Row, columns: readonly string[]): string[] {
  const base = figures.get(columns[0]!);
  return [
    title,
    ...columns.map((column, i) => {
      const figure = figures.get(column);
      if (figure === undefined) return "-";
      const ratio = i > 0 && base ? ` (${(figure / base).toFixed(2)})` : "";
      return figure.toFixed(digits) + ratio;
    }),
  ];
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
