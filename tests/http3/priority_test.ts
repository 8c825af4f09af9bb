import assert from "node:assert/strict";
import { applyPriority, parsePriority } from "../../src/http3/priority.ts";
import type { H3SendStream } from "../../src/http3/transport.ts";

const cases: readonly [field: string, urgency: number, incremental: boolean][] = [
  ["", 3, false],
  ["u=0", 0, false],
  ["u=7, i", 7, true],
  ["i=?1,u=2", 2, true],
  ["i=?0", 3, false],
  ["u=5;a=b, i;c", 5, true],
  ["u=8", 3, false],
  ["u=-1", 3, false],
  ["u", 3, false],
  ["i=1", 3, false],
  ["x=1, nonsense==, u=1", 1, false],
];

Deno.test("parsePriority() reads RFC 9218 fields and takes defaults for the rest", () => {
  for (const [field, urgency, incremental] of cases) {
    assert.deepEqual(parsePriority(field), { urgency, incremental }, field);
  }
});

Deno.test("applyPriority() speaks the terms the stream knows", () => {
  const ours = { urgency: 3, incremental: false, sendOrder: 0 } as unknown as H3SendStream;
  applyPriority(ours, { urgency: 1, incremental: true });
  assert.deepEqual({ ...ours }, { urgency: 1, incremental: true, sendOrder: 0 });
  const others = { sendOrder: 0 } as unknown as H3SendStream;
  applyPriority(others, { urgency: 1, incremental: true });
  assert.deepEqual({ ...others }, { sendOrder: 2 });
});
