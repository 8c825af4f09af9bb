/** The lines of a stream of bytes. */
export function linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  return split(stream.pipeThrough(new TextDecoderStream()));
}

async function* split(texts: ReadableStream<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of texts) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
