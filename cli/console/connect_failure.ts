// Sentences for connections that failed.

import { StreamError } from "../../mod.ts";
import { CurlCode } from "./curl_code.ts";
import { Failure } from "./failure.ts";
import { describeError } from "./program.ts";

/** TLS alerts (RFC 9001, Section 4.8). */
const FIRST_ALERT = 0x100;
const LAST_ALERT = 0x1ff;

/** TLS alerts that are about certificates (RFC 8446, Section 6.2): 42 to 48. */
const FIRST_CERTIFICATE_ALERT = 0x100 + 42;
const LAST_CERTIFICATE_ALERT = 0x100 + 48;
const CERTIFICATE_REVOKED = 0x100 + 44;
const CERTIFICATE_EXPIRED = 0x100 + 45;
const CERTIFICATE_REQUIRED = 0x100 + 116;

/** The alert of a peer that speaks none of our protocols (RFC 7301, Section 3.2). */
const NO_APPLICATION_PROTOCOL = 0x100 + 120;

/** The code with which a server turns clients away (RFC 9000, Section 20.1). */
const CONNECTION_REFUSED = 0x02;

/** There is no way to the peer (MPQUIC, Section 4.2; it was never sent here). */
const NO_VIABLE_PATH = 0x10;

/**
 * Says in one sentence why a connection could not be made, and what to do.
 *
 * @param error What was thrown.
 * @param server The server's address as the user knows it.
 */
export function connectFailure(error: unknown, server: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Deno.errors.NotCapable) return new Failure(describeError(error));
  if (hasNoAnswer(error)) {
    const said = (error as Error).cause;
    if (said instanceof Error) {
      return new Failure(
        `Cannot reach ${server}: ${
          reasonOf(said)
        }; check that this machine is online and has a way there`,
        1,
        CurlCode.Connect,
      );
    }
    return new Failure(
      `Cannot reach ${server}: nothing answers; check that the server runs there and that no firewall stops UDP, or use TCP then with --tcp-fallback`,
      1,
      CurlCode.Timeout,
    );
  }
  const message = reasonOf(error);
  const code = codeOf(error);
  const distrust = certificateFailure(error, server);
  if (distrust !== undefined) return distrust;
  if (code === NO_APPLICATION_PROTOCOL) {
    return new Failure(
      `Cannot speak HTTP/3 with ${server}: it offers something else there`,
      1,
      CurlCode.Handshake,
    );
  }
  if (code === CONNECTION_REFUSED) {
    return new Failure(
      `Cannot reach ${server}: it takes no connections now; try again later`,
      1,
      CurlCode.Connect,
    );
  }
  if (error instanceof TypeError && error.message.startsWith("Cannot resolve")) {
    // One for a port of the host is none for its name.
    const host = server.replace(/:\d+$/, "");
    const { state } = Deno.permissions.querySync({ name: "net", host });
    if (state !== "granted") {
      return new Failure(`Cannot ask for the address of ${server}: run with --allow-net`);
    }
    return new Failure(
      `Cannot find ${server}: check its name and that this machine is online`,
      1,
      CurlCode.Resolve,
    );
  }
  const isAlert = code >= FIRST_ALERT && code <= LAST_ALERT;
  return new Failure(
    `Cannot connect to ${server}: ${message}`,
    1,
    isAlert ? CurlCode.Handshake : CurlCode.Connect,
  );
}

function isAboutCertificates(code: number): boolean {
  return code === CERTIFICATE_REQUIRED ||
    (code >= FIRST_CERTIFICATE_ALERT && code <= LAST_CERTIFICATE_ALERT);
}

/**
 * Says in one sentence what is wrong with a certificate, and what to do.
 *
 * @param error What was thrown.
 * @param server The server as the user knows it.
 * @returns Undefined if the error is about something else.
 */
export function certificateFailure(error: unknown, server: string): Failure | undefined {
  const code = codeOf(error);
  if (!(error instanceof Error) || !isAboutCertificates(code)) return undefined;
  const reason = reasonOf(error);
  const text = `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`;
  if (text.includes("the peer closed the connection")) {
    return new Failure(
      code === CERTIFICATE_REQUIRED
        ? `Cannot connect to ${server}: it wants a certificate of its clients; show ours with --cert FILE`
        : `Cannot connect to ${server}: it does not take our certificate, ${reason}; show another one with --cert FILE`,
      1,
      CurlCode.Handshake,
    );
  }
  const advice = code === CERTIFICATE_REVOKED
    ? "ask those who run the server for another one"
    : code === CERTIFICATE_EXPIRED
    ? "look whether the clock of this machine is right, or accept any certificate with --insecure"
    : /it is good for (?!no name at all)/.test(text)
    ? "name one of these in the URL, or accept any certificate with --insecure"
    : text.includes("Cannot tell whether")
    ? "get the newest lists for --crlfile"
    : "name its authority with --cacert FILE, or accept any certificate with --insecure";
  return new Failure(
    `Cannot trust the certificate of ${server}: ${reason}; ${advice}`,
    1,
    CurlCode.Certificate,
  );
}

/**
 * Says in one sentence that a connection ended before its work was done.
 *
 * @param error What was thrown.
 * @param server The server's address as the user knows it.
 */
export function lostConnection(error: unknown, server: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Deno.errors.NotCapable) return new Failure(describeError(error));
  // A server judges our certificate when we think that all is well already: no lost connection.
  const refused = [error, error instanceof Error ? error.cause : undefined]
    .find((one) => !(one instanceof StreamError) && isAboutCertificates(codeOf(one)));
  const distrust = certificateFailure(refused, server);
  if (distrust !== undefined) return distrust;
  if (error instanceof StreamError) {
    const shown = `0x${error.code.toString(16)}`;
    return new Failure(
      `Cannot finish: ${server} broke off its answer (code ${shown}), the connection is well; try again`,
      1,
      CurlCode.Stream,
    );
  }
  const isSilence = isTimeout(error) && (error as Error).cause === undefined;
  const message = isSilence ? "nothing has come for too long" : reasonOf(error);
  return new Failure(
    `Cannot finish: the connection to ${server} was lost, ${message}; try again`,
    1,
    CurlCode.Receive,
  );
}

/**
 * The reason within an error: of "Cannot do this: because" what comes behind the colon, for a
 * sentence that has a beginning already.
 *
 * @param error What was thrown.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const root = error.cause instanceof Error ? error.cause : error;
  return reasonIn(root.message).replace(/\.$/, "");
}

/**
 * Of "Cannot do this: because" what comes behind the colon. An address or a port before it has colons
 * of its own, without a space.
 */
export function reasonIn(message: string): string {
  return message.replace(/^Cannot .*?: /s, "");
}

/** Whether no datagram has come back, or none could be sent. */
export function hasNoAnswer(error: unknown): boolean {
  return isTimeout(error) || codeOf(error) === NO_VIABLE_PATH;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

function codeOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : -1;
}
