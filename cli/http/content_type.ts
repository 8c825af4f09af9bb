// The media type of a file, by the end of its name.

import { mimes } from "mrmime";

/**
 * What the library has not, or means otherwise: a file `.ts` is TypeScript here, no film, and XML says
 * itself how it is encoded.
 */
const OWN: Readonly<Record<string, string>> = {
  "7z": "application/x-7z-compressed",
  bmp: "image/bmp",
  bz2: "application/x-bzip2",
  flac: "audio/flac",
  ico: "image/x-icon",
  m3u8: "application/vnd.apple.mpegurl",
  m4a: "audio/mp4",
  mkv: "video/x-matroska",
  opus: "audio/ogg",
  tar: "application/x-tar",
  ts: "text/plain",
  tsx: "text/plain",
  xml: "application/xml",
  xz: "application/x-xz",
  yaml: "application/yaml",
  yml: "application/yaml",
  zst: "application/zstd",
};

/** Types of text whose encoding their readers may otherwise guess. */
const TEXT = /^(?:text\/.*|application\/(?:json|javascript))$/;

/**
 * The media type of a file, by the end of its name.
 *
 * @param name The file's name.
 */
export function contentType(name: string): string {
  const end = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const type = ownOf(OWN, end) ?? ownOf(mimes, end) ?? "application/octet-stream";
  return TEXT.test(type) ? `${type}; charset=utf-8` : type;
}

/** Names such as "constructor" are no ends that are known. */
function ownOf(table: Readonly<Record<string, string>>, end: string): string | undefined {
  return Object.hasOwn(table, end) ? table[end] : undefined;
}
