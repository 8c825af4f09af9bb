// Scripts that make shells complete the command line, made from the tables of flags.

import type { Command } from "./command.ts";
import type { Flag } from "./flags.ts";

/** The shells there are scripts for. */
export type Shell = "bash" | "zsh" | "fish";

/**
 * The script for a shell.
 *
 * @param shell Which.
 * @param name The name of the program.
 * @param commands Its commands.
 */
export function completionScript(
  shell: Shell,
  name: string,
  commands: readonly Command[],
): string {
  return scripts[shell](name, commands);
}

const scripts: Readonly<Record<Shell, (name: string, commands: readonly Command[]) => string>> = {
  bash,
  zsh,
  fish,
};

/** Values that are names of files or folders, by the word that stands for them in the help. */
const FILES = /^(?:FILE|DIR|PATH)$/;

function bash(name: string, commands: readonly Command[]): string {
  const cases = commands.map(({ name, program: { flags } }) => {
    const files = flags.filter(takesFile).flatMap(formsOf);
    const others = flags.filter((flag) => flag.value && !takesFile(flag)).flatMap(formsOf);
    return `    ${name})
      case "$before" in
        ${[...files, "-"].join("|")}) COMPREPLY=($(compgen -f -- "$word")); return ;;
        ${[...others, "-"].join("|")}) return ;;
      esac
      flags=${quoted(flags.map(longForm).join(" "))} ;;`;
  });
  return `# ${name} completion for bash: eval "$(${name} completion bash)"
_${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} flags=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(" "))} -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _${name} ${name}
`;
}

function zsh(name: string, commands: readonly Command[]): string {
  const cases = commands.map(({ name, program: { flags } }) => {
    const specs = flags.flatMap((flag) =>
      formsOf(flag).map((form) =>
        quoted(`${flag.isRepeatable ? "*" : ""}${zshText(form)}${zshSpec(flag)}`)
      )
    );
    return `    ${name}) _arguments -s ${
      [...specs, quoted("*:file:_files")].join(" \\\n      ")
    } ;;`;
  });
  const described = commands.map(({ name, summary }) => quoted(`${name}:${zshText(summary)}`));
  return `#compdef ${name}
# ${name} completion for zsh: ${name} completion zsh > a folder of $fpath, as _${name}
_${name}() {
  local -a commands=(${described.join(" ")})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = _${name} ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function zshSpec(flag: Flag): string {
  const help = `[${zshText(flag.help)}]`;
  if (!flag.value) return help;
  return `${help}:${zshText(flag.value)}:${takesFile(flag) ? "_files" : " "}`;
}

function zshText(text: string): string {
  return text.replaceAll(/[\\\[\]:]/g, "\\$&");
}

function fish(name: string, commands: readonly Command[]): string {
  const first = commands.map((command) =>
    `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name} -d ${
      fishQuoted(command.summary)
    }`
  );
  const flags = commands.flatMap((command) =>
    command.program.flags.map((flag) => {
      const short = flag.short === undefined
        ? ""
        : ` ${flag.short.length === 1 ? "-s" : "-o"} ${flag.short}`;
      const value = flag.value ? (takesFile(flag) ? " -r -F" : " -x") : "";
      const here = fishQuoted(`__fish_seen_subcommand_from ${command.name}`);
      return `complete -c ${name} -n ${here}${short} -l ${flag.name}${value} -d ${
        fishQuoted(flag.help)
      }`;
    })
  );
  const about = `# ${name} completion for fish: ${name} completion fish | source`;
  return [about, ...first, ...flags, ""].join("\n");
}

function takesFile({ value }: Flag): boolean {
  return value !== undefined && FILES.test(value);
}

function longForm({ name }: Flag): string {
  return `--${name}`;
}

function formsOf({ name, short }: Flag): string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In fish a backslash counts between single quotes, before a quote or another backslash. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
