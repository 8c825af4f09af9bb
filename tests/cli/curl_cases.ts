import { cert } from "../http3/deno_quic.ts";

/** Command lines that mpquic get and curl understand alike: ORIGIN and OTHER are servers. */
export interface CurlCase {
  /** What is tried, in a few words. */
  readonly name: string;
  /** The words behind the program's name. */
  readonly args: readonly string[];
  /** What comes on standard input. */
  readonly stdin?: string;
  /** Whether the exit code alone is compared, as what is printed is of each program's own. */
  readonly isCodeOnly?: boolean;
}

const WRITE_OUT = "%{http_code} %{size_download} %{size_upload} %{num_redirects} %{content_type} " +
  "%{url_effective} %{method} %{redirect_url} %{exitcode} %header{x-a} %{urlnum}%%\\t\\n";

/** The date of what /file gives. */
export const MODIFIED = "Mon, 30 Nov 2020 04:00:00 GMT";

/** The cases; each runs in a folder of its own, with the files of {@linkcode files}. */
export const cases: readonly CurlCase[] = [
  { name: "a body on standard output", args: ["ORIGIN/echo"] },
  { name: "a failure's body, and status 0", args: ["ORIGIN/status?code=404"] },
  { name: "-f", args: ["-f", "ORIGIN/status?code=404"], isCodeOnly: true },
  { name: "--fail-with-body", args: ["--fail-with-body", "ORIGIN/status?code=500"] },
  { name: "-o", args: ["-o", "out", "ORIGIN/file"] },
  { name: "-o -", args: ["--output", "-", "ORIGIN/echo"] },
  { name: "-O", args: ["-O", "ORIGIN/a%20b.txt?x=1"] },
  {
    name: "several -o",
    args: ["-o", "1", "ORIGIN/echo?1", "-o2", "ORIGIN/echo?2", "ORIGIN/echo?3"],
  },
  { name: "--remote-name-all", args: ["--remote-name-all", "ORIGIN/one", "ORIGIN/two"] },
  { name: "-J", args: ["-OJ", "-w", "%{filename_effective}", "ORIGIN/named?a;filename=b.txt;c"] },
  { name: "-J, quoted", args: ["-OJ", "ORIGIN/named?a;%20filename=%22b;%20c%22"] },
  {
    name: "-J, a path",
    args: ["-J", "--output-dir", ".", "-O", "ORIGIN/named?filename=../a%5Cb/c"],
  },
  {
    name: "-J, another",
    args: ["-J", "-O", "ORIGIN/named?filename*=UTF-8''x", "-O", "ORIGIN/one"],
  },
  { name: "-J over a file", args: ["-OJ", "ORIGIN/named?filename=five"], isCodeOnly: true },
  { name: "-J without a name", args: ["-OJ", "ORIGIN/named?filename=.."], isCodeOnly: true },
  { name: "-J and -C", args: ["-OJ", "-C", "-", "ORIGIN/named"], isCodeOnly: true },
  { name: "-J and -i", args: ["-OJi", "ORIGIN/named"], isCodeOnly: true },
  { name: "-J without -O", args: ["-J", "ORIGIN/named?filename=b"] },
  { name: "-J, compressed", args: ["--compressed", "-OJ", "ORIGIN/named?filename=b"] },
  { name: "--output-dir", args: ["--output-dir", "new", "--create-dirs", "-O", "ORIGIN/one"] },
  { name: "--create-dirs", args: ["--create-dirs", "-o", "a/b/c", "ORIGIN/one"] },
  { name: "no --create-dirs", args: ["-o", "a/b/c", "ORIGIN/one"], isCodeOnly: true },
  { name: "-C N", args: ["-C", "400", "ORIGIN/file"] },
  { name: "-C N with a file", args: ["-C", "5", "-o", "five", "ORIGIN/file"] },
  { name: "-C N of a server without ranges", args: ["-C5", "ORIGIN/echo"], isCodeOnly: true },
  { name: "-C N behind the end", args: ["-C5", "-o", "five", "ORIGIN/status?code=416"] },
  { name: "-C N of what is not there", args: ["-C5", "-o", "five", "ORIGIN/status?code=404"] },
  { name: "-C - with nothing there", args: ["-C", "-", "-o", "out", "ORIGIN/file"] },
  { name: "-C - with all there", args: ["-C", "-", "-o", "whole", "ORIGIN/file"] },
  { name: "-z, newer", args: ["-z", "1 Jan 2019", "ORIGIN/file", "ORIGIN/echo"] },
  { name: "-z, not newer", args: ["-z", MODIFIED, "-w", "%{http_code}", "ORIGIN/file"] },
  {
    name: "-z and a file",
    args: ["-z", "five", "-o", "five", "-w", "%{http_code}", "ORIGIN/file"],
  },
  { name: "-z, older", args: ["-z", "-20190101 +0100", "-fw", "%{http_code}", "ORIGIN/file"] },
  {
    name: "-z with -i",
    args: ["-i", "-z", MODIFIED, "-o", "/dev/null", "-w", WRITE_OUT, "ORIGIN/file"],
  },
  {
    name: "-z with -I",
    args: ["-I", "-z", MODIFIED, "-o", "/dev/null", "-w", WRITE_OUT, "ORIGIN/file"],
  },
  { name: "-z of a server that knows", args: ["-z", MODIFIED, "-o", "five", "ORIGIN/conditional"] },
  { name: "-z that is nothing", args: ["-sz", "nowhere", "ORIGIN/echo"] },
  { name: "-R", args: ["-R", "-o", "dated", "ORIGIN/file"] },
  { name: "-i", args: ["-i", "ORIGIN/bare"], isCodeOnly: true },
  { name: "-I", args: ["-I", "-o", "/dev/null", "-w", WRITE_OUT, "ORIGIN/file"] },
  {
    name: "-I and -X",
    args: ["-I", "-X", "GET", "-o", "/dev/null", "-w", WRITE_OUT, "ORIGIN/file"],
  },
  { name: "-D", args: ["-D", "/dev/null", "ORIGIN/echo"] },
  { name: "-w", args: ["-w", WRITE_OUT, "ORIGIN/file", "-o", "out"] },
  { name: "-w of a file", args: ["-w", "@format", "ORIGIN/echo"] },
  {
    name: "-w of standard input",
    args: ["-w", "@-", "ORIGIN/echo", "ORIGIN/file"],
    stdin: "%{http_code}\\n",
  },
  { name: "-w to both streams", args: ["-o", "x", "-w", "a%{stderr}b%{stdout}c", "ORIGIN/echo"] },
  { name: "--url", args: ["--url", "ORIGIN/echo"] },
  { name: "{a,b}[1-2]", args: ["-w", "%{urlnum}\\n", "ORIGIN/{a,b}/[1-2]", "ORIGIN/c"] },
  { name: "#1", args: ["-o", "#2_#1_#3", "ORIGIN/{one,two}/[08-10:2]", "-o", "3", "ORIGIN/c"] },
  { name: "-O of several", args: ["-O", "ORIGIN/{one,t\\,wo}"] },
  { name: "letters in steps", args: ["ORIGIN/[a-z:11]?[]&\\[x\\]"] },
  { name: "empty choices", args: ["ORIGIN/{a,,b}"] },
  { name: "-g", args: ["-g", "ORIGIN/{a,b}[1-2]"] },
  { name: "-T of several", args: ["-T", "{lines,five}", "ORIGIN/{p,q}/"] },
  { name: "a range backwards", args: ["ORIGIN/[z-a]"], isCodeOnly: true },
  { name: "a brace without end", args: ["ORIGIN/{a"], isCodeOnly: true },
  { name: "-X", args: ["-X", "PATCH", "ORIGIN/echo"] },
  { name: "-H", args: ["-H", "x-a: 1", "-H", "x-b;", "-H", "Accept: a/b", "ORIGIN/echo"] },
  { name: "-H @FILE", args: ["-H", "@fields", "ORIGIN/echo"] },
  { name: "-d", args: ["-d", "a=1", "-d", "@lines", "ORIGIN/echo"] },
  { name: "-d and a type", args: ["-d", "{}", "-H", "Content-Type: text/x", "ORIGIN/echo"] },
  { name: "-d of standard input", args: ["-d", "@-", "ORIGIN/echo"], stdin: "from\nstdin" },
  { name: "--data-binary", args: ["--data-binary", "@lines", "ORIGIN/echo"] },
  { name: "--data-raw", args: ["--data-raw", "@lines", "ORIGIN/echo"] },
  {
    name: "--data-urlencode",
    args: [
      ...["--data-urlencode", "a=ü &(", "--data-urlencode", "=x y"],
      ...["--data-urlencode", "l@lines", "--data-urlencode", "p+q", "ORIGIN/echo"],
    ],
  },
  { name: "--json", args: ["--json", "[1", "--json", ",2]", "ORIGIN/echo"] },
  { name: "-G", args: ["-G", "-d", "a=1", "--data-urlencode", "b= ", "ORIGIN/echo?z"] },
  {
    name: "-F",
    args: [
      ...["-F", "a=text", "-F", "b=@lines;type=text/x", "-F", "c=@five;filename=n.bin"],
      ...["-F", "d=<lines", "--form-string", "e=@x;type=y", "ORIGIN/echo"],
    ],
  },
  {
    name: "-F with quotes",
    args: ["-F", 'a="x;\\"y\\\\z"', "-F", 'b=@lines;filename="q\\"x.bin"', "ORIGIN/echo"],
  },
  { name: "-F of a missing file", args: ["-F", "a=@nowhere", "ORIGIN/echo"], isCodeOnly: true },
  { name: "-T", args: ["-T", "lines", "ORIGIN/echo"] },
  { name: "-T to a folder", args: ["-T", "lines", "ORIGIN/echo/"] },
  { name: "-T of a missing file", args: ["-T", "nowhere", "ORIGIN/echo"], isCodeOnly: true },
  { name: "-T of standard input", args: ["-T", "-", "ORIGIN/echo"], stdin: "streamed" },
  { name: "-A and -e", args: ["-A", "me/1", "-e", "https://from.example/", "ORIGIN/echo"] },
  { name: "-A empty", args: ["-A", "", "-e", "https://a.example/;auto", "ORIGIN/echo?agent"] },
  { name: "-u", args: ["-u", "me:sécret:x", "ORIGIN/echo"] },
  { name: "a user in the URL", args: ["USER/echo"] },
  { name: "--oauth2-bearer", args: ["--oauth2-bearer", "token", "ORIGIN/echo"] },
  { name: "-b with text", args: ["-b", "a=1; b=2", "ORIGIN/echo"] },
  { name: "-b with a file", args: ["-b", "cookies", "ORIGIN/echo"] },
  { name: "-b and -c", args: ["-b", "cookies", "-c", "jar", "ORIGIN/cookie", "ORIGIN/echo"] },
  { name: "--compressed", args: ["--compressed", "ORIGIN/gzip"] },
  { name: "no --compressed", args: ["-o", "coded", "ORIGIN/gzip"] },
  { name: "no -L", args: ["-w", WRITE_OUT, "ORIGIN/redirect?to=/echo"] },
  { name: "-L", args: ["-L", "-w", WRITE_OUT, "ORIGIN/redirect?to=/echo"] },
  { name: "-L to nowhere", args: ["-L", "-w", WRITE_OUT, "ORIGIN/redirect?to="] },
  { name: "-L with a body, 302", args: ["-L", "-d", "x", "ORIGIN/redirect?to=/echo"] },
  { name: "-L with a body, 307", args: ["-L", "-d", "x", "ORIGIN/redirect?to=/echo&code=307"] },
  ...[300, 305, 399].map((code) => ({
    name: `-L, ${code}`,
    args: ["-L", "-w", WRITE_OUT, `ORIGIN/redirect?to=/echo&code=${code}`],
  })),
  ...[300, 302, 303, 307].map((code) => ({
    name: `-L with a body and -X, ${code}`,
    args: ["-L", "-X", "PUT", "-d", "x", `ORIGIN/redirect?to=/echo&code=${code}`],
  })),
  ...[300, 301, 303].map((code) => ({
    name: `-L with a body, ${code}`,
    args: ["-L", "-d", "x", `ORIGIN/redirect?to=/echo&code=${code}`],
  })),
  ...[302, 303].map((code) => ({
    name: `-L with -T, ${code}`,
    args: ["-L", "-T", "five", `ORIGIN/redirect?to=/echo&code=${code}`],
  })),
  {
    name: "-L with -X POST and no body, 302",
    args: ["-L", "-X", "POST", "ORIGIN/redirect?to=/echo&code=302"],
  },
  {
    name: "-L with -I, 303",
    args: ["-L", "-I", "-w", WRITE_OUT, "-o", "/dev/null", "ORIGIN/redirect?to=/echo&code=303"],
  },
  { name: "-L and -X", args: ["-L", "-X", "PUT", "ORIGIN/redirect?to=/echo&code=303"] },
  {
    name: "-L to another server",
    args: ["-L", "-u", "me:x", "-H", "cookie: a=1", "ORIGIN/redirect?to=OTHER/echo"],
  },
  {
    name: "--location-trusted",
    args: ["--location-trusted", "-u", "me:x", "ORIGIN/redirect?to=OTHER/echo"],
  },
  { name: "--max-redirs", args: ["-L", "--max-redirs", "3", "ORIGIN/loop"], isCodeOnly: true },
  { name: "--max-redirs -1", args: ["-L", "--max-redirs", "-1", "ORIGIN/redirect?to=/echo"] },
  { name: "--range", args: ["--range", "10-19", "ORIGIN/file"] },
  { name: "--range of the end", args: ["--range", "-7", "-o", "out", "ORIGIN/file"] },
  {
    name: "-:",
    args: ["-X", "PUT", "-HX-A: 1", "ORIGIN/1", "-:", "-w%{urlnum}", "ORIGIN/{2,3}", "--next"]
      .concat("-do", "-o", "4", "ORIGIN/4"),
  },
  { name: "-: and nothing", args: ["ORIGIN/echo", "-:"], isCodeOnly: true },
  { name: "-K", args: ["-K", "flags", "ORIGIN/echo"] },
  {
    name: "-K of standard input",
    args: ["-K-"],
    stdin: 'url = "ORIGIN/one"\n--next\nurl ORIGIN/2',
  },
  { name: "-K of a missing file", args: ["-K", "nowhere", "ORIGIN/echo"], isCodeOnly: true },
  { name: "-Z", args: ["-Z", "-o", "1", "ORIGIN/one", "-o", "2", "ORIGIN/two"] },
  {
    name: "--parallel-max",
    args: ["-Z", "--parallel-max", "1", "-O", "ORIGIN/one", "-O", "ORIGIN/two"],
  },
  {
    name: "each URL its own fate",
    args: ["-f", "-o", "2", "ORIGIN/two", "-o", "1", "ORIGIN/status?code=404"],
  },
  {
    name: "--fail-early",
    args: ["-f", "--fail-early", "ORIGIN/status?code=404", "-o", "2", "ORIGIN/two"],
    isCodeOnly: true,
  },
  {
    name: "--retry",
    args: ["--retry", "2", "--retry-delay", "1", "-f", "ORIGIN/flaky?NONCE"],
  },
  {
    name: "--retry-max-time",
    args: ["--retry", "9", "--retry-max-time", "1", "-f", "ORIGIN/status?code=503"],
    isCodeOnly: true,
  },
  {
    name: "--retry-all-errors",
    args: ["--retry", "1", "--retry-all-errors", "-f", "ORIGIN/status?code=400"],
    isCodeOnly: true,
  },
  {
    name: "--retry-connrefused",
    args: ["--retry", "1", "--retry-connrefused", "--connect-timeout", "30", "ORIGIN/echo"],
  },
  { name: "-m", args: ["-m", "1", "ORIGIN/slow"], isCodeOnly: true },
  { name: "--connect-timeout", args: ["--connect-timeout", "30", "ORIGIN/echo"] },
  { name: "--limit-rate", args: ["--limit-rate", "100k", "-o", "out", "ORIGIN/file"] },
  { name: "--resolve", args: ["--resolve", "RESOLVE", "https://named.example:PORT/echo"] },
  { name: "-4", args: ["-4", "https://localhost:PORT/echo"] },
  { name: "-6", args: ["-6", "https://no-such-host.invalid/"], isCodeOnly: true },
  { name: "--interface", args: ["--interface", "127.0.0.1", "ORIGIN/echo"] },
  { name: "no such host", args: ["https://no-such-host.invalid/"], isCodeOnly: true },
  {
    name: "no list of revoked certificates",
    args: ["--cacert", "authority", "--crlfile", "nowhere", "ORIGIN/echo"],
    isCodeOnly: true,
  },
  { name: "no certificate", args: ["--cacert", "nowhere", "ORIGIN/echo"], isCodeOnly: true },
  { name: "an unknown flag", args: ["--no-such-flag", "ORIGIN/echo"], isCodeOnly: true },
  { name: "no URL", args: ["-d", "x"], isCodeOnly: true },
  { name: "two bodies", args: ["-d", "x", "-F", "a=b", "ORIGIN/echo"], isCodeOnly: true },
  { name: "-v", args: ["-v", "ORIGIN/echo"], isCodeOnly: true },
  { name: "--no-progress-meter", args: ["--no-progress-meter", "ORIGIN/echo"] },
];

/** The files that are there: their names and contents. */
export const files: Readonly<Record<string, string>> = {
  lines: "one\r\ntwo\nend",
  five: "01234",
  fields: "x-one: 1\nx-two: 2\n",
  format: "%{http_code}\\n",
  flags: '# flags\n  -H "X-A: 1"\nrequest=PUT\nwrite-out: "\\t%{http_code}\\\\t\\""\n' +
    "-d one # and\n data = two\n--globoff\n-K more\n",
  more: "-so out\n",
  authority: cert,
  cookies: "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tTRUE\t0\tfrom\tfile\n" +
    "#HttpOnly_127.0.0.1\tFALSE\t/other\tTRUE\t0\tno\tno\n",
};
