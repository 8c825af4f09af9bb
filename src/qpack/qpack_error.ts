// The errors of QPACK.

/** Connection error codes of RFC 9204, Section 6. */
export const QpackErrorCode = {
  DecompressionFailed: 0x200,
  EncoderStreamError: 0x201,
  DecoderStreamError: 0x202,
} as const;

/** Thrown while a string or a section is decoded that is longer than the reader will hold. */
export class SizeLimitError extends Error {
  override readonly name = "SizeLimitError";
}
