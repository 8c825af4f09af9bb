// A server on loopback whose certificate can be revoked.

import { integer, time } from "./der_writer.ts";
import { alternativeNames, authority, forge, generalName } from "./forge.ts";
import { forgeList, pem } from "./forge_list.ts";

const HOUR = 3_600_000;
/** The number of the certificate. */
export const SERIAL = 77;

/** Texts in PEM: an authority, a certificate of 127.0.0.1 with its key, and lists of the authority. */
export interface Revocable {
  readonly ca: string;
  readonly identity: { readonly cert: string; readonly key: string };
  /** A list with these numbers on it, good for an hour or until a time. */
  listOf(serials: readonly number[], nextUpdate?: number): string;
}

/** Makes all that, good from an hour ago. */
export function makeRevocable(): Revocable {
  const now = Date.now();
  const times = { notBefore: now - HOUR, notAfter: now + HOUR };
  const ca = forge({ subject: "ca", extensions: [authority()], ...times });
  const own = forge({
    subject: "server",
    issuer: ca,
    serial: integer(SERIAL),
    extensions: [alternativeNames(generalName.ip(127, 0, 0, 1))],
    ...times,
  });
  return {
    ca: pem(ca.der, "CERTIFICATE"),
    identity: {
      cert: pem(own.der, "CERTIFICATE"),
      key: own.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    },
    listOf: (serials, nextUpdate = times.notAfter) =>
      pem(forgeList({
        issuer: ca,
        serials: serials.map((serial) => integer(serial)),
        thisUpdate: times.notBefore,
        nextUpdate: time(nextUpdate),
      })),
  };
}
