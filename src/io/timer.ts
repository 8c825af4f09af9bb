// Timers that do not keep the process.

/** Calls a function later, without keeping the process for it; returns how to call it off. */
export function backgroundTimer(action: () => void, milliseconds: number): () => void {
  const timer = setTimeout(action, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
}
