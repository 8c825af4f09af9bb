/** One line of a field section: a name and a value, each a string of bytes. */
export interface FieldLine {
  /** The name; in HTTP/3 always lower case. */
  readonly name: string;
  /** The value. */
  readonly value: string;
  /** Whether no hop may put it into a compression table (RFC 9204, Section 7.1.3). */
  readonly sensitive?: boolean;
}

/** What a line counts against a limit (RFC 9204, Section 3.2.1 and RFC 9114, Section 4.2.2). */
export function fieldLineSize(name: string, value: string): number {
  return name.length + value.length + LINE_OVERHEAD;
}

/** The share of a line's size that neither name nor value explains. */
export const LINE_OVERHEAD = 32;
