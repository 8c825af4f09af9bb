// For which hosts a certificate is good.

import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

/** The names in a certificate (RFC 5280, Section 4.2.1.6). */
export class CertificateNames {
  readonly #hosts = new Set<string>();

  /** @param cert The certificate, PEM. */
  constructor(cert: string) {
    for (const part of (new X509Certificate(cert).subjectAltName ?? "").split(", ")) {
      const [, kind, name] = /^(DNS|IP Address):(.+)$/.exec(part) ?? [];
      if (name !== undefined) this.#hosts.add(kind === "DNS" ? name.toLowerCase() : plainIp(name));
    }
  }

  /**
   * Whether the certificate is good for a host. A star stands for the first label (RFC 9525,
   * Section 6.3).
   *
   * @param hostname A name, or a literal address, with or without brackets.
   */
  covers(hostname: string): boolean {
    const bare = bareName(hostname);
    if (isIP(bare) !== 0) return this.#hosts.has(plainIp(bare));
    return this.#hosts.has(bare) || this.#hosts.has(bare.replace(/^[^.]+/, "*"));
  }
}

/**
 * A host in lower case, without brackets and without the dot of the root.
 *
 * @param hostname A name, or a literal address.
 */
export function bareName(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$|\.$/g, "");
}

/** An address in the one form that URLs have for it. */
function plainIp(address: string): string {
  const host = isIP(address) === 6 ? `[${address}]` : address;
  return bareName(URL.parse(`http://${host}/`)?.hostname ?? address);
}
