// Compares the names of a certificate with the name of the server (RFC 9525).

import { equalBytes } from "../../bytes/bytes.ts";
import type { Certificate } from "../x509/certificate.ts";
import { parseIpAddress } from "../../bytes/ip_address.ts";

/**
 * Whether a certificate is good for the name or address the user asked for (RFC 9525).
 *
 * Only subject alternative names count; the common name does not (RFC 9525, Section 2).
 */
export function matchesIdentity(certificate: Certificate, name: string): boolean {
  const address = parseIpAddress(name);
  if (address) {
    return certificate.ipAddresses.some((known) => {
      const bytes = parseIpAddress(known);
      return bytes !== undefined && equalBytes(bytes, address);
    });
  }
  const wanted = normalizeName(name);
  return certificate.dnsNames.some((pattern) => matchesPattern(pattern.toLowerCase(), wanted));
}

/** A host name as it is compared and sent: lower case, without the dot of the root. */
export function normalizeName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

function matchesPattern(pattern: string, name: string): boolean {
  if (!isHostName(name)) return false;
  if (!pattern.startsWith("*.")) return pattern === name;
  // RFC 9525, Section 6.3: a wildcard is the whole leftmost label and stands for exactly one.
  const rest = pattern.slice(1);
  const dot = name.indexOf(".");
  // A wildcard directly below a top-level domain would match names of many owners.
  if (dot <= 0 || rest.indexOf(".", 1) < 0 || rest.includes("*")) return false;
  return name.slice(dot) === rest;
}

function isHostName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name);
}
