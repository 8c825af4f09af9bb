/** What git, pip and browsers fetch: a repository and a wheel, each with one file of a size. */

import { payload } from "./payload.ts";

/** The project that pip is asked for, and its one wheel. */
export const PROJECT = "film";
/** The file in it, and in the repository. */
export const FILM = "film.bin";

const VERSION = "1.0";
const WHEEL = `${PROJECT}-${VERSION}-py3-none-any.whl`;
const INFO = `${PROJECT}-${VERSION}.dist-info`;
/** Nothing is compressed, so that as many bytes travel as the file has. */
const PLAIN = ["-c", "core.compression=0", "-c", "pack.compression=0"];
const AUTHOR = ["-c", "user.name=a", "-c", "user.email=a@host.example"];

/** Packs a wheel in a folder. */
const PACK = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_STORED) as wheel:
    wheel.write(sys.argv[2], "${FILM}")
    wheel.writestr("${INFO}/METADATA",
        "Metadata-Version: 2.1\\nName: ${PROJECT}\\nVersion: ${VERSION}\\n")
    wheel.writestr("${INFO}/WHEEL",
        "Wheel-Version: 1.0\\nGenerator: a\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("${INFO}/RECORD", "")
`;

/** Puts a repository below `git/` and an index of packages below `simple/`, as far as there are git and Python. */
export async function fillShelf(folder: string, size: number): Promise<void> {
  const work = `${folder}/work`;
  await Deno.mkdir(work);
  await Deno.writeFile(`${work}/${FILM}`, payload(0, size));
  if (hasProgram("git")) {
    await run("git", "-C", work, "init", "-q");
    await run("git", "-C", work, "add", FILM);
    await run("git", "-C", work, ...PLAIN, ...AUTHOR, "commit", "-qm", "A film");
    const bare = `${folder}/git/${PROJECT}.git`;
    await run("git", "clone", "-q", "--bare", "--no-local", work, bare);
    await run("git", "-C", bare, "config", "pack.compression", "0");
  }
  if (hasProgram("pip")) {
    const shelf = `${folder}/simple/${PROJECT}`;
    await Deno.mkdir(shelf, { recursive: true });
    await run("python3", "-c", PACK, `${shelf}/${WHEEL}`, `${work}/${FILM}`);
    await Deno.writeTextFile(`${shelf}/index.html`, `<a href="${WHEEL}">${WHEEL}</a>`);
  }
}

/** Whether there is a program of that name, and it works. */
export function hasProgram(name: string): boolean {
  try {
    return new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

async function run(name: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args }).output();
  if (success) return;
  throw new Error(`Cannot run ${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
