/** What a terminal showed at some time. */
export interface Frame {
  /** Milliseconds since the beginning. */
  readonly time: number;
  /** The lines, from the top. */
  readonly lines: readonly string[];
}

const FONT = 14;
const LINE = 18;
const CHARACTER = 8.43;
const MARGIN = 12;
/** Milliseconds for which the last picture stays. */
const REST = 4_000;

/**
 * An SVG that shows what a terminal showed, over and over: a strip of pictures that jumps from one to
 * the next.
 *
 * @param frames The pictures in the order of time.
 * @param columns The width of the terminal.
 * @param rows Its height.
 */
export function movingPicture(frames: readonly Frame[], columns: number, rows: number): string {
  const shown = frames.filter(({ lines }, i) =>
    i === 0 || lines.join("\n") !== frames[i - 1]!.lines.join("\n")
  );
  const [width, height] = [columns * CHARACTER + 2 * MARGIN, rows * LINE + 2 * MARGIN]
    .map(Math.ceil) as [number, number];
  const total = shown.at(-1)!.time + REST;
  const steps = shown.map(({ time }, i) =>
    `${(100 * time / total).toFixed(2)}%{transform:translateY(${-i * height}px)}`
  );
  const pictures = shown.map(({ lines }, i) =>
    lines.slice(0, rows).map((line, row) =>
      line === ""
        ? ""
        : `<text y="${i * height + MARGIN + FONT + row * LINE}">${escaped(line)}</text>`
    ).join("")
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<style>
text{font:${FONT}px monospace;white-space:pre;fill:#ddd}
g{animation:run ${(total / 1000).toFixed(1)}s step-end infinite}
@keyframes run{${steps.join("")}}
</style>
<rect width="100%" height="100%" rx="6" fill="#1d1f21"/>
<g transform="translate(0 0)">
${
    pictures.map((picture) =>
      `<g style="animation:none" transform="translate(${MARGIN} 0)">${picture}</g>`
    ).join("\n")
  }
</g>
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
