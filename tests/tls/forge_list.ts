// Lists of revoked certificates of any making, right or wrong.

import { Buffer } from "node:buffer";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { bits, type Der, explicit, integer, sequence, time } from "./der_writer.ts";
import { ecdsa, type Forged } from "./forge.ts";
import { EPOCH } from "./pair.ts";

const DAY = 86_400_000;
const NONE = new Uint8Array();

/** What a list is made of; every part can be made wrong. */
export interface ListRecipe {
  readonly issuer: Forged;
  readonly signer?: Forged;
  readonly version?: number;
  readonly serials?: readonly Der[];
  readonly entryExtensions?: readonly Der[];
  readonly extensions?: readonly Der[];
  readonly thisUpdate?: number;
  readonly nextUpdate?: Der;
  readonly innerAlgorithm?: Der;
  readonly rest?: Der;
}

/** Makes a list. */
export function forgeList(recipe: ListRecipe): Der {
  const { issuer, version = 2, serials = [], entryExtensions, extensions } = recipe;
  const algorithm = ecdsa(256);
  const entries = serials.map((serial) =>
    sequence(serial, time(EPOCH - DAY), entryExtensions ? sequence(...entryExtensions) : NONE)
  );
  const signed = sequence(
    version === 1 ? NONE : integer(version - 1),
    recipe.innerAlgorithm ?? algorithm.id,
    issuer.subject,
    time(recipe.thisUpdate ?? EPOCH - DAY),
    recipe.nextUpdate ?? time(EPOCH + DAY),
    entries.length > 0 ? sequence(...entries) : NONE,
    extensions ? explicit(0, sequence(...extensions)) : NONE,
  );
  const { privateKey } = recipe.signer ?? issuer;
  const signature = algorithm.sign(signed, privateKey);
  return concatBytes(sequence(signed, algorithm.id, bits(signature)), recipe.rest ?? NONE);
}

/** A block of PEM. */
export function pem(der: Uint8Array, label = "X509 CRL"): string {
  return `-----BEGIN ${label}-----\n${
    Buffer.from(der).toString("base64")
  }\n-----END ${label}-----\n`;
}
