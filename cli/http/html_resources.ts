// Finds the scripts, style sheets and images of a page.

/** How many resources of one page are followed. */
const MOST_RESOURCES = 1000;

/** Which attribute of which element names something a browser loads at once. */
const loadingAttributes: ReadonlyMap<string, string> = new Map([
  ["link", "href"],
  ["script", "src"],
  ["img", "src"],
]);

/** Relations of `link` that browsers load; others, such as canonical, only point somewhere. */
const loadingRelations: ReadonlySet<string> = new Set([
  "stylesheet",
  "icon",
  "apple-touch-icon",
  "preload",
  "modulepreload",
  "manifest",
]);

/**
 * Finds what a page makes a browser load from the same origin: link, script and img, each once.
 *
 * @param html The page.
 * @param pageUrl Where it came from.
 */
export function findResources(html: string, pageUrl: URL): readonly URL[] {
  const found = new Map<string, URL>();
  let base = pageUrl;
  for (const tag of readTags(html)) {
    if (found.size >= MOST_RESOURCES) break;
    if (tag.name === "base") {
      base = URL.parse(tag.attributes.get("href") ?? "", pageUrl) ?? base;
    }
    const reference = referenceOf(tag);
    const url = reference === undefined ? null : URL.parse(reference, base);
    if (!url || url.origin !== pageUrl.origin) continue;
    url.hash = "";
    if (url.href !== pageUrl.href) found.set(url.href, url);
  }
  return [...found.values()];
}

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

function referenceOf(tag: Tag): string | undefined {
  const attribute = loadingAttributes.get(tag.name);
  if (attribute === undefined) return undefined;
  const relation = tag.attributes.get("rel");
  if (tag.name === "link" && relation !== undefined) {
    const words = relation.toLowerCase().split(/\s+/);
    if (!words.some((word) => loadingRelations.has(word))) return undefined;
  }
  const reference = tag.attributes.get(attribute)?.trim();
  return reference ? reference : undefined; // an empty one would load the page again
}

/** Walks over the start tags; comments and the text of scripts and styles hold none. */
function* readTags(html: string): Generator<Tag> {
  let at = 0;
  while ((at = html.indexOf("<", at)) >= 0) {
    if (html.startsWith("<!--", at)) {
      at = endAfter(html, "-->", at + 4);
      continue;
    }
    const name = stickyMatch(/[a-z][^\s/>]*/iy, html, at + 1)?.toLowerCase();
    if (name === undefined) {
      at++;
      continue;
    }
    const attributes = new Map<string, string>();
    at = readAttributes(html, at + 1 + name.length, attributes);
    yield { name, attributes };
    if (name === "script" || name === "style") at = endOfText(html, name, at);
  }
}

function readAttributes(html: string, start: number, out: Map<string, string>): number {
  let at = start;
  while (at < html.length) {
    at += stickyMatch(/[\s/]*/y, html, at)!.length;
    if (html[at] === ">") return at + 1;
    const name = stickyMatch(/[^\s/>=]+|=/y, html, at);
    if (name === undefined) return html.length; // the page ends within a tag
    at += name.length;
    const equals = stickyMatch(/\s*=\s*/y, html, at);
    let value = "";
    if (equals !== undefined) {
      at += equals.length;
      const quote = html[at];
      if (quote === '"' || quote === "'") {
        const end = html.indexOf(quote, at + 1);
        if (end < 0) return html.length;
        value = html.slice(at + 1, end);
        at = end + 1;
      } else {
        value = stickyMatch(/[^\s>]*/y, html, at)!;
        at += value.length;
      }
    }
    const key = name.toLowerCase();
    if (!out.has(key)) out.set(key, decodeEntities(value));
  }
  return at;
}

function stickyMatch(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function endAfter(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from);
  return at < 0 ? html.length : at + mark.length;
}

function endOfText(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}[\\s/>]`, "gi");
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, decodeEntity);
}

function decodeEntity(whole: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
  const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}
