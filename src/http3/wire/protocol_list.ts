// The protocols that are offered for a session, as fields (WebTransport, Section 3.3).

/** A string of RFC 9651. */
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
/** Parameters, which mean nothing: keys, and values of any kind. */
const PARAMETERS =
  /(?:; *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[?][01]|[^\s;,"]+))?)*/y;
const SEPARATOR = /[ \t]*,[ \t]*/y;

/** Whether a text can be offered as a protocol. */
export function isProtocol(text: string): boolean {
  return /^[\x20-\x7e]+$/.test(text);
}

/** Protocols as the value of a field. */
export function writeProtocols(protocols: readonly string[]): string {
  return protocols.map((name) => `"${name.replace(/["\\]/g, "\\$&")}"`).join(", ");
}

/** The protocols in a field; none if anything in it is no string, as the whole counts then. */
export function readProtocols(field: string | null): string[] {
  const text = (field ?? "").replace(/^ +| +$/g, "");
  const protocols: string[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  while (at < text.length) {
    const string = match(STRING);
    if (!string) return [];
    protocols.push(string[1]!.replace(/\\(.)/g, "$1"));
    match(PARAMETERS);
    if (at === text.length) return protocols;
    if (!match(SEPARATOR) || at === text.length) return [];
  }
  return protocols;
}
