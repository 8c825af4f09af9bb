// Why a proxy does not do what it is asked for.

/** Error types of RFC 9209, Section 2.3, and the status that goes with each. */
const STATUSES = {
  dns_timeout: 504,
  dns_error: 502,
  destination_ip_prohibited: 502,
  destination_ip_unroutable: 502,
  connection_refused: 502,
  connection_terminated: 502,
  connection_timeout: 504,
  connection_limit_reached: 503,
  http_request_error: 400,
  http_request_denied: 403,
  proxy_internal_error: 500,
  proxy_loop_detected: 502,
} as const;

/** One of the error types of RFC 9209. */
export type RefusalType = keyof typeof STATUSES;

/** Thrown where a proxy cannot, or must not, do what it is asked for. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly type: RefusalType;
  readonly status: number;

  /**
   * @param details What a person may want to know; the client is told.
   * @param status Another status than the usual one.
   */
  constructor(type: RefusalType, details: string, status: number = STATUSES[type]) {
    super(details);
    this.type = type;
    this.status = status;
  }

  /**
   * The response that tells it.
   *
   * @param proxy What the proxy calls itself: a token.
   */
  response(proxy: string): Response {
    // RFC 9651: strings of structured fields are printable ASCII.
    const details = this.message.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/["\\]/g, "\\$&");
    const field = `${proxy}; error=${this.type}; details="${details}"`;
    return new Response(null, { status: this.status, headers: { "proxy-status": field } });
  }
}

/** What an error of the system means for a connection to a host. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { name, message, code } = (error ?? {}) as Partial<Error> & { code?: unknown };
  switch (name === "Error" ? code : name) {
    case "ConnectionRefused":
      return new Refusal("connection_refused", "the host refuses the connection");
    case "ConnectionReset":
    case "BrokenPipe":
      return new Refusal("connection_terminated", "the host ended the connection");
    case "TimedOut":
      return new Refusal("connection_timeout", "the host does not answer");
    case "NetworkUnreachable":
    case "HostUnreachable":
    case "AddrNotAvailable":
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "EAFNOSUPPORT":
    case "EINVAL":
      return new Refusal("destination_ip_unroutable", "no way leads to the host");
    case "EMFILE":
    case "ENFILE":
      return new Refusal("connection_limit_reached", "the proxy has no socket left");
    default:
      return new Refusal("proxy_internal_error", `the proxy failed: ${String(message ?? error)}`);
  }
}
