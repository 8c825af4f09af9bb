/** What the interop runner tells an endpoint by its environment, with the paths of its containers. */
export interface Contract {
  readonly role: "client" | "server";
  readonly testCase: string;
  /** URLs of the files that a client fetches. */
  readonly requests: readonly URL[];
  /** Where a server's files are. */
  readonly www: string;
  /** Where a client puts what it fetched. */
  readonly downloads: string;
  /** Where `cert.pem`, `priv.key` and `ca.pem` are. */
  readonly certs: string;
  readonly port: number;
  /** The port that clients are sent to in the case of that name. */
  readonly preferredPort: number;
  /** Local addresses; all of them if empty. */
  readonly localAddresses: readonly string[];
}

/** The status that says that a test case is not known. */
export const UNSUPPORTED = 127;

/** The names that are given as TESTCASE, and that we know. */
const known: readonly string[] = [
  "handshake",
  "transfer",
  "longrtt",
  "chacha20",
  "multiplexing",
  "retry",
  "resumption",
  "zerortt",
  "http3",
  "multiconnect",
  "keyupdate",
  "ipv6",
  "v2",
  "connectionmigration",
];

/** Whether we know a test case. */
export function isKnown(testCase: string): boolean {
  return known.includes(testCase);
}

/** Reads the environment; the paths and ports may be overridden there, to try it without containers. */
export function readContract(): Contract {
  const { env } = Deno;
  const role = env.get("ROLE");
  if (role !== "client" && role !== "server") {
    throw new TypeError("Cannot begin: ROLE must be client or server");
  }
  return {
    role,
    testCase: env.get("TESTCASE") ?? "",
    requests: words(env.get("REQUESTS")).map((url) => new URL(url)),
    www: env.get("WWW") ?? "/www",
    downloads: env.get("DOWNLOADS") ?? "/downloads",
    certs: env.get("CERTS") ?? "/certs",
    port: Number(env.get("PORT") ?? 443),
    preferredPort: Number(env.get("PREFERRED_PORT") ?? 4443),
    localAddresses: words(env.get("LOCAL_ADDRESSES")),
  };
}

function words(text = ""): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
