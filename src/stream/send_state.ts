/**
 * States of the sending part of a stream (RFC 9000, Section 3.1).
 *
 * @internal
 */
export const SendState = {
  Ready: 0,
  Send: 1,
  DataSent: 2,
  DataReceived: 3,
  ResetSent: 4,
  ResetReceived: 5,
} as const;
/** One of the values of {@linkcode SendState}. */
export type SendState = (typeof SendState)[keyof typeof SendState];
