// The handler of the server: the files of a folder, or of one for each host.

import { reasonOf } from "../console/connect_failure.ts";
import { Failure } from "../console/failure.ts";
import { print } from "../console/output.ts";
import { OpenFiles } from "../files/open_files.ts";
import { withFields } from "../files/response_fields.ts";
import { type FileHandler, staticFiles } from "../files/static_files.ts";
import { UploadSlots } from "../files/upload_slots.ts";
import { Uploads } from "../files/uploads.ts";
import { aloud, type FileNews } from "./file_news.ts";
import type { ServerOptions } from "./server_options.ts";
import { byHost } from "./sites.ts";
import { withUploads } from "./upload_handler.ts";
import { UserFile } from "./user_file.ts";

/**
 * What answers the requests of the server.
 *
 * @param options What the command line says.
 * @param news Hears of a changed list of users; the user of the program is told if it is left out.
 */
export async function makeHandler(
  options: ServerOptions,
  news: FileNews = aloud,
): Promise<FileHandler> {
  const handler = withFields(await openAll(options, news), options);
  if (!options.verbose) return handler;
  return async (request, visitor) => {
    const response = await handler(request, visitor);
    print(`${request.method} ${request.url} ${response.status}`);
    return response;
  };
}

/** What the folders of one server share. */
interface Shared {
  readonly options: ServerOptions;
  readonly files: OpenFiles;
  readonly slots: UploadSlots;
  /** The users with passwords, if there are any. */
  readonly users: UserFile | undefined;
}

async function openAll(options: ServerOptions, news: FileNews): Promise<FileHandler> {
  const { auth, maxUploads, sites, www } = options;
  const users = auth === undefined ? undefined : await UserFile.open(auth, "auth", news);
  users?.watch();
  const shared = { options, files: new OpenFiles(), slots: new UploadSlots(maxUploads), users };
  const usual = www === undefined ? undefined : await openSite(www, "-www", shared);
  if (sites.length === 0) return usual!;
  const handlers = sites.map(async ({ hosts, folder }) => {
    return { hosts, handler: await openSite(folder, "--site", shared) };
  });
  return byHost(await Promise.all(handlers), usual);
}

/** A folder, with uploads if users may send any. */
async function openSite(path: string, flag: string, shared: Shared): Promise<FileHandler> {
  const handler = await openFolder(path, flag, shared);
  const { auth, clientCa, overwrite, maxUpload: maxSize, maxUploads: maxCount } = shared.options;
  if (auth === undefined && clientCa === undefined) return handler;
  const real = await Deno.realPath(path);
  if (Deno.permissions.querySync({ name: "write", path: real }).state !== "granted") {
    throw new Failure(
      `Cannot take files in ${path}: it may not be written; run it with --allow-write=${real} as well`,
    );
  }
  const uploads = new Uploads(path, { overwrite, maxSize, maxCount }, shared.slots);
  return withUploads(handler, uploads, shared.users);
}

async function openFolder(
  path: string,
  flag: string,
  { options, files }: Shared,
): Promise<FileHandler> {
  try {
    if ((await Deno.stat(path)).isDirectory) {
      mayRead(path, await Deno.realPath(path));
      return await staticFiles(path, options, files);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`Cannot serve ${path}: ${missing(error)}; name another folder with ${flag}`);
  }
  throw new Failure(`Cannot serve ${path}: it is not a folder; name one with ${flag}`);
}

/** The runtime looks through links: what may not be read behind one is a 403 each time. */
function mayRead(path: string, real: string): void {
  if (Deno.permissions.querySync({ name: "read", path: real }).state === "granted") return;
  throw new Failure(
    `Cannot serve ${path}: it leads to ${real}, which may not be read; run it with --allow-read=${real} as well`,
  );
}

function missing(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it is not there";
  return error instanceof Deno.errors.PermissionDenied ? "it may not be read" : reasonOf(error);
}
