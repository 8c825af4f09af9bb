// Texts that peers have a say in, as they are shown to people.

/** Characters of a text that are shown. */
const LONGEST = 300;

/**
 * The text with everything visible: signs that control, and those that turn the direction of
 * writing, are shown as their numbers. Too much of it is cut off.
 *
 * @param text What a peer has written.
 */
export function plainText(text: string): string {
  const all = [...text.slice(0, 2 * LONGEST)];
  const shown = all.slice(0, LONGEST).join("").replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\p{Cs}]/gu,
    (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`,
  );
  return all.length > LONGEST ? `${shown}…` : shown;
}

/** An address and its port as URLs write them. */
export function placeText({ hostname, port }: Pick<Deno.NetAddr, "hostname" | "port">): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
