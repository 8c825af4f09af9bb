import { answers } from "./installed.ts";

/** Whether there is a curl to compare with. */
export const hasCurl: boolean = await answers("curl", "--version");
