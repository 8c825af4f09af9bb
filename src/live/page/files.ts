// The files of the page. They are imported as text: published and bundled modules read no files.

import plotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import plotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import icon from "./icon.svg" with { type: "text" };
import page from "./index.html" with { type: "text" };
import format from "./format.js" with { type: "text" };
import plots from "./plots.js" with { type: "text" };
import script from "./live.js" with { type: "text" };
import series from "./series.js" with { type: "text" };
import style from "./live.css" with { type: "text" };

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

const SCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** By name; the page itself has none. */
export const pageFiles: ReadonlyMap<string, PageFile> = new Map([
  ["", { type: "text/html; charset=utf-8", text: page }],
  ["icon.svg", { type: "image/svg+xml", text: icon }],
  ["live.css", { type: STYLE, text: style }],
  ["live.js", { type: SCRIPT, text: script }],
  ["format.js", { type: SCRIPT, text: format }],
  ["plots.js", { type: SCRIPT, text: plots }],
  ["series.js", { type: SCRIPT, text: series }],
  ["uplot.css", { type: STYLE, text: plotStyle }],
  ["uplot.js", { type: SCRIPT, text: plotScript }],
]);
