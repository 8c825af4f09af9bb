// What the help tells of the command get.

import type { Program } from "../flags/usage.ts";
import { getFlags } from "./get_flags.ts";

/** What `mpquic get -h` explains. */
export const getProgram: Program = {
  name: "mpquic get",
  about:
    "Fetches files over all networks of this machine at once, and goes on after any loss. Its flags " +
    "are those of curl.",
  synopsis: "[flags] URL ...",
  style: "letters",
  flags: getFlags,
  permissions: [
    { flag: "--allow-net", why: "to reach servers" },
    {
      flag: "--allow-read",
      why: "for files to send, parts to go on with, --cacert, and root certificates",
    },
    { flag: "--allow-write", why: "for files that are fetched, and logs" },
    {
      flag: "--allow-sys=networkInterfaces",
      why: "to use all interfaces, and to know their names",
    },
    {
      flag: "--allow-env",
      why: "for SSL_CERT_FILE, DENO_CERT, QLOGDIR, SSLKEYLOGFILE, MPQUIC_NATIVE and TERM",
    },
    {
      flag: "--allow-ffi",
      why: "for sockets of the system (Linux), which leave by the interface they are meant for",
      isOptional: true,
    },
    {
      flag: "--allow-sys",
      why: "for the root certificates of the runtime, on systems without a file of them",
      isOptional: true,
    },
  ],
  notes: [
    "A file is written as NAME.part until it is complete, with a note beside it of the version that " +
    "is fetched. After a loss of all networks, a crash of the server or of this program, the same " +
    "command goes on where it stopped, and begins again if the file at the server has changed. It " +
    "never joins two versions.",
    "Paths: one from each interface, or from those of -n. The path that is answered first carries the " +
    "handshake. What becomes of them is printed on standard error.",
    "Exit status: 0 if all was fetched, 2 if the command line is wrong, 130 if interrupted; otherwise " +
    "that of curl: 6 no such host, 7 no connection, 18 less than announced, 22 status of 400 or more, " +
    "23 cannot write, 26 cannot read, 28 too slow, 33 no such range, 35 TLS, 47 too many redirects, " +
    "56 connection lost, 60 certificate, 95 stream broken off; and 32 for a wrong checksum.",
  ],
  examples: [
    ["a file, over all networks of this machine", "mpquic get -O https://server.example/film.mp4"],
    [
      "over two of them, whatever addresses they have",
      "mpquic get -n wlan0,usb0 -O https://server.example/film.mp4",
    ],
    ["a folder with all that is in it", "mpquic get -r https://server.example/photos/"],
    [
      "only if it is what it should be",
      "mpquic get -fL -o disk.iso --checksum sha256:" +
      "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 " +
      "https://server.example/disk.iso",
    ],
    ["a file to the server", "mpquic get -T film.mp4 -u me:secret https://server.example/inbox/"],
  ],
};
