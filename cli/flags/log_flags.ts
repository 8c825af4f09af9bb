// The flags for traces and secrets.

import { type Flag, type FlagValues, textValue } from "./flags.ts";
import { Failure } from "../console/failure.ts";
import { report } from "../console/output.ts";
import { whyNot } from "../console/why_not.ts";

/** Where a program leaves what its connections say. */
export interface LogChoices {
  /** The folder for qlog traces. */
  readonly qlog: string | undefined;
  /** The file for TLS secrets. */
  readonly keyLog: string | undefined;
}

/** The library's options for that. */
export interface LogOptions {
  /** The folder for qlog traces. */
  readonly qlog?: string;
  /** Hears why a trace ends early. */
  readonly onQlogError?: (error: unknown) => void;
  /** Takes TLS secrets. */
  readonly keyLog?: (line: string) => void;
}

/** The flags for logs; both programs know them. */
export const logFlags: readonly Flag[] = [
  {
    name: "qlog",
    value: "DIR",
    help: "write a qlog trace of each connection to DIR (or set QLOGDIR)",
  },
  {
    name: "key-log",
    value: "FILE",
    help: "append TLS secrets to FILE for Wireshark (or set SSLKEYLOGFILE)",
  },
];

/**
 * Reads the flags for logs.
 *
 * @param given What stood on the command line.
 */
export function readLogChoices(given: FlagValues): LogChoices {
  return { qlog: textValue(given, "qlog"), keyLog: textValue(given, "key-log") };
}

/**
 * The library's options for what was chosen, once it is certain that it can be written.
 *
 * @param choices What was chosen.
 * @param tell Takes a line for people.
 */
export function logOptions(
  { qlog, keyLog }: LogChoices,
  tell: (line: string) => void = report,
): LogOptions {
  if (qlog !== undefined) prepareFolder(qlog);
  return {
    ...qlog !== undefined && {
      qlog,
      onQlogError: (error) => tellOnce(tell, "traces", qlog, error),
    },
    ...keyLog !== undefined && { keyLog: keyLogTo(keyLog, tell) },
  };
}

/** What was told of already: each connection, and each request of a program, has its own options. */
const told = new Set<string>();

function tellOnce(tell: (line: string) => void, what: string, path: string, error: unknown): void {
  if (told.has(path)) return;
  told.add(path);
  tell(`Cannot write all ${what} to "${path}": ${whyNot(error)}; everything else goes on`);
}

function prepareFolder(path: string): void {
  try {
    if (path === "") throw new Failure("it has no name");
    Deno.mkdirSync(path, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: path, prefix: ".qlog-" }));
  } catch (error) {
    throw cannotWrite("traces to", path, "folder with --qlog", error);
  }
}

/** Secrets are written at once, because captures are read while the program runs. */
function keyLogTo(path: string, tell: (line: string) => void): (line: string) => void {
  try {
    const file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    const utf8 = new TextEncoder();
    return (line) => {
      try {
        file.writeSync(utf8.encode(`${line}\n`));
      } catch (error) {
        // A full disk, say: a log is no reason for a connection to fail.
        tellOnce(tell, "secrets", path, error);
      }
    };
  } catch (error) {
    throw cannotWrite("secrets to", path, "file with --key-log", error);
  }
}

function cannotWrite(what: string, path: string, other: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) return error;
  return new Failure(`Cannot write ${what} "${path}": ${whyNot(error)}; name another ${other}`);
}
