// What is at a place in the file system.

/**
 * Whether a name is that of a file, or of nothing yet: devices and pipes are written as they are.
 *
 * @param path The name.
 */
export async function isRegular(path: string): Promise<boolean> {
  if (path === "-") return false;
  return await Deno.stat(path).then(
    ({ isFile, isDirectory }) => isFile || isDirectory,
    (error) => {
      if (error instanceof Deno.errors.NotCapable) throw error;
      return true;
    },
  );
}

/**
 * The size of a file; 0 if there is none.
 *
 * @param path The name.
 */
export async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}

/**
 * The size of a file that can be read again from any place; undefined for what flows by.
 *
 * @param path The name; "-" and "." are standard input.
 */
export async function sizeToSend(path: string): Promise<number | undefined> {
  if (path === "-" || path === ".") return undefined;
  const { isFile, size } = await Deno.stat(path);
  return isFile && size > 0 ? size : undefined;
}

/**
 * Makes the folders that a file is to be in, as far as they are missing.
 *
 * @param path The name of the file.
 */
export async function makeFolderOf(path: string): Promise<void> {
  const folder = path.replace(/[^/\\]*$/, "");
  if (folder !== "") await Deno.mkdir(folder, { recursive: true });
}
