// Lets users upload files beside what is served to all.

import type { FileHandler } from "../files/static_files.ts";
import type { Uploads } from "../files/uploads.ts";
import type { Visitor } from "../files/visitor.ts";
import type { UserFile } from "./user_file.ts";

/** RFC 9110, Section 11.6.1. */
const CHALLENGE = 'Basic realm="upload", charset="UTF-8", Bearer realm="upload"';
const TYPE = { "content-type": "text/plain; charset=utf-8" };

/**
 * A handler that takes PUT of users, and leaves all else to another. What others have uploaded is
 * shown by browsers as if it came from nowhere.
 *
 * @param handler Answers other requests.
 * @param uploads Takes the files.
 * @param users Users with passwords; left out if there are only such with certificates.
 */
export function withUploads(
  handler: FileHandler,
  uploads: Uploads,
  users: UserFile | undefined,
): FileHandler {
  return async (request, visitor) => {
    if (request.method === "PUT") {
      const user = await userOf(request, visitor, users);
      if (user === undefined) return await refusal(request, users !== undefined);
      return await uploads.put(request, user);
    }
    const response = await handler(request, visitor);
    const { headers } = response;
    if (!headers.has("content-security-policy")) headers.set("content-security-policy", "sandbox");
    // A user that was cut off asks how far it came; no other user is told.
    const asker = request.method === "HEAD" ? await userOf(request, visitor, users) : undefined;
    const offset = asker === undefined ? undefined : await uploads.offsetOf(request, asker);
    if (offset !== undefined) headers.set("upload-offset", `${offset}`);
    if (response.status === 405) headers.set("allow", "GET, HEAD, PUT");
    return response;
  };
}

/** The user that a request proves to be of, by a password if it has one, else by its certificate. */
async function userOf(
  { headers }: Request,
  visitor: Visitor | undefined,
  users: UserFile | undefined,
): Promise<string | undefined> {
  const credentials = headers.get("authorization");
  const user = credentials !== null && users !== undefined
    ? await users.userOf(credentials)
    : visitor?.certificateUser;
  if (user !== undefined) visitor?.onUser?.(user);
  return user;
}

async function refusal({ body }: Request, hasPasswords: boolean): Promise<Response> {
  await body?.cancel().catch(() => {}); // it may have failed itself
  if (hasPasswords) {
    const headers = { "www-authenticate": CHALLENGE, ...TYPE };
    return new Response("Who are you?\n", { status: 401, headers });
  }
  // RFC 9110, Section 15.5.2: 401 needs a challenge, and there is none for certificates.
  const text = "Files are taken of clients that show a certificate.\n";
  return new Response(text, { status: 403, headers: TYPE });
}
