import { join } from "node:path";

/** A place in the sources that names a section of a standard. */
export interface Citation {
  /** The standard, as `sections.json` calls it. */
  readonly standard: string;
  /** The number of the section, or the letter of an appendix and what follows. */
  readonly section: string;
  /** The file below the root of the repository. */
  readonly path: string;
}

/** What one file cites. */
export interface Found {
  readonly citations: Citation[];
  /** Sections named without the standard they are of. */
  readonly orphans: string[];
}

/** Sections of standards by number, with their titles. */
export type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

const here = import.meta.dirname!;
const root = join(here, "../..");

/** The tables of contents; of standards that are not QUIC's or HTTP/3's, what is cited only. */
export const sections: Sections = readJson("sections.json");

/** Sections that say MUST, REQUIRED or SHALL, of the standards this project implements. */
export const mustSections: Readonly<Record<string, readonly string[]>> = readJson(
  "must_sections.json",
);

/** Sections with a reason in `exceptions.md`, as "standard, section", and under which heading. */
export function readExceptions(): Map<string, { heading: string; reason: string }> {
  const exceptions = new Map<string, { heading: string; reason: string }>();
  let heading = "";
  const text = Deno.readTextFileSync(join(here, "exceptions.md"));
  for (const item of text.replace(/\n {2,}/g, " ").split("\n")) {
    if (item.startsWith("## ")) heading = item.slice(3);
    const match = item.match(/^- (\w[\w ]*), Sections? ([\d., and]+): (.*)$/);
    if (!match) continue;
    for (const [section] of match[2]!.matchAll(/\d+(?:\.\d+)*/g)) {
      exceptions.set(`${match[1]}, ${section}`, { heading, reason: match[3]! });
    }
  }
  return exceptions;
}

/** Everything that the sources cite. */
export function citationsOfSources(): Found {
  const all: Found = { citations: [], orphans: [] };
  for (const path of filesBelow("src")) {
    const { citations, orphans } = findCitations(Deno.readTextFileSync(join(root, path)), path);
    all.citations.push(...citations);
    all.orphans.push(...orphans);
  }
  return all;
}

const number = /(?:\d+|[A-Z](?=[.\s,;:)]|$))(?:\.\d+)*/.source;
const joint = `(?:, and |, | and | to )(?:(?:Section|Appendix) )?`;
const citation = new RegExp(
  `(${namesOfStandards()}), (?:Section|Appendix)s? (${number}(?:${joint}${number})*)`,
  "g",
);

/** What a text cites; numbers of the same standard may stand in a row. */
export function findCitations(text: string, path: string): Found {
  const citations: Citation[] = [];
  const plain = text.replace(/\n\s*(?:\*(?!\/)|\/\/)\s*/g, " ");
  const rest = plain.replace(citation, (_, name: string, numbers: string) => {
    for (const [section] of numbers.matchAll(new RegExp(number, "g"))) {
      citations.push({ standard: nameOf(name), section, path });
    }
    return "";
  });
  const orphans = [...rest.matchAll(/.{0,40}(?:\b(?:Section|Appendix)s? [\dA-Z]|RFC \d+, \d)\S*/g)]
    .map(([words]) => `${path}: ${words}`);
  return { citations, orphans };
}

/** Drafts are named in words, which may begin a sentence; one of them is cited without "qlog". */
function namesOfStandards(): string {
  const drafts = Object.keys(sections).filter((name) => !name.startsWith("RFC"))
    .map((name) => name.replace(/^[A-Z](?=[a-z])/, (first) => `[${first}${first.toLowerCase()}]`))
    .map((name) => name.replace("qlog main", "(?:qlog )?main"));
  return ["RFC \\d+", ...drafts].join("|");
}

function nameOf(text: string): string {
  const wanted = text.toLowerCase();
  return Object.keys(sections).find((name) => name.toLowerCase().endsWith(wanted)) ?? text;
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? filesBelow(path) : name.endsWith(".ts") ? [path] : [];
  });
}

function readJson<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(join(here, name)));
}
