// Standard input as text, for flags that take "-" for a file.

/**
 * What is left of standard input. A second caller gets an empty text, as with curl.
 */
export async function readStandardInput(): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (let count; (count = await Deno.stdin.read(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text + decoder.decode();
}
