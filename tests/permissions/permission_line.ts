/** What a program's first line lets it do, and an environment that gives it nothing more. */

/** Variables of the environment that stand in for permissions, or change what is done. */
const TELLING = ["SSL_CERT_FILE", "SSL_CERT_DIR", "DENO_CERT", "QLOGDIR", "SSLKEYLOGFILE"];

/**
 * The flags of `deno run` in a program's first line.
 *
 * @param path The program, below the root of the project.
 */
export function permissionLine(path: string): string[] {
  const [first = ""] = Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url)).split("\n");
  const line = /^#!\/usr\/bin\/env -S deno run( .+)?$/.exec(first);
  if (line === null) throw new Error(`${path} does not begin with its permissions`);
  return line[1]?.trim().split(" ") ?? [];
}

/**
 * What starts a program of the project with the permissions of its first line, and some others.
 *
 * Nothing is asked of the user, nothing is downloaded, and no variable of the environment names
 * certificates, as on most machines.
 *
 * @param path The program, below the root of the project.
 * @param args Its arguments.
 * @param more Further flags of `deno run`.
 */
export function exactly(
  path: string,
  args: readonly string[],
  more: readonly string[] = [],
): { args: string[]; clearEnv: true; env: Record<string, string> } {
  const url = new URL(`../../${path}`, import.meta.url).href;
  const run = ["run", "--no-prompt", "--cached-only", "--no-check"];
  return {
    args: [...run, ...permissionLine(path), ...more, url, ...args],
    clearEnv: true,
    env: plainEnvironment(),
  };
}

/** The environment without what a test's own surroundings may have set. */
export function plainEnvironment(): Record<string, string> {
  const entries = Object.entries(Deno.env.toObject());
  const kept = entries.filter(([name]) => !TELLING.includes(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}
