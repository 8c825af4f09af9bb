// Takes reasons out of sentences that say what cannot be done.

/**
 * Of "Cannot do this: because" what comes behind the colon, to stand in another such sentence. An
 * address or a port before it has colons of its own, without a space.
 */
export function reasonIn(message: string): string {
  return message.replace(/^Cannot .*?: /s, "");
}
