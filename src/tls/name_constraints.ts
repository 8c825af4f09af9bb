import type { GeneralName, GeneralSubtrees, NameConstraints } from "@peculiar/asn1-x509";
import type { Certificate } from "./certificate.ts";
import { parseIpAddress } from "../bytes/ip_address.ts";

/**
 * Why `certificate` is not within the constraints of an authority above it; `undefined` if it is
 * (RFC 5280, Section 4.2.1.10).
 *
 * Host names and addresses are compared. A constraint on another form of name refuses every
 * certificate that carries such a name: what is not understood is not allowed.
 */
export function violation(
  certificate: Certificate,
  constraints: NameConstraints,
): string | undefined {
  const { permittedSubtrees: permitted, excludedSubtrees: excluded } = constraints;
  if (certificate.subject !== "" && hasDirectoryName(permitted, excluded)) {
    return "a constraint on directory names cannot be checked";
  }
  for (const name of certificate.alternativeNames) {
    const form = formOf(name);
    const bases = (permitted ?? []).map(baseOf).filter((base) => formOf(base) === form);
    if (bases.length > 0 && !bases.some((base) => isWithin(name, base))) {
      return `${describe(name)} is outside of the permitted names`;
    }
    const barred = (excluded ?? []).map(baseOf).filter((base) => formOf(base) === form);
    if (barred.some((base) => touches(name, base))) return `${describe(name)} is excluded`;
  }
  return undefined;
}

type Form = keyof GeneralName | undefined;

const forms: readonly (keyof GeneralName)[] = [
  "dNSName",
  "iPAddress",
  "rfc822Name",
  "uniformResourceIdentifier",
  "directoryName",
  "otherName",
  "registeredID",
  "x400Address",
  "ediPartyName",
];

function formOf(name: GeneralName): Form {
  return forms.find((form) => name[form] !== undefined);
}

function baseOf(subtree: GeneralSubtrees[number]): GeneralName {
  return subtree.base;
}

function describe(name: GeneralName): string {
  return name.dNSName ?? name.iPAddress ?? `a name of form ${formOf(name) ?? "unknown"}`;
}

function hasDirectoryName(...lists: (GeneralSubtrees | undefined)[]): boolean {
  return lists.some((list) => list?.some((subtree) => formOf(subtree.base) === "directoryName"));
}

function isWithin(name: GeneralName, base: GeneralName): boolean {
  if (name.dNSName !== undefined && base.dNSName !== undefined) {
    return isSubdomain(name.dNSName.toLowerCase(), base.dNSName.toLowerCase());
  }
  if (name.iPAddress !== undefined && base.iPAddress !== undefined) {
    return isInNetwork(name.iPAddress, base.iPAddress) === true;
  }
  return false;
}

/** Like `isWithin`, but in doubt it is true; for excluded names. */
function touches(name: GeneralName, base: GeneralName): boolean {
  if (name.dNSName !== undefined && base.dNSName !== undefined) {
    const host = name.dNSName.toLowerCase();
    const domain = base.dNSName.toLowerCase();
    // A wildcard reaches into an excluded domain that lies below it.
    return isSubdomain(host, domain) ||
      (host.startsWith("*.") && isSubdomain(domain.replace(/^\./, ""), host.slice(2)));
  }
  if (name.iPAddress !== undefined && base.iPAddress !== undefined) {
    return isInNetwork(name.iPAddress, base.iPAddress) !== false;
  }
  return true;
}

function isSubdomain(name: string, domain: string): boolean {
  if (domain === "") return true;
  if (domain.startsWith(".")) return name.endsWith(domain);
  return name === domain || name.endsWith("." + domain);
}

/** `undefined` when the constraint cannot be understood. */
function isInNetwork(address: string, network: string): boolean | undefined {
  const slash = network.indexOf("/");
  const base = parseIpAddress(network.slice(0, Math.max(slash, 0)));
  const bytes = parseIpAddress(address);
  const mask = network.slice(slash + 1);
  if (!base || !bytes || !/^[0-9]{1,3}$/.test(mask)) return undefined;
  if (base.length !== bytes.length) return false;
  const bits = Number(mask);
  for (let i = 0; i < bits && i < 8 * base.length; i++) {
    const bit = 0x80 >>> (i & 7);
    if ((base[i >>> 3]! & bit) !== (bytes[i >>> 3]! & bit)) return false;
  }
  return true;
}
