/**
 * What went over one path since it was opened, whichever 4-tuples it used. Nothing in here ever
 * becomes less, and it stays readable when the path is closed.
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
