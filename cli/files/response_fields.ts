// The header fields that all responses of the file server carry.

import type { Field } from "../flags/http_fields.ts";
import type { FileHandler } from "./static_files.ts";

/** What all responses carry in addition to what follows from the file. */
export interface ResponseFields {
  /** Whether pages of other origins may read them. */
  readonly cors: boolean;
  /** Further fields, which go before those that would be there anyway. */
  readonly headers: readonly Field[];
}

const corsFields: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*",
};
const preflightFields: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD",
  "access-control-allow-headers": "*",
  "access-control-max-age": "7200",
};

/**
 * Adds fields to all answers of a handler.
 *
 * @param handler Makes the answers.
 * @param fields What to add.
 */
export function withFields(handler: FileHandler, { cors, headers }: ResponseFields): FileHandler {
  return async (request, visitor) => {
    const isPreflight = cors && request.method === "OPTIONS" &&
      request.headers.has("access-control-request-method");
    const response = isPreflight
      ? new Response(null, { status: 204, headers: preflightFields })
      : await handler(request, visitor);
    if (cors) { for (const name in corsFields) response.headers.set(name, corsFields[name]!); }
    for (const [name] of headers) response.headers.delete(name);
    for (const [name, value] of headers) response.headers.append(name, value);
    return response;
  };
}
