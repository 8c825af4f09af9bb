// What becomes of the files that a server follows: who is told, and where.

import { print, report } from "../console/output.ts";

/** Hears what becomes of a file that is read again when it changes. */
export interface FileNews {
  /** The changed file is in use. */
  onNews(line: string): void;
  /** It cannot be used, and what it said before stays. */
  onFault(line: string): void;
}

/** For the thread of the program: the user reads it. */
export const aloud: FileNews = { onNews: print, onFault: report };

/** For workers, which follow the same files as the thread of the program: it is said there. */
export const silent: FileNews = { onNews: () => {}, onFault: () => {} };
