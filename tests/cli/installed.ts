/** Whether a program is there, which answers to a question without fault. */
export async function answers(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args }).output()).success;
  } catch {
    return false; // a program that is missing is told of by an exception
  }
}

/** Prometheus's own parser of metrics; Debian has it in the package "prometheus". */
export const hasPromtool: boolean = await answers("promtool", "--version");

/** What tells the system calls of a program. */
export const hasStrace: boolean = await answers("strace", "true");

/** The client that most machines have. */
export const hasCurl: boolean = await answers("curl", "--version");

/** What makes certificates of any shape. */
export const hasOpenssl: boolean = await answers("openssl", "version");
