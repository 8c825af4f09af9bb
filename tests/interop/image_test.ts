import assert from "node:assert/strict";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname!, "../..");
const dockerfile = Deno.readTextFileSync(join(root, "tests/interop/Dockerfile"));
const script = Deno.readTextFileSync(join(root, "tests/interop/run_endpoint.sh"));

/** Lays out in a folder what the Dockerfile copies from the repository into the image. */
async function layOut(folder: string): Promise<void> {
  let cwd = "/";
  for (const line of dockerfile.split("\n")) {
    const [word, ...rest] = line.split(/\s+/);
    if (word === "WORKDIR") cwd = rest[0]!;
    if (word !== "COPY" || rest[0]!.startsWith("--from=")) continue;
    const to = rest.pop()!;
    for (const from of rest) {
      const target = join(folder, to.startsWith("/") ? to : join(cwd, to));
      const source = join(root, from);
      const isFolder = (await Deno.stat(source)).isDirectory;
      await copy(source, isFolder || !to.endsWith("/") ? target : join(target, from));
    }
  }
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for (const { name } of Deno.readDirSync(from)) await copy(join(from, name), join(to, name));
}

Deno.test("The interop image has the version of Deno that the project is made for", () => {
  const version = /denoland\/deno:bin-(\S+)/.exec(dockerfile)?.[1];
  const ci = Deno.readTextFileSync(join(root, ".ci/run"));
  assert.equal(version, /^version=(.*)$/m.exec(ci)?.[1]);
});

Deno.test("The interop image has everything that its endpoint needs, and nothing is downloaded", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await layOut(folder);
    assert.equal(await Deno.readTextFile(join(folder, "run_endpoint.sh")), script);
    const [, command] = /^exec deno (.*)$/m.exec(script)!;
    const args = command!.split(" ").map((word) => word.startsWith("/") ? folder + word : word);
    for (
      const [role, testCase, code] of [["client", "no-such-case", 127], ["client", "http3", 1]]
    ) {
      const { code: status, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        cwd: folder,
        env: { ROLE: String(role), TESTCASE: String(testCase), REQUESTS: "" },
        stdout: "null",
      }).output();
      const said = new TextDecoder().decode(stderr);
      assert.equal(status, code, said);
      assert.match(said, code === 1 ? /REQUESTS names no files/ : /^$/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
