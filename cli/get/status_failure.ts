// An answer without success, as a failure.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { readHttpDate } from "../http/http_date.ts";

/** The statuses after which curl tries again, too early ones among them. */
const transient: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The server has answered, but not with what was asked for. */
export class StatusFailure extends Failure {
  override readonly name = "StatusFailure";
  /** The status of the answer. */
  readonly status: number;
  /** Milliseconds after which the server wants to be asked again, if it says so. */
  readonly retryAfter: number | undefined;

  /**
   * @param url What was asked for.
   * @param response The answer.
   */
  constructor(url: URL, { status, headers }: Response) {
    super(`Cannot get ${url.href}: the server answers ${status}; ${adviceFor(status)}`, 1, STATUS);
    this.status = status;
    this.retryAfter = retryAfterOf(headers.get("retry-after"));
  }

  /** Whether the same request may be answered with success some time later. */
  get isTransient(): boolean {
    return transient.has(this.status);
  }
}

const STATUS = CurlCode.Status;

function adviceFor(status: number): string {
  if (status >= 500) return "try again later";
  if (status === 401) return "give a name and password with -u";
  if (status === 404) return "check the path in the URL";
  if (status >= 300 && status < 400) return "follow redirects with -L";
  return "the server does not want to give it";
}

/** RFC 9110, Section 10.2.3: seconds, or a date. */
function retryAfterOf(field: string | null): number | undefined {
  if (field === null) return undefined;
  if (/^\d+$/.test(field.trim())) return 1000 * Number(field);
  const date = readHttpDate(field, Date.now());
  return date === undefined ? undefined : Math.max(0, 1000 * date - Date.now());
}
