/**
 * What went over one path since it was opened, whichever 4-tuples it used. Nothing in here ever
 * becomes less, and it stays readable when the path is closed.
 *
 * @internal
 */
export class PathCounters {
  /** Bytes of UDP payload. */
  bytesSent = 0;
  bytesReceived = 0;
  datagramsSent = 0;
  datagramsReceived = 0;
  packetsSent = 0;
  /** Packets that were opened and were no duplicates. */
  packetsReceived = 0;
  /** Packets declared lost, those included that arrived after all. */
  packetsLost = 0;
  /** Packets declared lost and acknowledged later. */
  packetsSpurious = 0;

  /** A datagram left. */
  onDatagramSent(size: number): void {
    this.bytesSent += size;
    this.datagramsSent++;
  }

  /** A datagram came. */
  onDatagramReceived(size: number): void {
    this.bytesReceived += size;
    this.datagramsReceived++;
  }

  /** A packet left. */
  onPacketSent(): void {
    this.packetsSent++;
  }

  /** A packet was opened, and is no duplicate. */
  onPacketReceived(): void {
    this.packetsReceived++;
  }

  /** So many packets are declared lost. */
  onPacketsLost(count: number): void {
    this.packetsLost += count;
  }

  /** A packet that was declared lost is acknowledged. */
  onSpuriousLoss(): void {
    this.packetsSpurious++;
  }

  /** Adds what another path carried. */
  add(other: PathCounters): void {
    this.bytesSent += other.bytesSent;
    this.bytesReceived += other.bytesReceived;
    this.datagramsSent += other.datagramsSent;
    this.datagramsReceived += other.datagramsReceived;
    this.packetsSent += other.packetsSent;
    this.packetsReceived += other.packetsReceived;
    this.packetsLost += other.packetsLost;
    this.packetsSpurious += other.packetsSpurious;
  }
}
