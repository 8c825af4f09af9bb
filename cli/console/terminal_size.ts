/** How large the terminal is; as they mostly are if that cannot be known. */
export function terminalSize(): { readonly columns: number; readonly rows: number } {
  try {
    return Deno.consoleSize();
  } catch {
    return { columns: 80, rows: 24 }; // nothing of ours is a terminal
  }
}

/** How wide the help may be. */
export function helpWidth(): number {
  return Deno.stdout.isTerminal() ? terminalSize().columns : 80;
}
