// Hosts without brackets.

/**
 * A host without the brackets that URLs put around IPv6 addresses (RFC 3986, Section 3.2.2).
 *
 * @param host A name or an address, IPv6 with or without brackets.
 */
export function bareHost(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
