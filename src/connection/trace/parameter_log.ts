// Transport parameters in qlog traces.

import { toHex } from "../../bytes/bytes.ts";
import type { JsonText } from "../../qlog/json_text.ts";
import { parameterTable, type TransportParameters } from "../parameters/parameter_table.ts";

/** Writes what a client remembers of a server for 0-RTT data: the numbers. */
export function writeRemembered(json: JsonText, parameters: TransportParameters): void {
  for (const { name, log, remembered } of parameterTable) {
    const value = parameters[name];
    if (log === undefined || remembered === undefined) continue;
    if (typeof value === "number") json.number(log, value);
  }
}

/** Writes what an end announced; of extensions, only those that it did. */
export function writeParameters(json: JsonText, parameters: TransportParameters): void {
  for (const row of parameterTable) {
    const { name, log, extension } = row;
    if (log === undefined) continue;
    const value = parameters[name];
    if (typeof value === "number") {
      if (extension === 0 || row.isSet(parameters)) json.number(log, value);
    } else if (value instanceof Uint8Array) json.word(log, toHex(value));
    else if (value === true) json.flag(log, true);
  }
}
