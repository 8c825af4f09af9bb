// Reads what a server shares with others of its service.

import type { BalancerConfiguration, ServeOptions } from "../../mod.ts";
import { Failure } from "../console/failure.ts";
import { print, report } from "../console/output.ts";
import { whyNot } from "../console/why_not.ts";
import type { FleetChoices } from "../flags/fleet_flags.ts";

/** Bytes of a secret that is made here. */
const SECRET_LENGTH = 32;
/** What a file must not allow: reading or writing by others than its owner. */
const OTHERS = 0o077;

/** What a server shares with others, and what tells it apart. */
export type FleetOptions = Pick<ServeOptions, "secret" | "connectionIds">;

/**
 * The library's options for what was chosen on the command line.
 *
 * @param choices What was chosen.
 */
export async function fleetOptions(
  { cidConfig, secretFile, serverId }: FleetChoices,
): Promise<FleetOptions> {
  return {
    ...(secretFile !== undefined && { secret: await readSecret(secretFile) }),
    ...(cidConfig !== undefined && {
      connectionIds: await readConfigurations(cidConfig, serverId!),
    }),
  };
}

/**
 * Reads a secret, or makes one where there is none.
 *
 * @param path Its file.
 */
export async function readSecret(path: string): Promise<Uint8Array> {
  const text = (await readSecretFile(path) ?? await makeSecret(path)).trim();
  const { mode } = await Deno.stat(path);
  if (mode !== null && (mode & OTHERS) !== 0) {
    throw new Failure(`Cannot use the secret ${path}: others may read it; run chmod 600 ${path}`);
  }
  const secret = new TextEncoder().encode(text);
  if (secret.length >= SECRET_LENGTH) return secret;
  throw new Failure(
    `Cannot use the secret ${path}: it has ${secret.length} bytes, and ${SECRET_LENGTH} are needed; remove it, and another one is made`,
  );
}

async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(
      `Cannot read the secret ${path}: ${whyNot(error)}; name another file with --secret-file`,
    );
  }
}

async function makeSecret(path: string): Promise<string> {
  const text = crypto.getRandomValues(new Uint8Array(SECRET_LENGTH)).toHex();
  try {
    await Deno.writeTextFile(path, `${text}\n`, { createNew: true, mode: 0o600 });
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(
      `Cannot make the secret ${path}: ${whyNot(error)}; name another file with --secret-file`,
    );
  }
}

/**
 * Reads what balancers know of connection IDs: a list of configurations, that of new IDs first.
 *
 * @param path Its file.
 * @param serverId The name of this server.
 */
export async function readConfigurations(
  path: string,
  serverId: Uint8Array,
): Promise<BalancerConfiguration[]> {
  const text = await readText(path, "the configuration of connection IDs");
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new Failure(`Cannot use ${path}: it is no JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(list)) {
    throw new Failure(
      `Cannot use ${path}: write a list, such as [{"id":0,"serverIdLength":4,"nonceLength":12,"key":"..."}]`,
    );
  }
  return list.map((entry) => readConfiguration(path, entry, serverId));
}

/** Reads the file of configurations again, and hands on what has changed. */
export class ConfigurationFile {
  readonly #choices: FleetChoices;
  readonly #onChange: (configurations: BalancerConfiguration[]) => void;
  #last: string;

  /**
   * @param choices What the command line says.
   * @param last The configurations in use.
   * @param onChange Takes others; may throw a sentence about them.
   */
  constructor(
    choices: FleetChoices,
    last: FleetOptions["connectionIds"],
    onChange: (configurations: BalancerConfiguration[]) => void,
  ) {
    this.#choices = choices;
    this.#last = JSON.stringify(last);
    this.#onChange = onChange;
  }

  /** Looks at once; what has changed is said, and what cannot be used leaves all as it is. */
  async look(): Promise<void> {
    const { cidConfig, serverId } = this.#choices;
    if (cidConfig === undefined) return;
    try {
      const configurations = await readConfigurations(cidConfig, serverId!);
      const text = JSON.stringify(configurations);
      if (text === this.#last) return;
      this.#onChange(configurations);
      this.#last = text;
      print("Using the changed configuration of connection IDs");
    } catch (error) {
      report(`${(error as Error).message}; the old one stays`);
    }
  }
}

function readConfiguration(
  path: string,
  entry: unknown,
  serverId: Uint8Array,
): BalancerConfiguration {
  const { id, key, nonceLength, serverIdLength, ...others } = (entry ?? {}) as Record<
    string,
    unknown
  >;
  const [unknown] = Object.keys(others);
  const refuse = (why: string) => new Failure(`Cannot use ${path}: ${why}`);
  if (unknown !== undefined) throw refuse(`there is no "${unknown}" in a configuration`);
  if (typeof id !== "number" || typeof nonceLength !== "number") {
    throw refuse("each configuration needs the numbers id and nonceLength");
  }
  if (serverIdLength !== serverId.length) {
    throw refuse(
      `serverIdLength is ${serverIdLength}, and --server-id has ${serverId.length} bytes`,
    );
  }
  if (key === undefined) return { id, serverId, nonceLength };
  if (typeof key === "string" && /^[\da-fA-F]{32}$/.test(key)) {
    return { id, serverId, nonceLength, key: Uint8Array.fromHex(key) };
  }
  throw refuse("key must be 32 hexadecimal digits");
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new Failure(`Cannot read ${what} ${path}: ${whyNot(error, "there is no such file")}`);
  }
}
