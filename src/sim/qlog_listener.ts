// Traces of simulated connections.

import type { Role } from "../error/role.ts";
import { Qlog, type QlogFactory } from "../qlog/qlog.ts";
import { QlogWriter } from "../qlog/writer.ts";

/**
 * Takes a record of a trace, with separator and line feed, and the connection that it belongs to.
 */
export type RecordListener = (record: string, role: Role, id: string) => void;

/** Gives every connection a log whose records go to a function. */
export function logTo(listener: RecordListener): QlogFactory {
  return ({ role, originalId, now, epoch }) => {
    const sink = {
      write(record: string): boolean {
        listener(record, role, originalId);
        return true;
      },
    };
    return new Qlog(new QlogWriter(sink, { role, group: originalId, start: now, epoch }));
  };
}
