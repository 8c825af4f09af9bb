/** What README.md tells its readers to type, and to allow. */

const text = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));

/** A row of the README's table of permissions. */
export interface PermissionRow {
  /** The flags of `deno run`. */
  readonly permissions: string;
  /** What they are for. */
  readonly purpose: string;
}

/** The permissions that programs with the library are told to have. */
export function libraryPermissions(): PermissionRow[] {
  const rows = text.matchAll(/^\| `(--allow-[^`|]+)` +\| (.+?) +\|$/gm);
  return Array.from(rows, ([, permissions, purpose]) => ({
    permissions: permissions!,
    purpose: purpose!,
  }));
}

/** The files of root certificates of systems, in the order of the text. */
export function bundlePaths(): string[] {
  return [...new Set(text.match(/\/etc\/[\w./-]+(?=`)/g))];
}

/** The commands in the blocks of shell text, each in one line. */
export function shellCommands(): string[] {
  const blocks = text.matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  const lines = Array.from(blocks, ([, block]) => block!.replaceAll(/ \\\n\s*/g, " ")).join("");
  return lines.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** The programs that are whole: blocks of TypeScript that are not marked to be ignored. */
export function programs(): string[] {
  return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, program]) => program!);
}

/** The version of the package in the `imports` to write. */
export function importedVersion(): string | undefined {
  return /"jsr:@mpquic\/mpquic@\^([\d.]+)"/.exec(text)?.[1];
}

/** The tasks that are named anywhere in the text, each once. */
export function taskNames(): string[] {
  return [
    ...new Set(Array.from(text.matchAll(/deno(?:@[\d.]+)? task (\w+)/g), ([, name]) => name!)),
  ];
}
