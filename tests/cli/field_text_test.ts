import assert from "node:assert/strict";
import { fieldBytes, fieldText, fieldValue } from "../../cli/http/field_text.ts";
import { responseHead, responseLines } from "../../cli/http/message_text.ts";

Deno.test("fieldValue() gives UTF-8 to Headers, and fieldText() reads it", () => {
  const text = "gr\u00fc\u00df \u6f22";
  const { headers } = new Response(null, { headers: { "x-a": fieldValue(text) } });
  assert.deepEqual(fieldBytes(headers.get("x-a")!), new TextEncoder().encode(text));
  assert.equal(fieldText(headers.get("x-a")!), text);
  assert.equal(fieldText("\xfc"), "\xfc", "what is not UTF-8 is shown byte by byte");
});

Deno.test("responseHead() writes the bytes that came, responseLines() what they say", () => {
  const response = new Response(null, { headers: { "x-a": fieldValue("\u00fc") } });
  const head = responseHead("HTTP/3", response);
  assert.deepEqual(head, new TextEncoder().encode("HTTP/3 200\r\nx-a: \u00fc\r\n\r\n"));
  assert.deepEqual(responseLines("HTTP/3", response), ["< HTTP/3 200", "< x-a: \u00fc"]);
});
