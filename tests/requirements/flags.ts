import { clientProgram } from "../../cli/client/client_options.ts";
import { getProgram } from "../../cli/get/get_program.ts";
import { serverProgram } from "../../cli/server/server_options.ts";
import { family, type Row } from "../report/requirement.ts";

/** Every flag of the programs is given to a running one; those that run them take a note of it. */
export const flags = family(
  "flag",
  [clientProgram, serverProgram, getProgram].flatMap(({ name, flags }) =>
    flags.map((flag): Row => [`${name} --${flag.name}`, flag.help, "some"])
  ),
);
