/**
 * Finds files of tests that cannot be loaded, such as those with an import that is missing: the
 * runtime's runner gives up before the first test if there is one.
 */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const NAME = /[._]test\.(?:[cm]?[jt]s|[jt]sx)$/;
const HIDDEN = new Set([".git", "node_modules"]);

/** What `deno info --json` says, of which only these are asked. */
interface Graph {
  readonly modules: readonly Module[];
}

interface Module {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly Dependency[];
}

interface Dependency {
  readonly code?: { readonly specifier?: string; readonly error?: string };
  /** Such an import fails when its line is reached, which is an error of that file alone. */
  readonly isDynamic?: boolean;
}

/**
 * The files of tests that cannot be loaded, as the runner names them.
 *
 * @param root The folder from which tests are run.
 * @param which Files, folders and flags, as the runner takes them.
 * @param folder A folder for a file of its own.
 */
export async function unloadableFiles(
  root: string,
  which: readonly string[],
  folder: string,
): Promise<string[]> {
  const files = namesOfTests(root, "").filter((file) => isMeant(file, which));
  const urls = files.map((file) => pathToFileURL(join(root, file)).href);
  const entry = join(folder, "all.ts");
  await Deno.writeTextFile(entry, urls.map((url) => `import ${JSON.stringify(url)};\n`).join(""));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: root,
  }).output();
  const { modules }: Graph = JSON.parse(new TextDecoder().decode(stdout));
  const unloadable = unloadableModules(modules);
  return urls.filter((url) => unloadable.has(url)).map((url) =>
    `./${fileURLToPath(url).slice(root.length).replace(/^[/\\]/, "")}`
  );
}

/** Those with an error, and those that import them, by however many others. */
function unloadableModules(modules: readonly Module[]): ReadonlySet<string> {
  const found = new Set(modules.filter((one) => one.error !== undefined).map(nameOf));
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { specifier, dependencies = [] } of modules) {
      const isBroken = ({ code, isDynamic = false }: Dependency) =>
        !isDynamic && code !== undefined &&
        (code.error !== undefined || found.has(code.specifier ?? ""));
      if (dependencies.some(isBroken)) found.add(specifier);
    }
  }
  return found;
}

function nameOf({ specifier }: Module): string {
  return specifier;
}

function namesOfTests(root: string, under: string): string[] {
  return [...Deno.readDirSync(join(root, under))].flatMap(({ name, isDirectory }) => {
    const path = join(under, name);
    if (isDirectory) return HIDDEN.has(name) ? [] : namesOfTests(root, path);
    return NAME.test(name) ? [path] : [];
  });
}

function isMeant(file: string, which: readonly string[]): boolean {
  const ignored = which.flatMap((one) => /^--ignore=(.*)$/.exec(one)?.[1]?.split(",") ?? []);
  const named = which.filter((one) => !one.startsWith("-"));
  const isIn = (place: string) => {
    const path = join(place).replace(/\/$/, "");
    return path === "." || file === path || file.startsWith(`${path}/`);
  };
  return !ignored.some(isIn) && (named.length === 0 || named.some(isIn));
}
