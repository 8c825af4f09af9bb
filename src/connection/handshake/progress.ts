/** How far the handshake of a connection has come. The timers of paths ask; the handshake tells. */
export class HandshakeProgress {
  #isComplete = false;
  #isConfirmed = false;
  #addressValidated = false;

  /** RFC 9001, Section 4.1.1. */
  get complete(): boolean {
    return this.#isComplete;
  }

  /** RFC 9001, Section 4.1.2. */
  get confirmed(): boolean {
    return this.#isConfirmed;
  }

  /** A client: whether the server has shown that it need not wait for our address any more. */
  get addressValidated(): boolean {
    return this.#addressValidated;
  }

  onComplete(): void {
    this.#isComplete = true;
  }

  onConfirmed(): void {
    this.#isConfirmed = this.#addressValidated = true;
  }

  onAddressValidated(): void {
    this.#addressValidated = true;
  }
}
