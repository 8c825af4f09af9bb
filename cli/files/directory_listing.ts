// The page that lists a folder.

/** One line of a listing. */
export interface ListingEntry {
  /** The decoded name, without a slash at the end. */
  readonly name: string;
  /** Whether it is a folder. */
  readonly isDirectory: boolean;
  /** Its size in bytes. */
  readonly size: number;
  /** When it was last changed, if the file system tells. */
  readonly modified: Date | undefined;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid #8884; }
td:first-child { overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
a { text-decoration: none; }
a:hover { text-decoration: underline; }
`;

/**
 * What stands before and behind the rows of the page that shows what is in a folder.
 *
 * @param names The decoded names that lead to the folder.
 * @param count How many rows there are.
 * @param hasMore Whether there is more in the folder.
 */
export function listingFrame(
  names: readonly string[],
  count: number,
  hasMore: boolean,
): readonly [head: string, foot: string] {
  const title = escapeHtml(`/${names.map((name) => `${name}/`).join("")}`);
  const up = names.length > 0 ? `<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n` : "";
  const head = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
<table>
<thead><tr><th>Name</th><th class="number">Size</th><th class="number">Changed (UTC)</th></tr></thead>
<tbody>
${up}`;
  const foot = `
</tbody>
</table>
${hasMore ? `<p>Only the first ${count} entries are shown.</p>` : ""}
</body>
</html>
`;
  return [head, foot];
}

/**
 * The rows of the page that shows what is in a folder.
 *
 * @param entries What is in it, in order.
 */
export function listingRows(entries: readonly ListingEntry[]): string {
  return entries.map(listingRow).join("\n");
}

/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function listingRow(entry: ListingEntry): string {
  const slash = entry.isDirectory ? "/" : "";
  // "./" keeps a name with a colon from being read as a scheme.
  const href = `./${encodeURIComponent(entry.name)}${slash}`;
  const size = entry.isDirectory ? "" : sizeText(entry.size);
  const modified = entry.modified?.toISOString().slice(0, 16).replace("T", " ") ?? "";
  return `<tr><td><a href="${escapeHtml(href)}">${
    escapeHtml(entry.name)
  }${slash}</a></td><td class="number">${size}</td><td class="number">${modified}</td></tr>`;
}

/** Made for the first listing: its tables take 6 ms, and most programs list nothing. */
let collator: Intl.Collator | undefined;

/**
 * Folders first, then by name.
 *
 * @param a An entry.
 * @param b Another one.
 */
export function compareEntries(
  a: Pick<ListingEntry, "name" | "isDirectory">,
  b: Pick<ListingEntry, "name" | "isDirectory">,
): number {
  if (a.isDirectory !== b.isDirectory) return a.isDirectory ? -1 : 1;
  collator ??= new Intl.Collator("en", { numeric: true });
  return collator.compare(a.name, b.name);
}

function sizeText(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
