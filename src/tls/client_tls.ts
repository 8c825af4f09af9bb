// The client side of the TLS 1.3 handshake.

import { concatBytes, NO_BYTES } from "../bytes/bytes.ts";
import { Reader } from "../bytes/reader.ts";
import { suiteParameters } from "../crypto/cipher_suite.ts";
import { Level } from "../crypto/level.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { Alert, alertError } from "./code/alert.ts";
import type { CertificateKey } from "./x509/certificate_key.ts";
import { decompressCertificate } from "./message/certificate_compression.ts";
import {
  readCertificate,
  readCertificateRequest,
  writeCertificate,
  writeCertificateVerify,
  writeFinished,
} from "./message/certificate_message.ts";
import { readAlpn } from "./message/client_hello.ts";
import { ClientOffer } from "./client_offer.ts";
import { ExtensionType, MessageType, NamedGroup } from "./code/code_point.ts";
import { expectEnd, expectOnly, type Extensions, readExtensions } from "./message/extensions.ts";
import { Handshake } from "./handshake.ts";
import { makeKeyShare } from "./key/key_exchange.ts";
import type { KeyShare } from "./key/key_share.ts";
import { KeySchedule, resumptionKey } from "./key/key_schedule.ts";
import { checkCertificateVerify, judgeCertificates } from "./peer_certificate.ts";
import { readServerHello, type ServerHello } from "./message/server_hello.ts";
import { MAX_TICKET_LIFETIME, readNewSessionTicket } from "./message/session_ticket.ts";
import { signedContent } from "./key/signature.ts";
import type { ClientTlsOptions, TlsContext } from "./tls.ts";
import { MAX_TICKETS } from "../limits/limits.ts";

/** What the client waits for (RFC 9846, Appendix A.1); always moves forward. */
const State = {
  Start: 0,
  ServerHello: 1,
  EncryptedExtensions: 2,
  CertificateOrRequest: 3,
  Certificate: 4,
  CertificateVerify: 5,
  Finished: 6,
  Connected: 7,
} as const;

/** The client's side of a TLS 1.3 handshake over QUIC. */
export class ClientTls extends Handshake {
  readonly #options: ClientTlsOptions;
  #state: number = State.Start;
  #offer: ClientOffer | undefined;
  #shares: readonly KeyShare[] = [];
  /** Set by a HelloRetryRequest: the suite that the ServerHello must repeat. */
  #retrySuite = 0;
  #clientSecret: Uint8Array = NO_BYTES;
  #serverSecret: Uint8Array = NO_BYTES;
  #resumptionSecret: Uint8Array = NO_BYTES;
  #serverKey: CertificateKey | undefined;
  /** Signature schemes of a CertificateRequest. */
  #requestedSchemes: readonly number[] | undefined;
  #serverParameters: Uint8Array = NO_BYTES;
  #tickets = 0;

  constructor(options: ClientTlsOptions, context: TlsContext) {
    super(context, options.keyLog);
    this.#options = options;
  }

  start(now: number): void {
    if (this.#state !== State.Start) return;
    const { random } = this.context;
    this.clientRandom = random.bytes(32);
    this.#offer = new ClientOffer(
      this.#options,
      this.clientRandom,
      this.context.transportParameters(),
      this.context.wallTime(now),
    );
    this.serverName = this.#offer.serverName;
    // With a hybrid share goes an ordinary one, for servers that do not know it: as browsers do.
    const usual = this.#offer.groups[0] === NamedGroup.X25519MlKem768 ? 2 : 1;
    const count = Math.max(1, this.#options.shares ?? usual);
    this.#shares = this.#offer.groups.slice(0, count).map((group) => makeKeyShare(group, random));
    this.#state = State.ServerHello;
    this.#sendHello(now);
    if (this.#offer.earlyData) this.#startEarlyData();
  }

  protected onMessage(type: number, message: Uint8Array, now: number): void {
    switch (this.#state) {
      case State.ServerHello:
        if (type === MessageType.ServerHello) return this.#onServerHello(message, now);
        break;
      case State.EncryptedExtensions:
        if (type === MessageType.EncryptedExtensions) return this.#onEncryptedExtensions(message);
        break;
      case State.CertificateOrRequest:
        if (type === MessageType.CertificateRequest) return this.#onCertificateRequest(message);
        if (isCertificate(type)) return this.#onCertificate(type, message, now);
        break;
      case State.Certificate:
        if (isCertificate(type)) return this.#onCertificate(type, message, now);
        break;
      case State.CertificateVerify:
        if (type === MessageType.CertificateVerify) return this.#onCertificateVerify(message);
        break;
      case State.Finished:
        if (type === MessageType.Finished) return this.#onFinished(message);
        break;
      case State.Connected:
        // RFC 9001, Section 6: KeyUpdate is not for QUIC, which updates keys by itself.
        if (type === MessageType.NewSessionTicket) return this.#onNewSessionTicket(message, now);
        // RFC 9001, Section 4.4: which request it belongs to could not be told.
        if (type === MessageType.CertificateRequest) throw lateRequest();
        break;
    }
    throw this.unexpected(type);
  }

  #sendHello(now: number): void {
    const time = this.context.wallTime(now);
    const message = this.#offer!.write(this.#shares, this.transcript, time);
    this.transcript.add(message);
    this.send(Level.Initial, message);
  }

  #startEarlyData(): void {
    const { suite, secret } = this.#offer!.session!;
    const { hash } = suiteParameters(suite);
    const schedule = new KeySchedule(hash, secret);
    const digest = this.transcript.digestWith(hash, new Uint8Array(0));
    const early = schedule.derive("c e traffic", digest);
    this.log("CLIENT_EARLY_TRAFFIC_SECRET", early);
    this.context.sink.onSecrets(Level.ZeroRtt, suite, undefined, early);
  }

  #onServerHello(message: Uint8Array, now: number): void {
    const hello = readServerHello(message);
    const offer = this.#offer!;
    if (!offer.suites.includes(hello.suite)) throw illegal("it chooses a suite not on offer");
    if (this.#retrySuite !== 0 && hello.suite !== this.#retrySuite) {
      throw illegal("it changes the suite after a HelloRetryRequest");
    }
    if (hello.isRetryRequest) return this.#onRetryRequest(hello, message, now);
    const share = this.#shares.find(({ group }) => group === hello.group);
    if (!share) {
      if (hello.publicKey.length > 0) throw illegal("its key share is of a group without ours");
      throw alertError(
        Alert.MissingExtension,
        "Cannot accept the ServerHello: it has no key share",
      );
    }
    this.#checkPsk(hello);
    this.suite = hello.suite;
    this.group = hello.group;
    this.isResumed = hello.pskIndex === 0;
    this.transcript.start(this.hash);
    this.transcript.add(message);
    this.schedule = new KeySchedule(this.hash, this.isResumed ? offer.session!.secret : undefined);
    this.schedule.enterHandshake(share.agree(hello.publicKey));
    this.#shares = [];
    this.#deriveHandshakeSecrets();
    this.#state = State.EncryptedExtensions;
  }

  #checkPsk(hello: ServerHello): void {
    if (hello.pskIndex < 0) return;
    const { session } = this.#offer!;
    if (!session || hello.pskIndex !== 0) throw illegal("it chooses a PSK that is not on offer");
    if (suiteParameters(session.suite).hash !== suiteParameters(hello.suite).hash) {
      throw illegal("its suite does not fit the PSK");
    }
  }

  #deriveHandshakeSecrets(): void {
    const digest = this.transcript.digest();
    this.#clientSecret = this.deriveLogged(
      "c hs traffic",
      "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
      digest,
    );
    this.#serverSecret = this.deriveLogged(
      "s hs traffic",
      "SERVER_HANDSHAKE_TRAFFIC_SECRET",
      digest,
    );
    this.enter(Level.Handshake);
    this.context.sink.onSecrets(
      Level.Handshake,
      this.suite,
      this.#serverSecret,
      this.#clientSecret,
    );
  }

  #onRetryRequest(hello: ServerHello, message: Uint8Array, now: number): void {
    if (this.#retrySuite !== 0) throw this.unexpected(MessageType.ServerHello);
    const offer = this.#offer!;
    const { hash } = suiteParameters(hello.suite);
    if (hello.group === 0 && !hello.cookie) {
      throw illegal("it asks for a retry that changes nothing");
    }
    if (hello.group !== 0) {
      if (!offer.groups.includes(hello.group)) throw illegal("it wants a group not on offer");
      if (this.#shares.some(({ group }) => group === hello.group)) {
        throw illegal("it wants a key share it already has");
      }
      this.#shares = [makeKeyShare(hello.group, this.context.random)];
    }
    this.#retrySuite = hello.suite;
    // RFC 9846, Section 4.2.2: a PSK with another hash goes, and so does early data.
    if (offer.session && suiteParameters(offer.session.suite).hash !== hash) {
      offer.dropSession();
    }
    this.#rejectEarlyData();
    offer.onRetry(hello.cookie);
    this.transcript.replaceByHash(hash);
    this.transcript.add(message);
    this.#sendHello(now);
  }

  #rejectEarlyData(): void {
    if (!this.#offer!.earlyData || this.isEarlyDataAccepted !== undefined) return;
    this.isEarlyDataAccepted = false;
    this.context.sink.onEarlyDataRejected?.();
  }

  #onEncryptedExtensions(message: Uint8Array): void {
    const what = "EncryptedExtensions";
    const reader = new Reader(message, 4);
    const extensions = readExtensions(reader, what);
    expectEnd(reader, what);
    expectOnly(extensions, this.#allowedExtensions(), what);
    this.alpn = this.#chosenProtocol(extensions);
    const parameters = extensions.get(ExtensionType.QuicTransportParameters);
    if (!parameters) {
      throw alertError(
        Alert.MissingExtension,
        "Cannot go on: the server sent no transport parameters",
      );
    }
    if (extensions.has(ExtensionType.EarlyData)) this.#acceptEarlyData();
    else this.#rejectEarlyData();
    this.#serverParameters = parameters.slice();
    this.transcript.add(message);
    this.#state = this.isResumed ? State.Finished : State.CertificateOrRequest;
    if (this.isResumed) this.peerCertificates = this.#offer!.session!.peerCertificates;
    this.context.sink.onPeerTransportParameters(this.#serverParameters);
  }

  #allowedExtensions(): number[] {
    const allowed: number[] = [
      ExtensionType.SupportedGroups,
      ExtensionType.Alpn,
      ExtensionType.QuicTransportParameters,
    ];
    if (this.#offer!.tellsName) allowed.push(ExtensionType.ServerName);
    if (this.#offer!.earlyData) allowed.push(ExtensionType.EarlyData);
    return allowed;
  }

  #chosenProtocol(extensions: Extensions): string {
    const body = extensions.get(ExtensionType.Alpn);
    const names = body ? readAlpn(body) : [];
    const [name] = names;
    // RFC 9001, Section 8.1: without a protocol in common there is no connection.
    if (name === undefined) {
      throw alertError(
        Alert.NoApplicationProtocol,
        `Cannot go on: the server chose none of the protocols ${this.#offer!.alpn.join(", ")}`,
      );
    }
    if (names.length > 1 || !this.#offer!.alpn.includes(name)) {
      throw alertError(
        Alert.IllegalParameter,
        "Cannot go on: the server chose a protocol that was not offered",
      );
    }
    return name;
  }

  #acceptEarlyData(): void {
    const session = this.#offer!.session!;
    // RFC 9846, Section 4.3.10: early data belongs to the first PSK and all that came with it.
    if (!this.isResumed || session.suite !== this.suite || session.alpn !== this.alpn) {
      throw alertError(
        Alert.IllegalParameter,
        "Cannot go on: the server takes 0-RTT data of another session",
      );
    }
    this.isEarlyDataAccepted = true;
  }

  #onCertificateRequest(message: Uint8Array): void {
    this.#requestedSchemes = readCertificateRequest(message);
    this.transcript.add(message);
    this.#state = State.Certificate;
  }

  #onCertificate(type: number, message: Uint8Array, now: number): void {
    const isCompressed = type === MessageType.CompressedCertificate;
    const { compressions } = this.#offer!;
    const plain = isCompressed ? decompressCertificate(message, compressions) : message;
    const chain = readCertificate(plain);
    if (chain.length === 0) {
      throw alertError(Alert.DecodeError, "Cannot believe the server: it shows no certificate");
    }
    const { verification, onCertificates, revocation } = this.#options;
    const rules = { verification, onCertificates, revocation, time: this.context.wallTime(now) };
    this.#serverKey = judgeCertificates(chain, { ...rules, serverName: this.#offer!.serverName });
    this.peerCertificates = chain;
    this.transcript.add(message);
    this.#state = State.CertificateVerify;
  }

  #onCertificateVerify(message: Uint8Array): void {
    const [key, digest] = [this.#serverKey!, this.transcript.digest()];
    checkCertificateVerify(message, "server", key, digest, this.context.signatures);
    this.transcript.add(message);
    this.#state = State.Finished;
  }

  #onFinished(message: Uint8Array): void {
    this.checkFinished(message, this.#serverSecret);
    this.transcript.add(message);
    const { client, server } = this.deriveApplicationSecrets();
    this.#sendFlight();
    this.#resumptionSecret = this.schedule!.derive("res master", this.transcript.digest());
    this.#state = State.Connected;
    this.isComplete = true;
    this.enter(Level.OneRtt);
    this.context.sink.onSecrets(Level.OneRtt, this.suite, server, client);
    this.context.sink.onComplete();
    this.forget();
  }

  protected override forget(): void {
    super.forget();
    this.#clientSecret = this.#serverSecret = NO_BYTES;
    this.#serverKey = undefined;
  }

  #sendFlight(): void {
    const messages = this.#requestedSchemes ? this.#writeCertificate(this.#requestedSchemes) : [];
    const data = this.schedule!.finishedData(this.#clientSecret, this.transcript.digest());
    const finished = writeFinished(data);
    this.transcript.add(finished);
    this.send(Level.Handshake, concatBytes(...messages, finished));
  }

  #writeCertificate(schemes: readonly number[]): Uint8Array[] {
    const { credential } = this.#options;
    const scheme = credential?.schemes.find((one) => schemes.includes(one));
    const certificate = writeCertificate(scheme === undefined ? [] : credential!.chain);
    this.transcript.add(certificate);
    if (scheme === undefined) return [certificate];
    const content = signedContent("client", this.transcript.digest());
    const signature = credential!.sign(scheme, content, this.context.signatures);
    const verify = writeCertificateVerify(scheme, signature);
    this.transcript.add(verify);
    return [certificate, verify];
  }

  #onNewSessionTicket(message: Uint8Array, now: number): void {
    const ticket = readNewSessionTicket(message);
    const { onSession } = this.#options;
    if (!onSession || ticket.lifetime === 0 || ++this.#tickets > MAX_TICKETS) return;
    onSession({
      serverName: this.#offer!.serverName,
      version: this.context.version?.() ?? 1,
      alpn: this.alpn!,
      suite: this.suite,
      secret: resumptionKey(this.hash, this.#resumptionSecret, ticket.nonce),
      ticket: ticket.ticket,
      ageAdd: ticket.ageAdd,
      receivedAt: this.context.wallTime(now),
      lifetime: Math.min(ticket.lifetime, MAX_TICKET_LIFETIME),
      earlyData: ticket.earlyData,
      transportParameters: this.#serverParameters,
      peerCertificates: this.peerCertificates,
    });
  }
}

function lateRequest(): TransportError {
  return new TransportError(
    ErrorCode.ProtocolViolation,
    "Cannot accept a CertificateRequest after the handshake",
  );
}

function illegal(reason: string): Error {
  return alertError(Alert.IllegalParameter, `Cannot accept the ServerHello: ${reason}`);
}

function isCertificate(type: number): boolean {
  return type === MessageType.Certificate || type === MessageType.CompressedCertificate;
}
