import assert from "node:assert/strict";
import { CurlCode } from "../../cli/console/curl_code.ts";
import { Failure } from "../../cli/console/failure.ts";
import { Retry, type RetryChoices } from "../../cli/get/retry.ts";

const choices = {
  retry: undefined,
  retryDelay: undefined,
  retryMaxTime: undefined,
  retryRefused: false,
  retryAll: false,
};

/** A run whose clock stands where `at` says, in milliseconds. */
function clocked(more: Partial<RetryChoices>) {
  const clock = { at: 0 };
  return { clock, retry: new Retry({ ...choices, ...more }, undefined, () => clock.at) };
}

const lost = new Failure("Lost the connection", 1, CurlCode.Receive);

Deno.test("a part that has come is gone on with for 600 seconds after its last byte", () => {
  const { clock, retry } = clocked({ retryDelay: 1_000 });
  clock.at = 599_000;
  assert.equal(retry.next(lost, true), 1_000);
  clock.at = 599_001;
  assert.equal(retry.next(lost, true), undefined);
  retry.progress();
  clock.at += 599_000;
  assert.equal(retry.next(lost, true), 1_000);
  assert.equal(retry.next(lost, false), undefined, "before the first byte");
});

Deno.test("--retry-max-time takes the place of those 600 seconds, and 0 is no limit", () => {
  const short = clocked({ retryDelay: 1_000, retryMaxTime: 5_000 });
  short.clock.at = 4_001;
  assert.equal(short.retry.next(lost, true), undefined);
  const endless = clocked({ retryDelay: 1_000, retryMaxTime: 0 });
  endless.clock.at = 1e9;
  assert.equal(endless.retry.next(lost, true), 1_000);
});

Deno.test("pauses double from one second to ten, and begin again with the next byte", () => {
  const { retry } = clocked({});
  const pauses = Array.from({ length: 6 }, () => retry.next(lost, true));
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  retry.progress();
  assert.equal(retry.next(lost, true), 1_000);
});

Deno.test("nothing is tried again once the run has ended, as by --max-time", () => {
  const ending = new AbortController();
  const retry = new Retry({ ...choices, retry: 3, retryDelay: 5, retryAll: true }, ending.signal);
  const late = new Failure("Cannot finish in 2 s; allow more", 1, 28);
  assert.equal(retry.next(late, true), 5);
  ending.abort();
  assert.equal(retry.next(late, true), undefined);
});
