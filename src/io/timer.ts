// Timers that do not keep the process.

/** Calls a function later, without keeping the process for it; returns how to call it off. */
export function backgroundTimer(action: () => void, milliseconds: number): () => void {
  const timer = setTimeout(action, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Calls a function again and again, without keeping the process; returns how to end that. */
export function backgroundInterval(action: () => void, milliseconds: number): () => void {
  const timer = setInterval(action, milliseconds);
  Deno.unrefTimer(timer);
  return () => clearInterval(timer);
}
