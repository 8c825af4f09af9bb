/** The 4 or 16 bytes of a literal IP address; `undefined` for anything else, names included. */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (text.startsWith("[") && text.endsWith("]")) return parseIpv6(text.slice(1, -1));
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let count = 0;
  /** The number at hand; -1 before its first digit. */
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0; // not a number behind the end
    if (digit >= 0 && digit <= 9) {
      if (value === 0) return undefined;
      value = value < 0 ? digit : 10 * value + digit;
      if (value > 255) return undefined;
    } else {
      const isEnd = i === text.length || text.charCodeAt(i) === DOT;
      if (!isEnd || value < 0 || count === 4) return undefined;
      bytes[count++] = value;
      value = -1;
    }
  }
  return count === 4 ? bytes : undefined;
}

const DIGIT_0 = 0x30;
const DOT = 0x2e;

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("%")[0]!.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!);
  const tail = halves.length === 2 ? parseGroups(halves[1]!) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group; without it, all must be there.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const ipv4 = i === groups.length - 1 && group.includes(".") ? parseIpv4(group) : undefined;
    if (ipv4) {
      bytes.push(...ipv4);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      bytes.push(parseInt(group, 16) >>> 8, parseInt(group, 16) & 0xff);
    } else {
      return undefined;
    }
  }
  return bytes;
}

/** The literal form of 4 or 16 bytes, as the runtime writes it: IPv6 in RFC 5952's shortest form. */
export function formatIpAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : formatIpv6(bytes);
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const [start, length] = longestZeros(groups);
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  // RFC 5952, Section 4.2.2: a single group of zeros is not shortened.
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** Where the first of the longest runs of zeros is, and how long. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [-1, 0];
  let length = 0;
  for (let i = 0; i < groups.length; i++) {
    length = groups[i] === 0 ? length + 1 : 0;
    if (length > best[1]) best = [i - length + 1, length];
  }
  return best;
}
