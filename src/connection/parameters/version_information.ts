// The transport parameter version_information (RFC 9368).

import { Writer } from "../../bytes/writer.ts";
import { invalid, type ParameterCodec } from "./parameter_codec.ts";

/** The version in use and those that could have been (RFC 9368, Section 3). */
export interface VersionInformation {
  readonly chosen: number;
  readonly available: readonly number[];
}

/** Version information on the wire. */
export const versionInformation: ParameterCodec<VersionInformation | undefined> = {
  read(value, id, from) {
    if (value.remaining === 0 || value.remaining % 4 !== 0) {
      throw invalid(id, "its length is wrong");
    }
    const chosen = value.uint32();
    const available: number[] = [];
    while (value.remaining > 0) available.push(value.uint32());
    // RFC 9368, Section 4: 0 is the mark of Version Negotiation packets, never a version.
    if (chosen === 0 || available.includes(0)) throw invalid(id, "it names version 0");
    if (from === "client" && !available.includes(chosen)) {
      throw invalid(id, "the chosen version is not among the available ones");
    }
    return { chosen, available };
  },
  write(information) {
    const { chosen, available } = information!;
    const writer = new Writer(new Uint8Array(4 + 4 * available.length));
    writer.uint32(chosen);
    for (const version of available) writer.uint32(version);
    return writer.bytes;
  },
};
