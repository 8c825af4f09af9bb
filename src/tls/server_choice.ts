// What a server decides from a ClientHello before certificates and tickets are looked at.

import { equalBytes } from "../bytes/bytes.ts";
import { CipherSuite, isCipherSuite } from "../crypto/cipher_suite.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { Alert, alertError } from "./code/alert.ts";
import {
  type ClientHello,
  type KeyShareEntry,
  readAlpn,
  readKeyShares,
  readNumberList,
  readServerName,
  readVersions,
} from "./message/client_hello.ts";
import { defaultSuites } from "./client_offer.ts";
import { ExtensionType, TLS_1_3 } from "./code/code_point.ts";
import { defaultGroups, isKnownGroup } from "./key/key_exchange.ts";
import type { ServerTlsOptions } from "./tls.ts";

/** What follows from a ClientHello before certificates and tickets are looked at. */
export interface ServerChoice {
  readonly alpn: string;
  readonly serverName: string | undefined;
  /** Suites both sides know, in the order of the server. */
  readonly suites: readonly number[];
  readonly group: number;
  /** The client's share of that group, or nothing: then a HelloRetryRequest is due. */
  readonly share: KeyShareEntry | undefined;
  /** Signature schemes that the client takes, if it said so. */
  readonly schemes: readonly number[] | undefined;
  readonly transportParameters: Uint8Array;
}

/** Chooses from what a client offers; throws the alert that says why nothing fits. */
export function chooseFrom(hello: ClientHello, options: ServerTlsOptions): ServerChoice {
  const { extensions } = hello;
  if (hello.sessionId.length > 0) {
    // RFC 9001, Section 8.4: compatibility with middleboxes is not for QUIC.
    throw new TransportError(
      ErrorCode.ProtocolViolation,
      "Cannot accept the ClientHello: it has a session ID",
    );
  }
  if (!readVersions(extensions).includes(TLS_1_3)) {
    throw alertError(Alert.ProtocolVersion, "Cannot go on: the client does not offer TLS 1.3");
  }
  const transportParameters = extensions.get(ExtensionType.QuicTransportParameters);
  if (!transportParameters) throw missing("transport parameters");
  const suites = commonSuites(hello, options);
  if (suites.length === 0) {
    throw alertError(
      Alert.HandshakeFailure,
      "Cannot go on: the client offers no known cipher suite",
    );
  }
  return {
    alpn: chooseProtocol(hello, options.alpn),
    serverName: readServerName(extensions),
    suites,
    ...chooseGroup(hello, (options.groups ?? defaultGroups).filter(isKnownGroup)),
    schemes: readNumberList(extensions, ExtensionType.SignatureAlgorithms),
    transportParameters: transportParameters.slice(),
  };
}

/** The suites that both sides know, in the order in which the server chooses. */
function commonSuites(hello: ClientHello, options: ServerTlsOptions): readonly number[] {
  const { suites, engineSuites = defaultSuites } = options;
  const common = (suites ?? engineSuites).filter((suite) =>
    isCipherSuite(suite) && hello.suites.includes(suite)
  );
  if (suites !== undefined) return common;
  // A client whose processor has no instructions for AES puts ChaCha20 first. AES costs that client
  // more than the client's choice costs the server.
  const favourite = hello.suites.find(isCipherSuite);
  const chaCha = CipherSuite.ChaCha20Poly1305Sha256;
  if (favourite !== chaCha || !common.includes(chaCha)) return common;
  return [chaCha, ...common.filter((suite) => suite !== chaCha)];
}

/** Checks that a ClientHello after a HelloRetryRequest changes what it may and nothing else. */
export function checkSecondHello(first: ClientHello, second: ClientHello): void {
  const same = equalBytes(first.random, second.random) &&
    first.suites.length === second.suites.length &&
    first.suites.every((suite, i) => suite === second.suites[i]);
  if (!same) throw changed("its random value or its suites");
  const types = new Set([...first.extensions.keys(), ...second.extensions.keys()]);
  for (const type of types) {
    if (mayChange.has(type)) continue;
    const before = first.extensions.get(type);
    const after = second.extensions.get(type);
    if (!before || !after || !equalBytes(before, after)) throw changed(`extension ${type}`);
  }
  if (second.extensions.has(ExtensionType.EarlyData)) throw changed("its offer of 0-RTT data");
}

/** RFC 9846, Section 4.2.2. */
const mayChange: ReadonlySet<number> = new Set([
  ExtensionType.KeyShare,
  ExtensionType.EarlyData,
  ExtensionType.Cookie,
  ExtensionType.PreSharedKey,
  ExtensionType.Padding,
]);

/** RFC 9000, Section 7: both ends agree on an application protocol, or there is no connection. */
function chooseProtocol(hello: ClientHello, ours: readonly string[]): string {
  const body = hello.extensions.get(ExtensionType.Alpn);
  const theirs = new Set(body ? readAlpn(body) : []);
  const protocol = ours.find((name) => theirs.has(name));
  if (protocol !== undefined) return protocol;
  throw alertError(
    Alert.NoApplicationProtocol,
    `Cannot go on: the client speaks none of the protocols ${ours.join(", ")}`,
  );
}

function chooseGroup(
  hello: ClientHello,
  ours: readonly number[],
): { group: number; share: KeyShareEntry | undefined } {
  const groups = readNumberList(hello.extensions, ExtensionType.SupportedGroups);
  const shares = readKeyShares(hello.extensions);
  // RFC 9846, Section 9.2: they come together or not at all; we do not do without.
  if (!groups || !shares) throw missing("groups and key shares");
  const listed = new Set(groups);
  if (shares.some(({ group }) => !listed.has(group))) {
    throw alertError(
      Alert.IllegalParameter,
      "Cannot accept the ClientHello: a key share is of a group that it does not list",
    );
  }
  const common = ours.filter((group) => listed.has(group));
  const [favourite] = common;
  if (favourite === undefined) {
    throw alertError(Alert.HandshakeFailure, "Cannot go on: the client offers no known group");
  }
  // A share at hand saves a round trip, so it goes before the order of preference.
  for (const group of common) {
    const share = shares.find((entry) => entry.group === group);
    if (share) return { group, share };
  }
  return { group: favourite, share: undefined };
}

function changed(what: string): Error {
  return alertError(
    Alert.IllegalParameter,
    `Cannot accept the second ClientHello: ${what} must not change`,
  );
}

function missing(what: string): Error {
  return alertError(Alert.MissingExtension, `Cannot go on: the client sent no ${what}`);
}
