// What the terminal is like: its size, and whether it can be drawn on.

/** What terminals mostly are like. */
const USUAL = { columns: 80, rows: 24 };

/**
 * How large the terminal is; as they mostly are if that cannot be known.
 *
 * @param ask Asks the system.
 */
export function terminalSize(
  ask = Deno.consoleSize,
): { readonly columns: number; readonly rows: number } {
  try {
    const { columns, rows } = ask();
    // Serial lines, and terminals that programs made, tell 0 for what has not been set.
    return { columns: columns || USUAL.columns, rows: rows || USUAL.rows };
  } catch {
    return USUAL; // nothing of ours is a terminal
  }
}

/** Whether people read standard error on a terminal that moves its cursor where it is told to. */
export function canDraw(): boolean {
  return Deno.stderr.isTerminal() && kindOfTerminal() !== "dumb";
}

/** What the terminal calls itself, if the program may know. */
function kindOfTerminal(): string | undefined {
  const variable = "TERM";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** How wide the help may be. */
export function helpWidth(): number {
  return Deno.stdout.isTerminal() ? terminalSize().columns : 80;
}
