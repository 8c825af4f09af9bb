// Names of certificates in the form that name constraints compare.

import type { DistinguishedName } from "./distinguished_name.ts";
import { type GeneralName, isHostName } from "./general_name.ts";

/** A name in the form in which constraints look at it, made once however many they are. */
export type ComparableName =
  | { readonly form: "dns" | "uri"; readonly host: string }
  | { readonly form: "email"; readonly local: string; readonly host: string }
  | { readonly form: "ip"; readonly bytes: Uint8Array }
  | { readonly form: "directory"; readonly name: DistinguishedName };

/** One name constraint in a form that names are compared with (RFC 5280, Section 4.2.1.10). */
export interface NameBase {
  /** Whether all that a name stands for is within it. */
  holds(name: ComparableName): boolean;
  /** Whether anything that a name stands for is within it. */
  touches(name: ComparableName): boolean;
}

/** What of a name is compared; `undefined` if it is of a form, or so malformed, that nothing is. */
export function asComparable(name: GeneralName): ComparableName | undefined {
  switch (name.form) {
    case "dns": {
      const host = name.text.toLowerCase();
      return isHostName(host.replace(/^\*\./, "")) ? { form: "dns", host } : undefined;
    }
    case "email": {
      const found = mailbox(name.text);
      return found && { form: "email", ...found };
    }
    case "uri": {
      const host = hostOfUri(name.text);
      return host === undefined ? undefined : { form: "uri", host };
    }
    case "ip":
    case "directory":
      return name;
  }
  return undefined;
}

/** What a constraint means; `undefined` if that is not known. */
export function asNameBase(base: GeneralName): NameBase | undefined {
  switch (base.form) {
    case "dns":
      return dnsBase(base.text.toLowerCase());
    case "ip":
      return addressBase(base.bytes);
    case "email":
      return mailBase(base.text);
    case "uri":
      return uriBase(base.text.toLowerCase());
    case "directory":
      return directoryBase(base.name);
  }
  return undefined;
}

/**
 * A domain: all names that end in it, label by label. One that begins with a period is not of the
 * standard but in use: it permits what is below the domain, and excludes the domain as well.
 */
function dnsBase(text: string): NameBase | undefined {
  const domain = text.replace(/^\./, "");
  if (domain !== "" && !isHostName(domain)) return undefined;
  const isBelow = text !== domain;
  return {
    holds(name) {
      return name.form === "dns" && isSubdomain(name.host, domain) &&
        !(isBelow && name.host === domain);
    },
    touches(name) {
      if (name.form !== "dns") return false;
      const { host } = name;
      // A wildcard reaches into an excluded domain that lies below it.
      return isSubdomain(host, domain) ||
        (host.startsWith("*.") && isSubdomain(domain, host.slice(2)));
    },
  };
}

function isSubdomain(name: string, domain: string): boolean {
  if (domain === "" || name === domain) return true;
  return name.endsWith(domain) && name[name.length - domain.length - 1] === ".";
}

/** An address and a mask, which leaves open nothing but the end (RFC 4632). */
function addressBase(bytes: Uint8Array): NameBase | undefined {
  if (bytes.length !== 8 && bytes.length !== 32) return undefined;
  const size = bytes.length / 2;
  const mask = bytes.subarray(size);
  let isOpen = false;
  for (let bit = 0; bit < 8 * size; bit++) {
    const isSet = (mask[bit >>> 3]! & (0x80 >>> (bit & 7))) !== 0;
    if (isSet && isOpen) return undefined;
    isOpen = !isSet;
  }
  return same((name) =>
    name.form === "ip" && name.bytes.length === size &&
    name.bytes.every((byte, i) => ((byte ^ bytes[i]!) & mask[i]!) === 0)
  );
}

/** A mailbox, all at a host, or, with a period in front, all at the hosts below a domain. */
function mailBase(text: string): NameBase | undefined {
  if (text.includes("@")) {
    const wanted = mailbox(text);
    return wanted &&
      same((name) =>
        name.form === "email" && name.local === wanted.local && name.host === wanted.host
      );
  }
  const isHost = hostMatcher(text.toLowerCase());
  return isHost && same((name) => name.form === "email" && isHost(name.host));
}

function uriBase(text: string): NameBase | undefined {
  const isHost = hostMatcher(text);
  return isHost && same((name) => name.form === "uri" && isHost(name.host));
}

/** A host, or with a period in front all below a domain, which is not among them. */
function hostMatcher(text: string): ((host: string) => boolean) | undefined {
  if (!isHostName(text.replace(/^\./, ""))) return undefined;
  return text.startsWith(".") ? (host) => host.endsWith(text) : (host) => host === text;
}

function directoryBase(base: DistinguishedName): NameBase {
  return same((name) => name.form === "directory" && name.name.isWithin(base));
}

/** Of names that stand for one thing each. */
function same(holds: (name: ComparableName) => boolean): NameBase {
  return { holds, touches: holds };
}

/** The two parts of a mail address (RFC 5321, Section 4.1.2); hosts have one case. */
function mailbox(text: string): { local: string; host: string } | undefined {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const host = text.slice(at + 1).toLowerCase();
  if (at <= 0 || !isHostName(host)) return undefined;
  if (/^[^\s"@\\(),:;<>[\]]+$/.test(local)) return { local, host };
  // A quoted name is the same as without the quotes.
  if (!/^"(?:[^"\\]|\\.)*"$/.test(local)) return undefined;
  return { local: local.slice(1, -1).replace(/\\(.)/g, "$1"), host };
}

/** RFC 5280, Section 4.2.1.10: a URI counts only if it names a host by a whole domain name. */
function hostOfUri(text: string): string | undefined {
  const found = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#\\]*@)?([^@:/?#\\]+)(?::[0-9]*)?(?:[/?#]|$)/i
    .exec(text);
  const host = found?.[1]?.toLowerCase();
  if (host === undefined || !isHostName(host) || !host.includes(".")) return undefined;
  return /\.[0-9]+$/.test(host) ? undefined : host;
}
