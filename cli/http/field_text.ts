/*
 * Values of fields are bytes. `Headers` hold a character for each byte, people read and write UTF-8.
 */

/**
 * The bytes of a text in UTF-8, a character for each, as `Headers` take them.
 *
 * @param text What a person wrote.
 */
export function fieldValue(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/**
 * What the bytes of a field's value say in UTF-8; if they are not UTF-8, a character for each byte.
 *
 * @param value The value as `Headers` give it.
 */
export function fieldText(value: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(fieldBytes(value));
  } catch {
    return value;
  }
}

/**
 * The bytes of fields.
 *
 * @param text A character for each byte.
 */
export function fieldBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
