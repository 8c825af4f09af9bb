/** Where Chromium may be, best first. */
const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser's path, if there is one. */
export function findBrowser(): string | undefined {
  return PROGRAMS.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** A browser without a window, and with a profile of its own. */
export class Browser implements AsyncDisposable {
  readonly #program: string;
  readonly #profile: string;
  readonly #flags: readonly string[];

  /**
   * @param origin Host and port that are spoken to over QUIC at once.
   * @param spkiHash SHA-256 of the server's public key in Base64, which makes it trusted.
   */
  constructor(program: string, origin: string, spkiHash: string) {
    this.#program = program;
    this.#profile = Deno.makeTempDirSync({ prefix: "mpquic-browser-" });
    this.#flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      // Otherwise it may prefer ::1, where no server listens.
      "--host-resolver-rules=MAP localhost 127.0.0.1",
      `--origin-to-force-quic-on=${origin}`,
      `--ignore-certificate-errors-spki-list=${spkiHash}`,
      `--user-data-dir=${this.#profile}`,
    ];
  }

  /** Opens a page and keeps it open until `done` settles. */
  async visit<T>(url: string, done: Promise<T>): Promise<T> {
    const process = new Deno.Command(this.#program, {
      args: [...this.#flags, "--remote-debugging-port=0", url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ended = process.status.then(({ code }) => {
      throw new Error(`the browser ended by itself, with code ${code}`);
    });
    try {
      return await Promise.race([done, ended]);
    } finally {
      ended.catch(() => {});
      process.kill("SIGTERM");
      await process.status;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeProfile(this.#profile);
  }
}

/** Removes what a browser has left behind; its children may still write for a moment. */
export async function removeProfile(path: string): Promise<void> {
  for (let i = 0; i < 20; i++) {
    try {
      return await Deno.remove(path, { recursive: true });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
