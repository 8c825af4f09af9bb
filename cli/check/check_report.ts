// What `check` prints.

import type { Link, LinkProblem } from "../../mod.ts";
import { wrapText } from "../flags/usage.ts";
import type { CheckOptions } from "./check_options.ts";
import type { TrustChoices } from "../flags/trust_flags.ts";
import type { LinkTrial } from "./link_trial.ts";

/** What is known of a link in the end. */
export interface CheckedLink {
  readonly link: Link;
  /** Undefined if nothing was sent. */
  readonly trial: LinkTrial | undefined;
  /** Why nothing can be sent to the server, if the link has no address of the kind it has. */
  readonly mismatch: string | undefined;
}

/** Sentences of the report begin here, commands here. */
const SENTENCE = 2;
const COMMAND = 4;

/**
 * What stands in the way of a link: what the system says, unless an answer by the very link shows
 * that it does not.
 */
export function obstacles({ link, trial }: CheckedLink): readonly LinkProblem[] {
  const isProven = trial?.isHeard && trial.device === link.name;
  return isProven ? [] : link.problems.filter((problem) => !isWarning(problem));
}

/** Whether a link can be used in spite of what is said: beside a tunnel, if it is named. */
function isWarning({ kind, cure }: LinkProblem): boolean {
  return kind === "tunnel" && cure.length === 0;
}

/** Whether paths can use a link. */
export function canBeUsed(checked: CheckedLink): boolean {
  const { link, trial, mismatch } = checked;
  if (mismatch !== undefined || obstacles(checked).length > 0) return false;
  if (trial === undefined) return true;
  return trial.isHeard && (trial.device ?? link.name) === link.name;
}

/**
 * The report of a link: its addresses, what the trial measured, problems, and their cures.
 *
 * @param checked What is known of the link.
 * @param width How many characters a line may have; commands are never broken.
 */
export function linkLines(checked: CheckedLink, width: number): readonly string[] {
  const wrap = (text: string, indent: number) => wrapText(text, indent, width);
  const { link, trial, mismatch } = checked;
  const via = link.gateways.length === 0 ? "" : `, via ${link.gateways.join(", ")}`;
  const lines = [...wrap(`${link.name}: ${link.addresses.join(", ")}${via}`, 0)];
  if (mismatch !== undefined) lines.push(...wrap(mismatch, SENTENCE));
  if (trial !== undefined) lines.push(...wrap(trialText(link, trial), SENTENCE));
  const found = obstacles(checked);
  const warnings = link.problems.filter(isWarning);
  for (const { message, cure } of [...found, ...warnings]) {
    lines.push(...wrap(`${message}${cure.length > 0 ? ":" : ""}`, SENTENCE));
    lines.push(...cure.map((command) => " ".repeat(COMMAND) + command));
  }
  const unexplained = trial !== undefined && found.length === 0 && whyNoAnswer(link, trial);
  if (unexplained) lines.push(...wrap(unexplained, SENTENCE));
  return lines;
}

/** How to use links that a tunnel with the default route keeps from use, as long as none is named. */
export function adviceBeside(
  all: readonly CheckedLink[],
  { url, insecure, caCert, crlFile }: Pick<CheckOptions, "url" | keyof TrustChoices>,
  width: number,
): readonly string[] {
  const beside = all.filter((one) => one.link.problems.some(isWarning) && canBeUsed(one));
  if (beside.length === 0) return [];
  const names = beside.map(({ link }) => link.name).join(",");
  const words = ["mpquic", "get", ...(insecure ? ["-k"] : [])];
  if (caCert !== undefined) words.push("--cacert", shellWord(caCert));
  if (crlFile !== undefined) words.push("--crlfile", shellWord(crlFile));
  words.push("-n", names, "-O", url === undefined ? "https://..." : shellWord(url.href));
  return [
    ...wrapText("What is not named goes by the tunnel alone. To go beside it:", 0, width),
    " ".repeat(COMMAND) + words.join(" "),
  ];
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The last line: how many links there are to use. */
export function verdict(all: readonly CheckedLink[]): string {
  const usable = all.filter(canBeUsed).length;
  if (all.length === 0) return "No link has an address that others can reach";
  return `${usable} of ${all.length} link${all.length === 1 ? "" : "s"} can be used`;
}

function trialText({ name }: Link, trial: LinkTrial): string {
  const { status, failure, device, rtt, size, ecn } = trial;
  if (status === undefined) return failure!;
  const by = device === undefined || device === name ? "" : `, but by ${device}`;
  const parts = [`The server answers ${status}${by}`];
  if (rtt !== undefined) parts.push(`RTT ${rtt.toFixed(1)} ms`);
  if (size !== undefined) parts.push(`datagrams of ${size} bytes`);
  if (ecn === "capable") parts.push("ECN");
  if (ecn === "failed") parts.push("no ECN");
  return parts.join(", ");
}

/** What a trial tells that the system does not know. */
function whyNoAnswer({ name }: Link, { isHeard, device }: LinkTrial): string | undefined {
  if (device !== undefined && device !== name) {
    return `Packets that are meant for ${name} leave by ${device}: a rule of the system says so; ` +
      "see ip rule";
  }
  if (isHeard) return undefined;
  return "The server does not listen there, or the network behind the link drops UDP or wants to be " +
    "signed in to: open a page with a browser by this link, or use --tcp-fallback";
}
