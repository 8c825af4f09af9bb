/** A regular file of an archive. */
export interface TarEntry {
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

const BLOCK = 512;

/** The regular files of a tar archive, in order; long names of other kinds are passed over. */
export function* readTar(archive: Uint8Array<ArrayBuffer>): Generator<TarEntry> {
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0;) {
    const name = field(archive, at, 100);
    const size = parseInt(field(archive, at + 124, 12), 8) || 0;
    const kind = archive[at + 156]!;
    at += BLOCK;
    // "0" and, in old archives, NUL stand for regular files.
    if (kind === 0x30 || kind === 0) yield { name, data: archive.slice(at, at + size) };
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** The same of an archive in gzip format. */
export async function readTarGzip(path: string | URL): Promise<TarEntry[]> {
  const file = await Deno.open(path);
  const plain = file.readable.pipeThrough(new DecompressionStream("gzip"));
  return [...readTar(new Uint8Array(await new Response(plain).arrayBuffer()))];
}

function field(archive: Uint8Array, at: number, size: number): string {
  const text = new TextDecoder().decode(archive.subarray(at, at + size));
  return text.split("\0", 1)[0]!.trim();
}
