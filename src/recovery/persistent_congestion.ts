// Recognises persistent congestion (RFC 9002, Section 7.6).

import { type Carrier, Fate, type SentPacket } from "./sent_packet.ts";
import type { SentPackets } from "./sent_packets.ts";

/**
 * RFC 9002, Section 7.6: the 4-tuple on which nothing arrived over three probe timeouts.
 *
 * @param lost Packets found lost together, the oldest first.
 * @param sent All packets of their space.
 * @param maxAckDelay How long the peer may hold back an ACK, in milliseconds.
 */
export function persistentlyCongested(
  lost: readonly SentPacket[],
  sent: SentPackets,
  maxAckDelay: number,
): Carrier | undefined {
  let start: SentPacket | undefined;
  let previous = -1;
  for (const packet of lost) {
    // RFC 9000, Section 14.4: a probe of the size is lost for its size.
    if (!packet.isEliciting || packet.isMtuProbe) continue;
    const carrier = packet.carrier!;
    const { rtt } = carrier;
    // RFC 9002, Section 7.6.2: before the first sample the length of a normal silence is unknown.
    if (packet.timeSent < rtt.measuredAt) continue;
    const goesOn = start?.carrier === carrier && !arrivedBetween(sent, previous, packet.number);
    if (!goesOn) start = packet;
    previous = packet.number;
    const period = 3 * rtt.probeTimeout(maxAckDelay);
    if (packet.timeSent - start!.timeSent > period) return carrier;
  }
  return undefined;
}

function arrivedBetween(sent: SentPackets, from: number, to: number): boolean {
  for (let number = from + 1; number < to; number++) {
    const packet = sent.get(number);
    if (packet !== undefined && packet.fate === Fate.Acked) return true;
  }
  return false;
}
