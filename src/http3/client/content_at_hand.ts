// The content of a request that an application has made before: whole if it is at hand.

type Read = Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>>;

/**
 * The content of a `Request`, which tells only a stream of what it was made of. Text and bytes come
 * in one piece at once: their length is known, and they can be sent again, as the Fetch Standard
 * wants it. Anything else stays a stream.
 *
 * @param body The body of the request, which is read from now on.
 */
export async function contentAtHand(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>> {
  const reader = body.getReader();
  const reads = [reader.read(), reader.read()];
  const turn = Promise.withResolvers<undefined>();
  setImmediate(() => turn.resolve(undefined));
  const [piece, end] = await Promise.race([Promise.all(reads), turn.promise]).catch(none) ?? [];
  if (end?.done && piece?.value instanceof Uint8Array) return piece.value;
  return streamOf(reads, reader);
}

/** What has been asked for, and then the rest; failures are told to its reader. */
function streamOf(
  reads: Read[],
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  for (const read of reads) read.catch(none);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await (reads.shift() ?? reader.read());
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function none(): undefined {}
