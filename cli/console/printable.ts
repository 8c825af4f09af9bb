/**
 * The text without what moves the cursor, changes colours or turns the direction of writing: peers
 * have a say in much that is shown.
 *
 * @param text What is to be shown on a terminal, in one line.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}]/gu, "?");
}
