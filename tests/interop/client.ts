import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import {
  type ConnectOptions,
  dial,
  H3Client,
  type MultipathConnection,
  type SavedSession,
} from "../../mod.ts";
import type { Contract } from "./contract.ts";
import { download, HQ } from "./hq.ts";

/** Milliseconds to wait for a session to resume. */
const SESSION_PATIENCE = 5_000;

/** Fetches all files of a test case, in the way that it wants. */
export async function runClient(contract: Contract): Promise<void> {
  const { requests, testCase } = contract;
  if (requests.length === 0) throw new TypeError("Cannot begin: REQUESTS names no files");
  switch (testCase) {
    case "http3":
      return await fetchAll(contract);
    case "multiconnect":
      for (const url of requests) await visit(contract, [url], {});
      return;
    case "resumption":
    case "zerortt":
      return await visitTwice(contract);
    case "chacha20":
      return await visit(contract, requests, { cipherSuites: ["TLS_CHACHA20_POLY1305_SHA256"] });
    case "v2": // some servers take the version that the client likes best, not the one they do
      return await visit(contract, requests, { versions: ["v2", "v1"] });
    default:
      return await visit(contract, requests, {});
  }
}

async function connect(
  contract: Contract,
  more: Partial<ConnectOptions>,
): Promise<MultipathConnection> {
  const { requests: [url], certs, localAddresses } = contract;
  const authority = readIfThere(`${certs}/ca.pem`);
  return await dial(url!, {
    ...await addressOf(url!, localAddresses),
    alpnProtocols: [HQ],
    handshakeTimeout: 30_000,
    certificateCompression: false, // its captures must show a Certificate
    maxConcurrentPaths: 1, // the runner's rules know of one path, and count bytes
    ...authority === undefined ? { insecure: true } : { caCerts: [authority] },
    ...localAddresses.length > 0 ? { localAddresses: [...localAddresses] } : {},
    ...more,
  });
}

/**
 * One address of the server: the runner counts handshakes, and where a name has two addresses, an
 * attempt to reach the second one besides a slow first one would be one more.
 */
async function addressOf(
  url: URL,
  localAddresses: readonly string[],
): Promise<Pick<ConnectOptions, "hostname" | "serverName">> {
  const serverName = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const found = (await lookup(serverName, { all: true })).map(({ address }) => address);
  const isOurs = (address: string) =>
    localAddresses.some((local) => isIPv6(local) === isIPv6(address));
  return { hostname: found.find(isOurs) ?? found[0]!, serverName };
}

/** One connection for some of the files. */
async function visit(
  contract: Contract,
  urls: readonly URL[],
  options: Partial<ConnectOptions>,
): Promise<void> {
  await using connection = await connect(contract, options);
  if (contract.testCase === "keyupdate") connection.updateKeys();
  await downloadAll(contract, connection, urls);
}

async function downloadAll(
  contract: Contract,
  connection: MultipathConnection,
  urls: readonly URL[],
): Promise<void> {
  await Promise.all(urls.map((url) => download(connection, url.pathname, target(contract, url))));
}

/** The first file in one connection, the others in a second one that resumes its session. */
async function visitTwice(contract: Contract): Promise<void> {
  const [first, ...others] = contract.requests;
  const earlyData = contract.testCase === "zerortt";
  // The bytes outside of 0-RTT packets are counted, and probes for larger datagrams are many.
  const options = earlyData ? { maxUdpPayloadSize: 1_200 } : {};
  const session = Promise.withResolvers<SavedSession>();
  const timer = setTimeout(
    () => session.reject(new Error("Cannot resume: the server gave no session")),
    SESSION_PATIENCE,
  );
  try {
    await using connection = await connect(contract, { ...options, onSession: session.resolve });
    await downloadAll(contract, connection, [first!]);
    await session.promise;
  } finally {
    clearTimeout(timer);
  }
  await using connection = await connect(contract, {
    ...options,
    session: await session.promise,
    earlyData,
  });
  await downloadAll(contract, connection, others);
  if (!connection.resumed) throw new Error("Cannot resume: the server did not");
  if (earlyData && !connection.earlyDataAccepted) {
    throw new Error("Cannot send early data: the server did not read them");
  }
}

/** All files over HTTP/3. */
async function fetchAll(contract: Contract): Promise<void> {
  await using connection = await connect(contract, { alpnProtocols: ["h3"] });
  const client = new H3Client(connection);
  await Promise.all(contract.requests.map(async (url) => {
    const response = await client.fetch(new Request(url));
    if (!response.ok) throw new Error(`Cannot fetch ${url.href}: ${response.status}`);
    await Deno.writeFile(target(contract, url), response.body!);
  }));
}

function target({ downloads }: Contract, url: URL): string {
  return `${downloads}/${url.pathname.split("/").at(-1)}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
