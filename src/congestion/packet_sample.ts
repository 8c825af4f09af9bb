// What a congestion controller knows of one packet.

/**
 * What a controller and the rate sampler know of one packet. Sizes in bytes, times in ms.
 *
 * @category Congestion control
 */
export interface PacketSample {
  /** Bytes counted as in flight. */
  readonly size: number;
  /** When it left. */
  readonly timeSent: number;
  /** Bytes delivered on this network path when it left; `DeliveryRate.onSent` writes it. */
  delivered: number;
  /** When the last of those were acknowledged; `DeliveryRate.onSent` writes it. */
  deliveredTime: number;
  /** When the flight it belongs to began; `DeliveryRate.onSent` writes it. */
  firstSentTime: number;
  /** Bytes lost on this network path when it left; `DeliveryRate.onSent` writes it. */
  lostAtSend: number;
  /** Bytes in flight when it left, itself included; `DeliveryRate.onSent` writes it. */
  inFlightAtSend: number;
  /** Whether it left while there was too little to send; `DeliveryRate.onSent` writes it. */
  appLimited: boolean;
}
