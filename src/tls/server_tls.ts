// The server side of the TLS 1.3 handshake.

import { concatBytes, NO_BYTES } from "../bytes/bytes.ts";
import { Level } from "../crypto/level.ts";
import { Alert, alertError } from "./code/alert.ts";
import { readCompressions } from "./message/certificate_compression.ts";
import type { CertificateKey } from "./x509/certificate_key.ts";
import {
  readCertificate,
  writeCertificateRequest,
  writeCertificateVerify,
  writeFinished,
} from "./message/certificate_message.ts";
import {
  type ClientHello,
  readClientHello,
  writeAlpn,
  writeExtension,
} from "./message/client_hello.ts";
import { ExtensionType, MessageType } from "./code/code_point.ts";
import type { Credential } from "./credential.ts";
import { Handshake } from "./handshake.ts";
import { answerKeyShare } from "./key/key_exchange.ts";
import { KeySchedule, resumptionKey } from "./key/key_schedule.ts";
import { MessageWriter } from "./message/message_writer.ts";
import { checkSecondHello, chooseFrom, type ServerChoice } from "./server_choice.ts";
import { checkCertificateVerify, judgeCertificates } from "./peer_certificate.ts";
import {
  acceptsEarlyData,
  checkBinder,
  choosePsk,
  type ChosenPsk,
  speaksPsk,
  TICKET_TYPE,
} from "./psk_choice.ts";
import { writeRetryRequest, writeServerHello } from "./message/server_hello.ts";
import {
  MAX_TICKET_LIFETIME,
  writeNewSessionTicket,
  writeTicketContent,
} from "./message/session_ticket.ts";
import { signedContent } from "./key/signature.ts";
import type { ServerTlsOptions, TicketOptions, TlsContext } from "./tls.ts";

/** What the server waits for (RFC 9846, Appendix A.2); always moves forward. */
const State = {
  ClientHello: 0,
  SecondClientHello: 1,
  Certificate: 2,
  CertificateVerify: 3,
  Finished: 4,
  Connected: 5,
} as const;

const DEFAULT_TICKETS = 2;
const DEFAULT_LIFETIME = 86_400;

/** The server's side of a TLS 1.3 handshake over QUIC. */
export class ServerTls extends Handshake {
  readonly #options: ServerTlsOptions;
  #state: number = State.ClientHello;
  /** Kept over a HelloRetryRequest to compare the second one with. */
  #firstHello: ClientHello | undefined;
  #clientSecret: Uint8Array = NO_BYTES;
  #clientApplicationSecret: Uint8Array = NO_BYTES;
  #clientKey: CertificateKey | undefined;
  #transportParameters: Uint8Array = NO_BYTES;
  #wantsTickets = false;
  /** How the client takes compressed certificates. */
  #compressions: readonly number[] = [];

  constructor(options: ServerTlsOptions, context: TlsContext) {
    super(context, options.keyLog);
    this.#options = options;
  }

  start(): void {
    // The client speaks first.
  }

  protected onMessage(type: number, message: Uint8Array, now: number): void {
    switch (this.#state) {
      case State.ClientHello:
      case State.SecondClientHello:
        if (type === MessageType.ClientHello) return this.#onClientHello(message, now);
        break;
      case State.Certificate:
        if (type === MessageType.Certificate) return this.#onCertificate(message, now);
        break;
      case State.CertificateVerify:
        if (type === MessageType.CertificateVerify) return this.#onCertificateVerify(message);
        break;
      case State.Finished:
        // EndOfEarlyData is not sent in QUIC (RFC 9001, Section 8.3).
        if (type === MessageType.Finished) return this.#onFinished(message, now);
        break;
    }
    throw this.unexpected(type);
  }

  #onClientHello(message: Uint8Array, now: number): void {
    // What the parser returns are views; all that outlives this call is copied.
    const hello = readClientHello(this.#firstHello ? message : message.slice());
    if (this.#firstHello) checkSecondHello(this.#firstHello, hello);
    const choice = chooseFrom(hello, this.#options);
    const time = this.context.wallTime(now);
    const suites = this.#firstHello ? [this.suite] : choice.suites;
    const psk = choosePsk(hello, this.#tickets, {
      suites,
      serverName: choice.serverName,
      version: this.context.version?.() ?? 1,
      time,
    });
    this.suite = psk?.ticket.suite ?? suites[0]!;
    if (!choice.share) return this.#sendRetryRequest(hello, choice.group, message);
    if (this.#firstHello && choice.group !== this.group) {
      throw alertError(
        Alert.IllegalParameter,
        "Cannot accept the second ClientHello: its key share is not the one asked for",
      );
    }
    if (psk) checkBinder(psk, message, this.transcript);
    this.#settle(hello, choice, psk !== undefined);
    this.transcript.start(this.hash);
    this.transcript.add(message);
    this.context.sink.onPeerTransportParameters(choice.transportParameters);
    this.#transportParameters = this.context.transportParameters();
    this.#answer(hello, choice, psk, now);
    this.#firstHello = undefined;
  }

  get #tickets(): TicketOptions | undefined {
    // A resumed session shows no certificate, so clients that must show one do not resume.
    return this.#options.clientCertificates ? undefined : this.#options.tickets;
  }

  #settle(hello: ClientHello, choice: ServerChoice, resumed: boolean): void {
    this.alpn = choice.alpn;
    this.serverName = choice.serverName;
    this.group = choice.group;
    this.isResumed = resumed;
    this.clientRandom = hello.random.slice();
    this.#compressions = readCompressions(hello.extensions);
    this.#wantsTickets = this.#tickets !== undefined && speaksPsk(hello);
  }

  #sendRetryRequest(hello: ClientHello, group: number, message: Uint8Array): void {
    if (this.#firstHello) {
      throw alertError(
        Alert.IllegalParameter,
        "Cannot accept the second ClientHello: the key share asked for is missing",
      );
    }
    this.#firstHello = hello;
    this.group = group;
    this.transcript.add(message);
    this.transcript.replaceByHash(this.hash);
    const request = writeRetryRequest(this.suite, group);
    this.transcript.add(request);
    this.#state = State.SecondClientHello;
    this.send(Level.Initial, request);
  }

  #answer(
    hello: ClientHello,
    choice: ServerChoice,
    psk: ChosenPsk | undefined,
    now: number,
  ): void {
    const credential = psk ? undefined : this.#chooseCredential(choice);
    this.schedule = new KeySchedule(this.hash, psk?.ticket.secret);
    this.#decideEarlyData(hello, psk, now);
    const { random } = this.context;
    const answer = answerKeyShare(choice.group, choice.share!.publicKey, random);
    const serverHello = writeServerHello({
      random: random.bytes(32),
      suite: this.suite,
      group: choice.group,
      publicKey: answer.publicKey,
      pskIndex: psk?.index ?? -1,
    });
    this.transcript.add(serverHello);
    this.schedule.enterHandshake(answer.secret);
    const digest = this.transcript.digest();
    const client = this.deriveLogged("c hs traffic", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", digest);
    const server = this.deriveLogged("s hs traffic", "SERVER_HANDSHAKE_TRAFFIC_SECRET", digest);
    this.#clientSecret = client;
    this.send(Level.Initial, serverHello);
    this.enter(Level.Handshake);
    this.context.sink.onSecrets(Level.Handshake, this.suite, client, server);
    this.#sendFlight(credential, server);
  }

  #chooseCredential(choice: ServerChoice): { credential: Credential; scheme: number } {
    const { schemes } = choice;
    if (!schemes) {
      throw alertError(
        Alert.MissingExtension,
        "Cannot go on: the client names no signature scheme",
      );
    }
    const credential = this.#options.credential(choice.serverName);
    if (!credential) {
      throw alertError(
        Alert.UnrecognizedName,
        `Cannot go on: there is no certificate for ${choice.serverName ?? "a nameless server"}`,
      );
    }
    const scheme = credential.schemes.find((one) => schemes.includes(one));
    if (scheme !== undefined) return { credential, scheme };
    throw alertError(
      Alert.HandshakeFailure,
      "Cannot go on: the client takes no signature of our certificate's key",
    );
  }

  #decideEarlyData(hello: ClientHello, psk: ChosenPsk | undefined, now: number): void {
    if (!hello.extensions.has(ExtensionType.EarlyData)) return;
    const accepted = psk !== undefined &&
      acceptsEarlyData(psk, this.#tickets!, this.suite, this.alpn!, now);
    this.isEarlyDataAccepted = accepted;
    if (!accepted) {
      this.context.sink.onEarlyDataRejected?.();
      return;
    }
    const digest = this.transcript.digest();
    const secret = this.deriveLogged("c e traffic", "CLIENT_EARLY_TRAFFIC_SECRET", digest);
    this.context.sink.onSecrets(Level.ZeroRtt, this.suite, secret, undefined);
  }

  #sendFlight(
    signer: { credential: Credential; scheme: number } | undefined,
    serverSecret: Uint8Array,
  ): void {
    const messages: Uint8Array[] = [];
    const add = (message: Uint8Array) => {
      this.transcript.add(message);
      messages.push(message);
    };
    add(this.#writeEncryptedExtensions());
    if (signer) {
      if (this.#options.clientCertificates) add(writeCertificateRequest());
      add(signer.credential.certificateMessage(this.#compressions));
      const content = signedContent("server", this.transcript.digest());
      const { credential, scheme } = signer;
      const signature = credential.sign(scheme, content, this.context.signatures);
      add(writeCertificateVerify(scheme, signature));
    }
    add(writeFinished(this.schedule!.finishedData(serverSecret, this.transcript.digest())));
    const isMutual = signer !== undefined && this.#options.clientCertificates !== undefined;
    this.#state = isMutual ? State.Certificate : State.Finished;
    this.send(Level.Handshake, concatBytes(...messages));
    const { client, server } = this.deriveApplicationSecrets();
    this.#clientApplicationSecret = client;
    // RFC 9001, Section 5.7: nothing of 1-RTT is read until the handshake is complete.
    this.context.sink.onSecrets(Level.OneRtt, this.suite, undefined, server);
  }

  #writeEncryptedExtensions(): Uint8Array {
    const writer = new MessageWriter();
    const message = writer.openMessage(MessageType.EncryptedExtensions);
    const extensions = writer.open(2);
    // RFC 6066, Section 3: an empty answer says that the name was of use.
    if (this.serverName !== undefined && !this.isResumed) {
      writeExtension(writer, ExtensionType.ServerName, new Uint8Array(0));
    }
    writeAlpn(writer, [this.alpn!]);
    writeExtension(writer, ExtensionType.QuicTransportParameters, this.#transportParameters);
    if (this.isEarlyDataAccepted) {
      writeExtension(writer, ExtensionType.EarlyData, new Uint8Array(0));
    }
    writer.close(extensions, 2);
    writer.closeMessage(message);
    return writer.bytes();
  }

  #onCertificate(message: Uint8Array, now: number): void {
    const chain = readCertificate(message);
    const { required, ...rules } = this.#options.clientCertificates!;
    this.transcript.add(message);
    if (chain.length === 0) {
      if (required ?? true) {
        throw alertError(
          Alert.CertificateRequired,
          "Cannot go on: the client shows no certificate",
        );
      }
      this.#state = State.Finished;
      return;
    }
    this.#clientKey = judgeCertificates(chain, {
      ...rules,
      serverName: undefined,
      time: this.context.wallTime(now),
    });
    this.peerCertificates = chain;
    this.#state = State.CertificateVerify;
  }

  #onCertificateVerify(message: Uint8Array): void {
    const { signatures } = this.context;
    const digest = this.transcript.digest();
    checkCertificateVerify(message, "client", this.#clientKey!, digest, signatures);
    this.transcript.add(message);
    this.#state = State.Finished;
  }

  #onFinished(message: Uint8Array, now: number): void {
    this.checkFinished(message, this.#clientSecret);
    this.transcript.add(message);
    this.#state = State.Connected;
    this.isComplete = true;
    this.enter(Level.OneRtt);
    const { sink } = this.context;
    sink.onSecrets(Level.OneRtt, this.suite, this.#clientApplicationSecret, undefined);
    sink.onComplete();
    if (this.#wantsTickets) this.#sendTickets(now);
    this.forget();
  }

  protected override forget(): void {
    super.forget();
    this.#clientSecret = this.#clientApplicationSecret = this.#transportParameters = NO_BYTES;
    this.#clientKey = undefined;
  }

  #sendTickets(now: number): void {
    const tickets = this.#tickets!;
    const secret = this.schedule!.derive("res master", this.transcript.digest());
    const count = tickets.count ?? DEFAULT_TICKETS;
    const messages: Uint8Array[] = [];
    for (let i = 0; i < count; i++) messages.push(this.#writeTicket(tickets, secret, i, now));
    if (messages.length > 0) this.send(Level.OneRtt, concatBytes(...messages));
  }

  #writeTicket(tickets: TicketOptions, secret: Uint8Array, index: number, now: number): Uint8Array {
    const nonce = Uint8Array.of(index);
    const lifetime = Math.min(tickets.lifetime ?? DEFAULT_LIFETIME, MAX_TICKET_LIFETIME);
    const ageAdd = this.context.random.below(0x1_0000_0000);
    const content = writeTicketContent({
      version: this.context.version?.() ?? 1,
      suite: this.suite,
      issuedAt: this.context.wallTime(now),
      lifetime,
      ageAdd,
      secret: resumptionKey(this.hash, secret, nonce),
      alpn: this.alpn!,
      serverName: this.serverName ?? "",
      transportParameters: this.#transportParameters,
      applicationState: tickets.applicationState?.() ?? NO_BYTES,
      issuer: tickets.issuer ?? NO_BYTES,
    });
    const ticket = tickets.box.seal(TICKET_TYPE, content);
    const earlyData = tickets.acceptEarlyData !== undefined;
    return writeNewSessionTicket({ lifetime, ageAdd, nonce, ticket, earlyData });
  }
}
