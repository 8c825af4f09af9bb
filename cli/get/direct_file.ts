// A file that is written as it comes, for what cannot be gone on with.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { whyNot } from "../console/why_not.ts";
import { makeFolderOf } from "./local_path.ts";
import { StreamSink } from "./stream_sink.ts";

/**
 * Opens a file, a pipe or a device to write to.
 *
 * @param path Its name.
 * @param append Where the bytes go on, if they are to be added to those that are there.
 * @param createFolders Whether folders that are missing are made.
 * @throws {Failure} If that cannot be done.
 */
export async function openDirectly(
  path: string,
  append: number | undefined,
  createFolders: boolean,
): Promise<StreamSink> {
  try {
    if (createFolders) await makeFolderOf(path);
    const isAdding = append !== undefined && append > 0;
    const file = await Deno.open(path, { write: true, create: true, truncate: !isAdding });
    if (isAdding) {
      const { size } = await file.stat();
      if (size !== append && size !== 0) {
        file.close();
        throw new Failure(
          `Cannot go on with ${path} at byte ${append}: it has ${size}; give -C ${size}, or -C -`,
          1,
          CurlCode.Range,
        );
      }
      await file.seek(0, Deno.SeekMode.End);
    }
    return new StreamSink(file, path, () => file.close());
  } catch (error) {
    if (error instanceof Failure || error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(
      `Cannot write ${path}: ${whyNot(error)}; name another file with -o`,
      1,
      CurlCode.Write,
    );
  }
}
