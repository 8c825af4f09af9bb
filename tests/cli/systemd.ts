import { answers } from "./installed.ts";

/** Runs `systemd-analyze`. */
export function systemd(...args: string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command("systemd-analyze", { args }).output();
}

/** Whether that is installed. */
export const hasSystemd: boolean = await answers("systemd-analyze", "--version");
