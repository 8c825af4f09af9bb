/** The value of an environment variable, if it is set and we may read it. Never prompts. */
export function readEnvironment(variable: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  return Deno.env.get(variable) || undefined;
}

/** The text of a file, if we may read it and it can be read. Never prompts. */
export function readFileIfGranted(path: string): string | undefined {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** Appends to a file, if we may write it. Never prompts; says whether it worked. */
export function appendFileIfGranted(path: string, text: string): boolean {
  if (Deno.permissions.querySync({ name: "write", path }).state !== "granted") return false;
  try {
    Deno.writeTextFileSync(path, text, { append: true, mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}
