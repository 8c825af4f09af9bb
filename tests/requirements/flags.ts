import { clientProgram } from "../../cli/client_options.ts";
import { serverProgram } from "../../cli/server_options.ts";
import { family, type Row } from "../report/requirement.ts";

/** Every flag of the programs is given to a running one; those that run them take a note of it. */
export const flags = family(
  "flag",
  [clientProgram, serverProgram].flatMap(({ name, flags }) =>
    flags.map((flag): Row => [`${name} --${flag.name}`, flag.help, "some"])
  ),
);
