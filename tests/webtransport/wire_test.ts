import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { isReserved } from "../../src/http3/wire/code_point.ts";
import { varints } from "../../src/http3/wire/frame.ts";
import { isProtocol, readProtocols, writeProtocols } from "../../src/http3/wire/protocol_list.ts";
import { readSettings, writeSettings } from "../../src/http3/wire/settings.ts";
import { toApplicationCode, toHttpCode } from "../../src/http3/wire/web_transport.ts";
import { readCloseInfo, writeCloseInfo } from "../../src/http3/webtransport/close_info.ts";

const FIRST = 0x52e4_a40f_a8db;
const LAST = 0x52e5_ac98_3162;

Deno.test("codes of applications fill the range of HTTP/3, without codes that mean nothing", () => {
  assert.equal(toHttpCode(0), FIRST);
  assert.equal(toHttpCode(0xffff_ffff), LAST);
  for (const code of [0, 1, 29, 30, 31, 59, 60, 255, 256, 0x7fff_ffff, 0xffff_fffe, 0xffff_ffff]) {
    assert.ok(!isReserved(toHttpCode(code)), `${code}`);
    assert.equal(toApplicationCode(toHttpCode(code)), code);
  }
  for (let code = 0; code < 1_000; code++) assert.equal(toApplicationCode(toHttpCode(code)), code);
});

Deno.test("codes of HTTP/3 outside of the range, or reserved in it, are no application's", () => {
  for (const code of [0, 0x100, FIRST - 1, LAST + 1, 2 ** 60]) {
    assert.equal(toApplicationCode(code), undefined, `${code}`);
  }
  let reserved = 0;
  for (let code = FIRST; code < FIRST + 100; code++) {
    if (!isReserved(code)) continue;
    reserved++;
    assert.equal(toApplicationCode(code), undefined);
  }
  assert.equal(reserved, 3);
});

const settings = {
  maxTableCapacity: 0,
  blockedStreams: 0,
  maxFieldSectionSize: 1_000,
  extendedConnect: true,
  datagrams: true,
};

Deno.test("settings of WebTransport are read as they were written", () => {
  const webTransport = {
    enabled: 1,
    maxSessions: 1,
    maxData: 1_000_000,
    maxStreamsUni: 7,
    maxStreamsBidi: 8,
  };
  const all = { ...settings, webTransport };
  assert.deepEqual(readSettings(writeSettings(all)), all);
  assert.equal("webTransport" in readSettings(writeSettings(settings)), false);
});

Deno.test("settings of each draft tell that the peer speaks WebTransport", () => {
  const none = { maxData: 0, maxStreamsUni: 0, maxStreamsBidi: 0 };
  const drafts: [id: number, value: number, enabled: number, maxSessions: number][] = [
    [0x2c7c_f000, 1, 1, 0],
    [0x2c7c_f000, 2, 2, 0],
    [0x14e9_cd29, 5, 0, 5],
    [0xc671_706a, 3, 0, 3],
    [0x2b60_3742, 1, 0, 1],
  ];
  for (const [id, value, enabled, maxSessions] of drafts) {
    const { webTransport } = readSettings(varints(id, value));
    assert.deepEqual(webTransport, { enabled, maxSessions, ...none }, id.toString(16));
  }
  assert.equal(readSettings(varints(0x2b60_3742, 0)).webTransport, undefined);
  assert.equal(readSettings(varints(0x2b61, 5)).webTransport, undefined);
});

Deno.test("protocols are a list of strings; one that is none spoils the list", () => {
  const names = ["a", 'b "quoted"', "back\\slash", "with, comma", "semi;colon"];
  assert.deepEqual(readProtocols(writeProtocols(names)), names);
  assert.deepEqual(readProtocols('"a";q=1;b="x;y", "c"; d=?1 , "e";*f=:YQ==:'), ["a", "c", "e"]);
  for (const field of [null, "", "a", "1", '"a" "b"', '"a",', ',"a"', '"a", b', '"a', '("a")']) {
    assert.deepEqual(readProtocols(field), [], `${field}`);
  }
  assert.deepEqual(["a", "moq-00", ""].map(isProtocol), [true, true, false]);
  assert.deepEqual(["é", "a\nb"].map(isProtocol), [false, false]);
});

Deno.test("a reason for the end of a session is cut between two characters", () => {
  const info = { closeCode: 0xffff_ffff, reason: "Grüße" };
  assert.deepEqual(readCloseInfo(writeCloseInfo(info)), info);
  const long = readCloseInfo(writeCloseInfo({ closeCode: 1, reason: "x" + "é".repeat(1_000) }));
  assert.equal(long.reason, "x" + "é".repeat(511));
  for (const closeCode of [-1, 0.5, 2 ** 32, NaN]) {
    assert.throws(() => writeCloseInfo({ closeCode, reason: "" }), RangeError);
  }
});

Deno.test("a reason for the end of a session that is cut off, too long or no UTF-8 is malformed", () => {
  const values = [new Uint8Array(3), new Uint8Array(1_029), Uint8Array.of(0, 0, 0, 1, 0xff)];
  for (const value of values) {
    assert.throws(() => readCloseInfo(value), (error) => {
      return error instanceof StreamError && error.code === 0x10e;
    });
  }
  assert.equal(readCloseInfo(new Uint8Array(1_028)).reason.length, 1_024);
});
