// What a client offers in its ClientHello: suites, groups, key shares, sessions.

import { CipherSuite, isCipherSuite, suiteParameters } from "../crypto/cipher_suite.ts";
import { hashLength } from "../crypto/hkdf.ts";
import {
  latin1ToBytes,
  writeAlpn,
  writeClientHello,
  writeExtension,
  writeNumberList,
} from "./message/client_hello.ts";
import { ExtensionType, TLS_1_3 } from "./code/code_point.ts";
import { parseIpAddress } from "../bytes/ip_address.ts";
import { decompressions } from "./message/certificate_compression.ts";
import { defaultGroups, isKnownGroup } from "./key/key_exchange.ts";
import type { KeyShare } from "./key/key_share.ts";
import { KeySchedule } from "./key/key_schedule.ts";
import type { MessageWriter } from "./message/message_writer.ts";
import { judgeCertificates } from "./peer_certificate.ts";
import { normalizeName } from "./trust/server_identity.ts";
import type { Session } from "./session.ts";
import { MAX_TICKET_LIFETIME } from "./message/session_ticket.ts";
import { certificateSchemes, handshakeSchemes } from "./key/signature.ts";
import type { ClientTlsOptions } from "./tls.ts";
import type { Transcript } from "./key/transcript.ts";

/** The suites in the order we like them: without hardware at hand, ChaCha20 is the fastest. */
export const defaultSuites: readonly number[] = [
  CipherSuite.ChaCha20Poly1305Sha256,
  CipherSuite.Aes128GcmSha256,
  CipherSuite.Aes256GcmSha384,
];

/** What a client says about itself, settled before its first ClientHello. */
export class ClientOffer {
  readonly serverName: string;
  readonly alpn: readonly string[];
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  /** Compressions of certificates that the server may use. */
  readonly compressions: readonly number[];
  readonly random: Uint8Array;
  readonly transportParameters: Uint8Array;
  /** The session on offer; taken away when it cannot be resumed any more. */
  session: Session | undefined;
  /** Whether 0-RTT is on offer. */
  earlyData: boolean;
  /** What a HelloRetryRequest wants to have back. */
  cookie: Uint8Array | undefined;

  /** @param time Milliseconds since 1970. */
  constructor(
    options: ClientTlsOptions,
    random: Uint8Array,
    transportParameters: Uint8Array,
    time: number,
  ) {
    this.serverName = normalizeName(options.serverName);
    this.alpn = options.alpn;
    this.suites = (options.suites ?? defaultSuites).filter(isCipherSuite);
    this.groups = (options.groups ?? defaultGroups).filter(isKnownGroup);
    this.compressions = options.compressions ?? decompressions;
    this.random = random;
    this.transportParameters = transportParameters;
    if (this.alpn.length === 0) {
      throw new TypeError("Cannot connect: no protocol for ALPN is given");
    }
    if (this.suites.length === 0 || this.groups.length === 0) {
      throw new TypeError("Cannot connect: no cipher suite or no group that is known is given");
    }
    const { session } = options;
    const isUsable = session && this.#isUsable(session, time) && isTrusted(session, options, time);
    this.session = isUsable ? session : undefined;
    this.earlyData = options.earlyData === true && this.session?.earlyData === true;
  }

  /** Whether the server is told its name. RFC 6066, Section 3: literal addresses are not sent. */
  get tellsName(): boolean {
    return this.serverName !== "" && parseIpAddress(this.serverName) === undefined;
  }

  /** The server asks for another ClientHello (RFC 9846, Section 4.2.4), with its cookie. */
  onRetry(cookie: Uint8Array | undefined): void {
    this.cookie = cookie;
    this.earlyData = false;
  }

  /** The session cannot be resumed: another hash was chosen. */
  dropSession(): void {
    this.session = undefined;
  }

  /** Writes a ClientHello; the transcript is needed for binders after a HelloRetryRequest. */
  write(
    shares: readonly KeyShare[],
    transcript: Transcript,
    time: number,
  ): Uint8Array<ArrayBuffer> {
    const { session } = this;
    const message = writeClientHello({
      random: this.random,
      suites: this.suites,
      extensions: [
        (writer) => this.#writeServerName(writer),
        (writer) => writeNumberList(writer, ExtensionType.SupportedVersions, [TLS_1_3], 1),
        (writer) => writeNumberList(writer, ExtensionType.SupportedGroups, this.groups),
        (writer) => writeNumberList(writer, ExtensionType.SignatureAlgorithms, handshakeSchemes),
        (writer) =>
          writeNumberList(writer, ExtensionType.SignatureAlgorithmsCert, certificateSchemes),
        (writer) => this.#writeCompressions(writer),
        (writer) => writeAlpn(writer, this.alpn),
        (writer) =>
          writeExtension(writer, ExtensionType.QuicTransportParameters, this.transportParameters),
        // psk_dhe_ke alone: a resumed session has fresh keys too.
        (writer) => writeExtension(writer, ExtensionType.PskKeyExchangeModes, Uint8Array.of(1, 1)),
        (writer) => writeShares(writer, shares),
        (writer) => this.#writeCookie(writer),
        (writer) => this.#writeEarlyData(writer),
        (writer) => session && writePsk(writer, session, time),
      ],
    });
    if (session) addBinder(message, session, transcript);
    return message;
  }

  #isUsable(session: Session, time: number): boolean {
    const age = time - session.receivedAt;
    const lifetime = Math.min(session.lifetime, MAX_TICKET_LIFETIME);
    return session.serverName === this.serverName && this.alpn.includes(session.alpn) &&
      this.suites.includes(session.suite) && age >= 0 && age < 1000 * lifetime;
  }

  #writeServerName(writer: MessageWriter): void {
    if (!this.tellsName) return;
    const extension = writer.openExtension(ExtensionType.ServerName);
    const list = writer.open(2);
    writer.uint8(0);
    writer.vector(2, latin1ToBytes(this.serverName));
    writer.close(list, 2);
    writer.close(extension, 2);
  }

  #writeCompressions(writer: MessageWriter): void {
    if (this.compressions.length === 0) return;
    writeNumberList(writer, ExtensionType.CompressCertificate, this.compressions, 1);
  }

  #writeCookie(writer: MessageWriter): void {
    if (!this.cookie) return;
    const extension = writer.openExtension(ExtensionType.Cookie);
    writer.vector(2, this.cookie);
    writer.close(extension, 2);
  }

  #writeEarlyData(writer: MessageWriter): void {
    if (this.earlyData) writeExtension(writer, ExtensionType.EarlyData, new Uint8Array(0));
  }
}

/**
 * Whether the certificates behind a session would pass today. They are not shown again, and the
 * session may be from a time when they had not expired, or from a connection that accepted any
 * certificate.
 */
function isTrusted(session: Session, options: ClientTlsOptions, time: number): boolean {
  const { verification, onCertificates, revocation, serverName } = options;
  const { peerCertificates: chain } = session;
  if (chain.length === 0) return verification === "insecure" && onCertificates === undefined;
  try {
    judgeCertificates(chain, {
      verification,
      onCertificates,
      revocation,
      serverName: normalizeName(serverName),
      time,
    });
    return true;
  } catch {
    return false; // a handshake with certificates will tell why
  }
}

function writeShares(writer: MessageWriter, shares: readonly KeyShare[]): void {
  const extension = writer.openExtension(ExtensionType.KeyShare);
  const list = writer.open(2);
  for (const share of shares) {
    writer.uint16(share.group);
    writer.vector(2, share.publicKey);
  }
  writer.close(list, 2);
  writer.close(extension, 2);
}

function writePsk(writer: MessageWriter, session: Session, time: number): void {
  const extension = writer.openExtension(ExtensionType.PreSharedKey);
  const identities = writer.open(2);
  writer.vector(2, session.ticket);
  const age = Math.max(0, Math.round(time - session.receivedAt));
  writer.uint32((age + session.ageAdd) % 0x1_0000_0000);
  writer.close(identities, 2);
  const binders = writer.open(2);
  writer.vector(1, new Uint8Array(binderLength(session)));
  writer.close(binders, 2);
  writer.close(extension, 2);
}

/** Fills in the binder, which covers the message up to it (RFC 9846, Section 4.3.11.2). */
function addBinder(message: Uint8Array, session: Session, transcript: Transcript): void {
  const { hash } = suiteParameters(session.suite);
  const length = binderLength(session);
  const schedule = new KeySchedule(hash, session.secret);
  const digest = transcript.digestWith(hash, message.subarray(0, message.length - length - 3));
  const binder = schedule.finishedData(schedule.derive("res binder"), digest);
  message.set(binder, message.length - length);
}

function binderLength(session: Session): number {
  return hashLength(suiteParameters(session.suite).hash);
}
