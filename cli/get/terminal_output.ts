// Standard output where people read it.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";

/** Standard output, where people read it: bytes that are no text are not for them. */
export const onTerminal = {
  write(bytes: Uint8Array): Promise<number> {
    if (!bytes.includes(0)) return Deno.stdout.write(bytes);
    throw new Failure(
      "Cannot show this: it is no text; name a file with -o, or show it nevertheless with -o -",
      1,
      CurlCode.Write,
    );
  },
};
