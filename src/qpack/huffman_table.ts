/**
 * The Huffman code of RFC 7541, Appendix B.
 *
 * The code is canonical: sorted by length, then by symbol, the codes count upwards. So the lengths
 * say it all; one base-36 digit each, for the bytes 0 to 255 and the end-of-string symbol 256.
 */
const digits = "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq" +
  "u";

/** The symbol that marks the end of a string; it must never be sent. */
export const END_OF_STRING = 256;

/** Bits in the code of each symbol. */
export const codeLengths: Uint8Array = Uint8Array.from(digits, (digit) => parseInt(digit, 36));

/** The code of each symbol, in its lowest bits. */
export const codes: Uint32Array = countCodes();

function countCodes(): Uint32Array {
  const result = new Uint32Array(codeLengths.length);
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    code *= 2;
    for (let symbol = 0; symbol < result.length; symbol++) {
      if (codeLengths[symbol] === length) result[symbol] = code++;
    }
  }
  return result;
}
