// The flags of a server for several hosts.

import { UsageError } from "../console/failure.ts";
import { type Flag, type FlagValues, textValue, textValues } from "./flags.ts";

/** A folder for some hosts. */
export interface Site {
  /** The hosts, as URLs write them; a star stands for the first label. */
  readonly hosts: readonly string[];
  readonly folder: string;
}

/** What the server shows. */
export interface SiteChoices {
  /** The folder for all hosts that no site is for; undefined if there is none. */
  readonly www: string | undefined;
  readonly sites: readonly Site[];
}

/** The flags for that. */
export const siteFlags: readonly Flag[] = [
  { name: "www", value: "DIR", help: "the folder to serve (default: the current one)" },
  {
    name: "site",
    value: "HOST=DIR",
    isRepeatable: true,
    help: "a folder of its own for a host, or for several: a.example,*.a.example=/srv/a; may be " +
      "repeated; other hosts have DIR, if that is named",
  },
];

/**
 * Reads these flags.
 *
 * @param given What stood on the command line.
 */
export function readSiteChoices(given: FlagValues): SiteChoices {
  const sites = textValues(given, "site").map(readSite);
  const hosts = sites.flatMap((site) => site.hosts);
  const twice = hosts.find((host, i) => hosts.indexOf(host) < i);
  if (twice !== undefined) throw new UsageError(`Cannot serve ${twice} twice: give one --site`);
  return { www: readFolder(given, sites.length > 0 ? undefined : "."), sites };
}

/** The folder is named by itself, as with other file servers, or as in 2018. */
function readFolder(given: FlagValues, usual: string | undefined): string | undefined {
  const flag = textValue(given, "www");
  const named = flag === undefined ? given.rest : [flag, ...given.rest];
  if (named.length <= 1) return named[0] ?? usual;
  throw new UsageError(`Cannot serve ${named.join(" and ")}: name one folder`);
}

function readSite(text: string): Site {
  const [, names, folder] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const hosts = names?.split(",").map(hostOf);
  if (hosts === undefined || folder === undefined || hosts.includes(undefined)) {
    throw new UsageError(
      `Cannot use "${text}" for --site: give hosts and their folder, such as ` +
        "a.example,www.a.example=/srv/a",
    );
  }
  return { hosts: hosts as string[], folder };
}

/** The host as URLs write it; undefined if it is none. */
function hostOf(text: string): string | undefined {
  const [, star = "", name = ""] = /^(\*\.)?([^*:/?#@\\\s]+|\[[\da-f:.]+\])$/i.exec(text.trim()) ??
    [];
  const host = name === "" ? undefined : URL.parse(`https://${name}/`)?.hostname;
  return host && star + host.replace(/\.$/, "");
}
