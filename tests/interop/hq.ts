import type { BidirectionalStream, MultipathConnection } from "../../mod.ts";

/** The protocol of all cases but one: HTTP/0.9 over a stream for each file. */
export const HQ = "hq-interop";

/** The longest request that is read. */
const MAX_REQUEST = 8_192;

/** Asks for a file and writes it to disk. */
export async function download(
  connection: MultipathConnection,
  path: string,
  target: string,
): Promise<void> {
  const options = { waitUntilAvailable: true };
  const { readable, writable } = await connection.createBidirectionalStream(options);
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(`GET ${path}\r\n`));
  writer.close().catch(() => {}); // reading tells of everything that goes wrong
  const file = await Deno.open(target, { write: true, create: true, truncate: true });
  await readable.pipeTo(file.writable);
}

/** Serves the files of a folder on all streams of a connection. */
export async function serveFiles(connection: MultipathConnection, folder: string): Promise<void> {
  for await (const stream of connection.incomingBidirectionalStreams) {
    answer(stream, folder).catch(() => stream.writable.abort().catch(() => {}));
  }
}

async function answer({ readable, writable }: BidirectionalStream, folder: string): Promise<void> {
  let request = "";
  const decoder = new TextDecoder();
  for await (const chunk of readable) {
    request += decoder.decode(chunk, { stream: true });
    if (request.length > MAX_REQUEST) throw new RangeError("Cannot serve: the request is too long");
  }
  const path = /^GET (\/\S*)\s*$/.exec(request)?.[1];
  if (path === undefined) throw new TypeError("Cannot serve: the request is not HTTP/0.9");
  const file = await openFile(folder, path);
  await file.readable.pipeTo(writable);
}

/** Opens a file of a folder, by the path of a URL. */
export async function openFile(folder: string, path: string): Promise<Deno.FsFile> {
  const parts = decodeURIComponent(path).split("/");
  if (parts.includes("..") || path.includes("\0")) {
    throw new Deno.errors.NotFound("Cannot serve: no such file");
  }
  return await Deno.open(`${folder}/${parts.join("/")}`);
}
