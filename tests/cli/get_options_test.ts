import assert from "node:assert/strict";
import { Failure, UsageError } from "../../cli/console/failure.ts";
import { getProgram } from "../../cli/get/get_program.ts";
import { readGetOptions } from "../../cli/get/get_options.ts";

const url = "https://h.example/dir/file.iso?x=1";

function read(...args: string[]): Exclude<ReturnType<typeof readGetOptions>, string> {
  const options = readGetOptions(args);
  if (typeof options === "string") throw new Failure(options);
  return options;
}

function refuses(args: string[], pattern: RegExp, code = 2): void {
  assert.throws(() => read(...args), (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, pattern);
    assert.equal(error.curlCode, code, error.message);
    return true;
  });
}

Deno.test("readGetOptions() gives each URL its own file, as curl does", () => {
  const outputs = (...args: string[]) => read(...args).jobs.map(({ output }) => output);
  assert.deepEqual(outputs(url), [undefined]);
  assert.deepEqual(outputs("-O", url), ["file.iso"]);
  assert.deepEqual(outputs("-o", "a", url, "-o", "b", url, url), ["a", "b", undefined]);
  assert.deepEqual(outputs("-O", "-o", "b", url, url), ["file.iso", "b"]);
  assert.deepEqual(outputs("-o", "-", url), ["-"]);
  assert.deepEqual(outputs("--remote-name-all", "-o", "a", url, url), ["a", "file.iso"]);
  assert.deepEqual(outputs("--output-dir", "d/", "-O", url), ["d/file.iso"]);
  assert.deepEqual(outputs("--output-dir", "d", "-o", "/abs", url), ["/abs"]);
  refuses(["-o", "a", "-o", "b", url], /2 times -o or -O with 1 URL/);
  refuses(["-O", "https://h.example/"], /without a name; give one with -o FILE/, 23);
  refuses(["-o", "", url], /give the name of a file/);
});

Deno.test("readGetOptions() reads URLs as people write them", () => {
  const urls = (...args: string[]) => read(...args).jobs.map(({ url }) => url.href);
  assert.deepEqual(urls("h.example/a", "--url", "https://i.example"), [
    "https://i.example/",
    "https://h.example/a",
  ]);
  assert.equal(read("https://me:s%40cret@h.example/").jobs[0]!.user, "me:s@cret");
  assert.equal(read("https://me:s@h.example/").jobs[0]!.url.href, "https://h.example/");
  refuses([], /without a URL/);
  refuses(["http://h.example/"], /begins with https/, 1);
  refuses(["https://"], /give a URL such as/, 3);
});

Deno.test("readGetOptions() names uploads after the file where the URL ends with a slash", () => {
  const target = (...args: string[]) => read(...args).jobs.map(({ url }) => url.pathname);
  assert.deepEqual(target("-T", "a/b c.txt", "https://h.example/in/"), ["/in/b%20c.txt"]);
  assert.deepEqual(target("-T", "a", "https://h.example/in"), ["/in"]);
  assert.deepEqual(target("-T", "-", "https://h.example/in/"), ["/in/"]);
  refuses(["-T", "a", "-T", "b", url], /2 times -T with 1 URL/);
});

Deno.test("readGetOptions() reads numbers with the units of curl", () => {
  assert.equal(read("--limit-rate", "500", url).limitRate, 500);
  assert.equal(read("--limit-rate", "2k", url).limitRate, 2048);
  assert.equal(read("--limit-rate", "1.5M", url).limitRate, 1.5 * 1024 ** 2);
  assert.equal(read("-C", "-", url).continueAt, "auto");
  assert.equal(read("-C", "10", url).continueAt, 10);
  assert.equal(read("--retry-max-time", "0", url).retryMaxTime, 0);
  assert.equal(read("--retry-delay", "1.5", url).retryDelay, 1500);
  const sum = "a".repeat(64);
  assert.deepEqual(read("-O", "--checksum", `sha-256:${sum}`, url).checksum, {
    algorithm: "sha256",
    value: sum,
  });
  const known = read("--resolve", "h.example:443:[::1],192.0.2.1", url).resolve;
  assert.deepEqual([...known], [["h.example:443", "::1"]]);
  refuses(["--limit-rate", "fast", url], /such as 500k/);
  refuses(["-C", "x", url], /number of bytes/);
  refuses(["--max-redirs", "-2", url], /from 0 to 10000/);
  const endless = readGetOptions(["--max-redirs", "-1", url]);
  assert.ok(typeof endless === "object" && endless.mostRedirects === Infinity);
  refuses(["--range", "5", url], /such as 0-499/);
  refuses(["--checksum", "sha256:12", "-O", url], /64 hexadecimal digits/);
  refuses(["--checksum", sum, url], /with -o or -O/);
  refuses(["--resolve", "h.example:192.0.2.1", url], /host:port:address/);
});

Deno.test("a name in a URL that cannot be decoded is taken as it is", () => {
  const options = readGetOptions(["https://50%:a%41@server.example/"]);
  assert.ok(typeof options === "object");
  assert.equal(options.jobs[0]!.user, "50%:aA");
});

Deno.test("readGetOptions() refuses what contradicts, and says what was meant", () => {
  refuses(["-k", "--cacert", "f", url], /--insecure and --cacert/);
  refuses(["-4", "-6", url], /-4 and -6/);
  refuses(["-f", "--fail-with-body", url], /give one of them/);
  refuses(["-k", "--tcp-fallback", url], /over TCP/);
  refuses(["-4", "--tcp-fallback", url], /over TCP the runtime chooses/);
  refuses(["--range", "0-", "-C", "1", url], /--range and -C/);
  refuses(["-X", "GET", "--data-raw", "x", url], /--data-raw and -X GET together/);
  refuses(["-X", "HEAD", "-T", "f", url], /--upload-file and -X HEAD together/);
  assert.ok(typeof readGetOptions(["-X", "GET", "-G", "-d", "x", url]) === "object");
  refuses(["-silent", url], /did you mean --silent\?/);
  refuses(["--outptu", "f", url], /use --output/);
});

Deno.test("every flag of get has forms of its own, and letters are single", () => {
  const forms = getProgram.flags.flatMap(({ name, short }) => [name, short ?? []].flat());
  assert.equal(new Set(forms).size, forms.length);
  for (const { short } of getProgram.flags) assert.ok(short === undefined || short.length === 1);
  for (const [, command] of getProgram.examples) {
    assert.equal(typeof readGetOptions(command.split(" ").slice(2)), "object", command);
  }
  assert.ok(new UsageError("x").curlCode === 2);
});
