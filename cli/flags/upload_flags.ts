// The flags of a server that takes files.

import { UsageError } from "../console/failure.ts";
import { bytesValue } from "./amounts.ts";
import { type Flag, type FlagValues, numberValue, textValue } from "./flags.ts";

/** How files may be uploaded. */
export interface UploadChoices {
  /** The file of the users who may; undefined for none. */
  readonly auth: string | undefined;
  /** The file of the authorities whose certificates users show; undefined for none. */
  readonly clientCa: string | undefined;
  /** The file of what they have revoked; undefined for none. */
  readonly clientCrl: string | undefined;
  /** Whether files that are there may be replaced without a condition. */
  readonly overwrite: boolean;
  /** Bytes of a file. */
  readonly maxUpload: number;
  /** Uploads at a time. */
  readonly maxUploads: number;
}

const DEFAULT_SIZE = 10 * 1024 ** 3;
const DEFAULT_COUNT = 16;

/** The flags for that. */
export const uploadFlags: readonly Flag[] = [
  { name: "allow-upload", help: "let the users of --auth or --client-ca store files by PUT" },
  {
    name: "auth",
    value: "FILE",
    help: "its users: lines name:HASH with the SHA-256 in hex",
  },
  {
    name: "client-ca",
    value: "FILE",
    help: "the authorities (PEM) of clients' certificates, whose users may upload, and " +
      "are users of the proxy by lines name:certificate in its list",
  },
  {
    name: "client-crl",
    value: "FILE",
    help: "lists (PEM) of certificates that those authorities have revoked, read again on change",
  },
  { name: "overwrite", help: "let them replace files without If-Match" },
  {
    name: "max-upload",
    value: "SIZE",
    help: "most bytes of an uploaded file (default: 10G)",
  },
  { name: "max-uploads", value: "COUNT", help: "most uploads at a time (default: 16)" },
];

/**
 * Reads these flags.
 *
 * @param given What stood on the command line.
 */
export function readUploadChoices(given: FlagValues): UploadChoices {
  const auth = textValue(given, "auth");
  const clientCa = textValue(given, "client-ca");
  const isAllowed = given.values["allow-upload"] === true;
  if (isAllowed && auth === undefined && clientCa === undefined) {
    throw new UsageError(
      "Cannot take files from everybody: give the users with --auth FILE, or their authority with " +
        "--client-ca FILE, or no --allow-upload",
    );
  }
  const clientCrl = textValue(given, "client-crl");
  if (clientCrl !== undefined && clientCa === undefined) {
    throw new UsageError("Cannot use --client-crl alone: give --client-ca with it");
  }
  // The proxy's users may show certificates, too.
  const shared = given.values["proxy"] === true ? [] : ["client-ca"];
  const other = ["auth", ...shared, "overwrite", "max-upload", "max-uploads"].find((name) =>
    given.values[name] !== undefined
  );
  if (!isAllowed && other !== undefined) {
    throw new UsageError(`Cannot use --${other} alone: give --allow-upload with it`);
  }
  return {
    auth,
    clientCa: isAllowed ? clientCa : undefined,
    clientCrl,
    overwrite: given.values["overwrite"] === true,
    maxUpload: bytesValue(given, "max-upload", "bytes") ?? DEFAULT_SIZE,
    maxUploads: numberValue(given, "max-uploads", 1, 10_000) ?? DEFAULT_COUNT,
  };
}
