// The commands of the program `mpquic`, and what it says of them.

import { UsageError } from "./console/failure.ts";
import { say } from "./console/program.ts";
import { helpWidth } from "./console/terminal_size.ts";
import { version } from "./console/version.ts";
import type { Command } from "./flags/command.ts";
import { completionScript } from "./flags/completion.ts";
import { manPage } from "./flags/man_page.ts";
import { nearestWord } from "./flags/nearest_word.ts";
import { type Program, usageEntry, usageText, wrapText } from "./flags/usage.ts";
import { runCheck } from "./check.ts";
import { checkProgram } from "./check/check_options.ts";
import { getProgram } from "./get/get_program.ts";
import { runGet } from "./get.ts";
import { runProxy } from "./proxy.ts";
import { proxyProgram } from "./proxy/proxy_options.ts";
import { runServer } from "./server.ts";
import { serverProgram } from "./server/server_options.ts";

const NAME = "mpquic";
const ABOUT =
  "Moves files over all networks of this machine at once, by multipath QUIC and HTTP/3.";

/** How the program is installed: with all that its commands may do. */
const INSTALL = "deno install -g -n mpquic --unstable-net --allow-net --allow-read --allow-write " +
  "--allow-sys=networkInterfaces --allow-env jsr:@mpquic/mpquic/cli";

const serveProgram = commandProgram("serve", serverProgram);

const completionProgram: Program = {
  name: "mpquic completion",
  about: "Prints a script that makes a shell complete command lines, or the page of the manual.",
  synopsis: "bash | zsh | fish | man",
  flags: [{ name: "help", short: "h", help: "print this help" }],
  permissions: [],
  notes: [],
  examples: [
    ["for bash, in ~/.bashrc", 'eval "$(mpquic completion bash)"'],
    ["for zsh, in a folder of $fpath", "mpquic completion zsh > ~/.zfunc/_mpquic"],
    ["for fish", "mpquic completion fish > ~/.config/fish/completions/mpquic.fish"],
    [
      "the page of the manual",
      "mpquic completion man > ~/.local/share/man/man1/mpquic.1",
    ],
  ],
};

/** What `mpquic` can do. */
export const commands: readonly Command[] = [
  {
    name: "get",
    summary: "fetch files, or send them",
    program: getProgram,
    run: runGet,
  },
  {
    name: "serve",
    summary: "serve the files of a folder",
    program: serveProgram,
    run: (args) => runServer(args, serveProgram),
  },
  {
    name: "proxy",
    summary: "carry what any program sends over all networks to a gateway",
    program: proxyProgram,
    run: runProxy,
  },
  {
    name: "check",
    summary: "tell which networks can be used, and what keeps the others from it",
    program: checkProgram,
    run: runCheck,
  },
  {
    name: "completion",
    summary: "print a script for a shell, or the page of the manual",
    program: completionProgram,
    run: (args) => Promise.resolve(complete(args)),
  },
];

/**
 * Runs a command to its end, or says which there are.
 *
 * @param args The words of the command line.
 * @returns The exit code.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [word, ...rest] = args;
  const command = commands.find(({ name }) => name === word);
  if (command) return await command.run(rest);
  if (word === "help" && rest[0] !== undefined) return help(rest[0]);
  if (word === "help" || word === "-h" || word === "--help") return say(mainUsage(helpWidth()));
  throw unknownCommand(word);
}

function help(word: string): number {
  const command = commands.find(({ name }) => name === word);
  if (command === undefined) throw unknownCommand(word);
  return say(usageText(command.program, helpWidth()));
}

function unknownCommand(word: string | undefined): UsageError {
  const names = commands.map(({ name }) => name);
  if (word === undefined) {
    return new UsageError(`Cannot start without a command: give one of ${names.join(", ")}, or -h`);
  }
  if (/^https?:/.test(word)) {
    return new UsageError(`Cannot run "${word}": did you mean ${NAME} get ${word}?`);
  }
  const near = nearestWord(word, names);
  const advice = near ? `did you mean ${NAME} ${near}?` : `give one of ${names.join(", ")}`;
  return new UsageError(`Cannot run "${word}": there is no such command; ${advice}`);
}

function complete(args: readonly string[]): number {
  const [word, ...rest] = args;
  if (word === "-h" || word === "--help") return say(usageText(completionProgram, helpWidth()));
  const isShell = word === "bash" || word === "zsh" || word === "fish";
  if (rest.length === 0 && isShell) return say(completionScript(word, NAME, commands).trimEnd());
  if (rest.length === 0 && word === "man") {
    return say(manPage(NAME, version, ABOUT, commands).trimEnd());
  }
  throw new UsageError("Cannot print that: name bash, zsh, fish or man, and nothing else");
}

function mainUsage(width: number): string {
  return [
    ...wrapText(ABOUT, 0, width),
    "",
    `Usage: ${NAME} COMMAND [flags] ...`,
    "",
    "Examples:",
    ...wrapText("a file, over all networks of this machine:", 2, width),
    ...wrapText("mpquic get -O https://server.example/film.mp4", 4, width, " \\"),
    ...wrapText("this folder, to anyone who can reach this machine:", 2, width),
    ...wrapText("mpquic serve .", 4, width, " \\"),
    ...wrapText("the networks of this machine, and whether they can be used:", 2, width),
    ...wrapText("mpquic check https://server.example/", 4, width, " \\"),
    "",
    "Commands:",
    ...commands.flatMap(({ name, summary }) => usageEntry(name, summary, width)),
    ...usageEntry("help COMMAND", "explain a command, as COMMAND -h does", width),
    ...usageEntry("--version, -V", "print the version", width),
    "",
    "Install:",
    ...wrapText(INSTALL, 4, width, " \\"),
  ].join("\n");
}

/** The program of one name, as a command of this one. */
function commandProgram(name: string, program: Program): Program {
  const full = `${NAME} ${name}`;
  const examples = program.examples.map(([about, command]) =>
    [about, command.replace(/^\S+/, full)] as const
  );
  return { ...program, name: full, examples };
}
