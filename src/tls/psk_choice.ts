// The choice of a session that a client offers to resume.

import { equalBytes } from "../bytes/bytes.ts";
import { Reader } from "../bytes/reader.ts";
import { suiteParameters } from "../crypto/cipher_suite.ts";
import { Alert, alertError } from "./code/alert.ts";
import { type ClientHello, type PskOffer, readPskOffer } from "./message/client_hello.ts";
import { ExtensionType } from "./code/code_point.ts";
import { expectEnd, readVector8 } from "./message/extensions.ts";
import { KeySchedule } from "./key/key_schedule.ts";
import { readTicketContent, type TicketContent } from "./message/session_ticket.ts";
import type { EarlyDataOffer, TicketOptions } from "./tls.ts";
import type { Transcript } from "./key/transcript.ts";
import { MAX_PSK_IDENTITIES } from "../limits/limits.ts";

/** Milliseconds by which the age of a ticket may differ from what the client says, for 0-RTT. */
const AGE_WINDOW = 10_000;

/** The type that tells tickets from address tokens in a token box. */
export const TICKET_TYPE = 0x74;

/** psk_dhe_ke, the one mode with fresh keys (RFC 9846, Section 4.3.9). */
const PSK_DHE_KE = 1;

const NOBODY = new Uint8Array(0);

/** A ticket of ours that a client came back with. */
export interface ChosenPsk {
  readonly index: number;
  readonly ticket: TicketContent;
  readonly binder: Uint8Array;
  /** Bytes at the end of the ClientHello that binders do not cover. */
  readonly binderLength: number;
  /** By how many milliseconds the client's idea of the age is off. */
  readonly ageSkew: number;
}

/** What a ticket must fit to be taken. */
export interface WantedPsk {
  readonly suites: readonly number[];
  readonly serverName: string | undefined;
  /** Of QUIC. */
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Whether a client can resume at all; it must say how if it offers a key. */
export function speaksPsk(hello: ClientHello): boolean {
  const body = hello.extensions.get(ExtensionType.PskKeyExchangeModes);
  if (!body) {
    if (!hello.extensions.has(ExtensionType.PreSharedKey)) return false;
    throw alertError(
      Alert.MissingExtension,
      "Cannot accept the ClientHello: it offers a PSK without a mode to use it",
    );
  }
  const reader = new Reader(body);
  const modes = readVector8(reader);
  expectEnd(reader, "the PSK modes");
  return modes.includes(PSK_DHE_KE);
}

/** The first key on offer that came out of one of our tickets and is still good. */
export function choosePsk(
  hello: ClientHello,
  tickets: TicketOptions | undefined,
  wanted: WantedPsk,
): ChosenPsk | undefined {
  const isAble = speaksPsk(hello);
  const offer = readPskOffer(hello.extensions);
  if (!offer && hello.extensions.has(ExtensionType.EarlyData)) {
    throw alertError(
      Alert.IllegalParameter,
      "Cannot accept the ClientHello: it offers 0-RTT data without a PSK",
    );
  }
  if (!offer || !tickets || !isAble) return undefined;
  const count = Math.min(offer.identities.length, MAX_PSK_IDENTITIES);
  for (let index = 0; index < count; index++) {
    const chosen = openTicket(offer, index, tickets, wanted.time);
    if (!chosen || !wanted.suites.includes(chosen.ticket.suite)) continue;
    if (chosen.ticket.version !== wanted.version) continue;
    // RFC 9846, Section 4.7.1: the certificate behind the ticket was for this name.
    if (chosen.ticket.serverName === (wanted.serverName ?? "")) return chosen;
  }
  return undefined;
}

/** Checks that the client knows the key (RFC 9846, Section 4.3.11.2). */
export function checkBinder(chosen: ChosenPsk, message: Uint8Array, transcript: Transcript): void {
  const { hash } = suiteParameters(chosen.ticket.suite);
  const schedule = new KeySchedule(hash, chosen.ticket.secret);
  const covered = message.subarray(0, message.length - chosen.binderLength);
  const digest = transcript.digestWith(hash, covered);
  if (schedule.isFinishedData(chosen.binder, schedule.derive("res binder"), digest)) return;
  throw alertError(Alert.DecryptError, "Cannot resume the session: the PSK binder is wrong");
}

/** Whether 0-RTT data is to be read; the last word is that of the application. */
export function acceptsEarlyData(
  chosen: ChosenPsk,
  tickets: TicketOptions,
  suite: number,
  alpn: string,
  now: number,
): boolean {
  const { ticket } = chosen;
  // RFC 9846, Section 4.3.10: only with the first PSK, and with all as it was.
  if (chosen.index !== 0 || ticket.suite !== suite || ticket.alpn !== alpn) return false;
  if (Math.abs(chosen.ageSkew) > AGE_WINDOW || !tickets.acceptEarlyData) return false;
  // Only the server that made the ticket knows whether its 0-RTT data were read before.
  if (!equalBytes(ticket.issuer, tickets.issuer ?? NOBODY)) return false;
  const offer: EarlyDataOffer = {
    id: chosen.binder,
    alpn,
    serverName: ticket.serverName === "" ? undefined : ticket.serverName,
    transportParameters: ticket.transportParameters,
    applicationState: ticket.applicationState,
    ageSkew: chosen.ageSkew,
  };
  return tickets.acceptEarlyData(offer, now);
}

function openTicket(
  offer: PskOffer,
  index: number,
  tickets: TicketOptions,
  time: number,
): ChosenPsk | undefined {
  const { identity, obfuscatedAge } = offer.identities[index]!;
  const opened = tickets.box.open(TICKET_TYPE, identity);
  const ticket = opened && readTicketContent(opened);
  if (!ticket) return undefined;
  const age = time - ticket.issuedAt;
  // A clock that went back makes the age negative; a minute of that is forgiven.
  if (age < -60_000 || age > 1000 * ticket.lifetime) return undefined;
  const claimedAge = (obfuscatedAge - ticket.ageAdd + 0x1_0000_0000) % 0x1_0000_0000;
  return {
    index,
    ticket,
    binder: offer.binders[index]!.slice(),
    binderLength: offer.binderLength,
    ageSkew: claimedAge - age,
  };
}
