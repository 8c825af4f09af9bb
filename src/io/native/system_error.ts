// Errors of the system as errors of the runtime, as its own sockets throw them.

import { Errno } from "./libc.ts";

/** The kind of error, its name, and what it says, for each that can meet a socket. */
const KNOWN: ReadonlyMap<number, readonly [new (message: string) => Error, string, string]> =
  new Map([
    [Errno.EPERM, [Deno.errors.PermissionDenied, "EPERM", "Operation not permitted"]],
    [Errno.EACCES, [Deno.errors.PermissionDenied, "EACCES", "Permission denied"]],
    [Errno.ENODEV, [Deno.errors.NotFound, "ENODEV", "No such device"]],
    [Errno.ENFILE, [Error, "ENFILE", "Too many open files in system"]],
    [Errno.EMFILE, [Error, "EMFILE", "Too many open files"]],
    [Errno.EADDRINUSE, [Deno.errors.AddrInUse, "EADDRINUSE", "Address already in use"]],
    [Errno.EADDRNOTAVAIL, [
      Deno.errors.AddrNotAvailable,
      "EADDRNOTAVAIL",
      "Cannot assign requested address",
    ]],
    [Errno.EAFNOSUPPORT, [Error, "EAFNOSUPPORT", "Address family not supported by protocol"]],
    [Errno.ENETUNREACH, [Deno.errors.NetworkUnreachable, "ENETUNREACH", "Network is unreachable"]],
    [Errno.EHOSTUNREACH, [Error, "EHOSTUNREACH", "No route to host"]],
  ]);

/** The error for a number of errno.h. */
export function systemError(errno: number): Error {
  const [Kind, code, text] = KNOWN.get(errno) ?? [Error, `E${errno}`, "The system refuses"];
  return Object.assign(new Kind(`${text} (os error ${errno})`), { code });
}
