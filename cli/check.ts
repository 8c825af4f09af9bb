// The command `check`: which links of this machine can be used, and what keeps the others from it.

import { inspectLinks, type Link } from "../mod.ts";
import { type CheckOptions, checkProgram, readCheckOptions } from "./check/check_options.ts";
import {
  adviceBeside,
  canBeUsed,
  type CheckedLink,
  linkLines,
  verdict,
} from "./check/check_report.ts";
import { type TrialOptions, tryLink } from "./check/link_trial.ts";
import { presentNameServers, resolveInTime, silentResolver } from "./check/resolver.ts";
import { readTrust } from "./client/trust_files.ts";
import { UsageError } from "./console/failure.ts";
import { print, report } from "./console/output.ts";
import { say } from "./console/program.ts";
import { helpWidth } from "./console/terminal_size.ts";
import { version } from "./console/version.ts";
import { usageText, wrapText } from "./flags/usage.ts";
import { isLoopback } from "./paths/interfaces.ts";
import { mismatchOf } from "./paths/link_diagnosis.ts";

/** The link of a machine to itself. */
const LOOPBACK = "lo";
/** What is said where the system keeps its routes to itself. */
const DARK =
  "The routes of this system cannot be read: run with --allow-read and --allow-ffi. Without " +
  "them packets leave by the link that has the best route, whatever link they are meant for.";
/** Milliseconds that name servers have. */
const LOOK_UP = 3_000;

/**
 * Runs `check` to its end.
 *
 * @param args The words of the command line.
 * @returns The exit code.
 */
export async function runCheck(args: readonly string[]): Promise<number> {
  const options = readCheckOptions(args);
  if (options === "help") return say(usageText(checkProgram, helpWidth()));
  if (options === "version") return say(version);
  const { url } = options;
  const hostnames = url === undefined ? [] : await lookUp(url.hostname);
  const links = linksTowards(hostnames ?? []);
  const chosen = choose(links, options.interfaces);
  const checked: CheckedLink[] = [];
  const trial = hostnames && url && await trialOf({ url, hostnames }, options);
  for (const link of chosen) {
    checked.push(trial ? await check(link, trial) : untried(link));
    linkLines(checked.at(-1)!, helpWidth()).forEach(print);
  }
  if (chosen.some(isDark)) { for (const line of wrapText(DARK, 0, helpWidth())) print(line); }
  for (const line of adviceBeside(checked, options, helpWidth())) print(line);
  print(verdict(checked));
  return hostnames !== undefined && checked.length > 0 && checked.every(isWell) ? 0 : 1;
}

/** Whether nothing is known of a link but its addresses. */
function isDark({ name, packetsSent }: Link): boolean {
  return packetsSent === undefined && name !== LOOPBACK;
}

/** Whether a link can be used, and the server has answered by it if it was asked. */
function isWell(checked: CheckedLink): boolean {
  return canBeUsed(checked) && (checked.trial === undefined || checked.trial.status !== undefined);
}

/** The addresses of a host; undefined if the name servers are silent, which is told. */
async function lookUp(hostname: string): Promise<readonly string[] | undefined> {
  const found = await resolveInTime(hostname, LOOK_UP);
  if (found !== undefined) return found;
  const { message, cure } = silentResolver(
    await presentNameServers(),
    linkThatReaches,
    linksTo([]),
  );
  const mark = cure.length > 0 ? ":" : "";
  const text = `Cannot find ${hostname}. ${message}${mark}`;
  for (const line of wrapText(text, 0, helpWidth())) report(line);
  for (const command of cure) report(`    ${command}`);
  return undefined;
}

/** The link by which the system sends to an address: the one whose packets take no other. */
function linkThatReaches(destination: string): Link | undefined {
  const links = inspectLinks({ destination, native: "off" });
  return links.find(({ problems, gateways }) => problems.length === 0 && gateways.length > 0);
}

/** The links that lead to some hosts: of the machine itself that is its loopback. */
function linksTowards(hostnames: readonly string[]): readonly Link[] {
  const links = linksTo(hostnames);
  const own = links.flatMap(({ addresses }) => addresses);
  const isOwn = (hostname: string) => own.includes(hostname) || isLoopback(hostname);
  if (hostnames.length === 0 || !hostnames.every(isOwn)) return links;
  return [{ name: LOOPBACK, addresses: hostnames, gateways: [], packetsSent: 0, problems: [] }];
}

/** All links, and what keeps packets to some hosts from them; to any host, if none is named. */
function linksTo(hostnames: readonly string[]): readonly Link[] {
  const judged = hostnames.map((destination) => ({
    isIpv6: destination.includes(":"),
    links: inspectLinks({ destination }),
  }));
  return inspectLinks().map((link, i) => {
    const isFit = (isIpv6: boolean) => link.addresses.some((one) => one.includes(":") === isIpv6);
    const same = judged.filter(({ isIpv6 }) => isFit(isIpv6)).map(({ links }) => links[i]!);
    if (same.length === 0) return link;
    // One address of the host that can be reached suffices.
    const best = same.find(({ problems }) => problems.length === 0) ?? same[0]!;
    return { ...best, gateways: [...new Set(same.flatMap(({ gateways }) => gateways))] };
  });
}

function choose(links: readonly Link[], wanted: readonly string[]): readonly Link[] {
  if (wanted.length === 0) return links;
  return wanted.flatMap((word) => {
    const found = links.filter(({ name }) => name === word || name.startsWith(word));
    if (found.length > 0) return found;
    const known = links.map(({ name }) => name).join(", ");
    throw new UsageError(`Cannot find link "${word}": choose from ${known || "none"}`);
  });
}

async function trialOf(
  target: Pick<TrialOptions, "url" | "hostnames">,
  options: CheckOptions,
): Promise<TrialOptions> {
  const { timeout, insecure } = options;
  const { caCerts, revocation } = await readTrust(options);
  return { ...target, caCerts, revocation, insecure, timeout };
}

/** Tries a link, if it has an address of a family that the host has. */
async function check(link: Link, trial: TrialOptions): Promise<CheckedLink> {
  const { url, hostnames } = trial;
  const families = new Set(link.addresses.map((address) => address.includes(":")));
  const reachable = hostnames.filter((hostname) => families.has(hostname.includes(":")));
  if (reachable.length === 0) return { ...untried(link), mismatch: mismatchOf(link, url.hostname) };
  return { ...untried(link), trial: await tryLink(link.name, { ...trial, hostnames: reachable }) };
}

function untried(link: Link): CheckedLink {
  return { link, trial: undefined, mismatch: undefined };
}
