// Who may look at a live view: the browser that has opened its address, and no other page or user.

import { equalSecrets, toHex } from "../bytes/bytes.ts";
import type { Random } from "../crypto/random.ts";

const encoder = new TextEncoder();

/** Bytes of what must not be guessed. */
const SECRET_LENGTH = 24;
/** Browsers that may look; the oldest is forgotten. */
const MOST_SESSIONS = 16;
/** The cookie of a browser that may look. */
const COOKIE = "mpquic-live";

/** Fields of all answers: nothing is kept, framed, or given to pages of others. */
export const SAFE_FIELDS: Readonly<Record<string, string>> = {
  "cache-control": "no-store, no-transform",
  "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'; object-src 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A browser that has shown a token. */
interface Session {
  /** The folder of all it may see; no secret. */
  readonly folder: string;
  /** What its cookie holds. */
  readonly secret: string;
  /** The token, which is used up. */
  readonly token: string;
}

/** Lets in who has shown a token, which is good once. */
export class Gate {
  readonly #random: Random;
  #hosts: readonly string[] = [];
  #sessions: readonly Session[] = [];
  #token: string;

  constructor(random: Random) {
    this.#random = random;
    this.#token = this.#draw();
  }

  /** A token that was not used yet. */
  get token(): string {
    return this.#token;
  }

  /** What `Host` may say: the literal addresses of the server with its port. */
  guard(hosts: readonly string[]): void {
    this.#hosts = hosts;
  }

  /**
   * Judges a request.
   *
   * @returns What it asks for, below the folder of its browser; or the answer that it gets.
   */
  judge(request: Request): string | Response {
    const url = new URL(request.url);
    const host = request.headers.get("host");
    // Names may lead here by the will of others (DNS rebinding): addresses do not.
    if (host === null || !this.#hosts.includes(host) || url.host !== host) {
      return refusal(403, "Cannot answer: this is not the address that the program has told");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refusal(405, "Cannot do that: there is only something to see", { allow: "GET, HEAD" });
    }
    const site = request.headers.get("sec-fetch-site");
    const origin = request.headers.get("origin");
    const isOwn = origin === null || origin === `http://${host}`;
    if ((site !== "same-origin" && site !== "none") || !isOwn) {
      return refusal(
        403,
        "Cannot answer pages of others, and programs that are no browsers: type or paste the " +
          "address into a new tab of a browser",
      );
    }
    const [, folder, rest] = /^\/([\da-f]+)\/(.*)$/.exec(url.pathname) ?? [];
    if (folder !== undefined) return this.#judgeInside(request, folder, rest!);
    const token = url.searchParams.get("token");
    if (url.pathname !== "/" || token === null) {
      return refusal(404, "Cannot find that: open the address that the program has told");
    }
    return this.#welcome(token);
  }

  /** The browser has to show its cookie; the folder in the path is no secret. */
  #judgeInside(request: Request, folder: string, rest: string): string | Response {
    const session = this.#sessions.find((one) => one.folder === folder);
    const cookies = request.headers.get("cookie")?.split(/;\s*/) ?? [];
    const shown = cookies.find((one) => one.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
    if (session !== undefined && shown !== undefined && same(shown, session.secret)) return rest;
    return refusal(
      403,
      "Cannot show this to another browser: its address was good once. Ask the program for " +
        "another, or start it again",
    );
  }

  #welcome(token: string): Response {
    if (!same(token, this.#token)) {
      // Opened once more, it leads a browser that has the cookie to what that may see.
      const before = this.#sessions.find((one) => same(token, one.token));
      if (before !== undefined) return redirect(before, {});
      return refusal(403, "Cannot answer: the token is wrong, or too old");
    }
    const session = { folder: this.#draw(), secret: this.#draw(), token };
    this.#token = this.#draw();
    this.#sessions = [...this.#sessions, session].slice(-MOST_SESSIONS);
    // Cookies are shown to all ports of a host: other servers there do not know the folder.
    const cookie = `${COOKIE}=${session.secret}; Path=/${session.folder}/; HttpOnly; ` +
      "SameSite=Strict";
    return redirect(session, { "set-cookie": cookie });
  }

  #draw(): string {
    return toHex(this.#random.bytes(SECRET_LENGTH));
  }
}

function redirect({ folder }: Session, fields: Record<string, string>): Response {
  const headers = { ...SAFE_FIELDS, ...fields, location: `/${folder}/` };
  return new Response(null, { status: 303, headers });
}

/** An answer that says why there is no other. */
export function refusal(
  status: number,
  why: string,
  fields: Record<string, string> = {},
): Response {
  const headers = { ...SAFE_FIELDS, ...fields, "content-type": "text/plain; charset=utf-8" };
  return new Response(`${why}.\n`, { status, headers });
}

/** Compares in a time that tells nothing but the length. */
function same(one: string, other: string): boolean {
  return equalSecrets(encoder.encode(one), encoder.encode(other));
}
