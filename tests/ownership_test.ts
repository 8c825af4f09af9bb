import assert from "node:assert/strict";
import { join } from "node:path";
import ts from "typescript";

/*
 * The owner of a state changes it; others call its verbs. Language and linter do not know of files,
 * so the types are asked: which fields of a class does code outside of the class's file assign?
 */

/** Records: they are filled by their makers, field by field, and have no state to keep. */
const RECORDS = ["TransportParameters", "BuiltPacket", "LoggedHeader", "SentPacket", "AckFrame"];

const root = join(import.meta.dirname!, "..");

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? filesBelow(path) : name.endsWith(".ts") ? [path] : [];
  });
}

/** What a node assigns to, if it does. */
function targetOf(node: ts.Node): ts.Node | undefined {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return assigns ? node.left : undefined;
  }
  const isUnary = ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node);
  if (!isUnary) return undefined;
  const { operator } = node;
  const counts = operator === ts.SyntaxKind.PlusPlusToken ||
    operator === ts.SyntaxKind.MinusMinusToken;
  return counts ? node.operand : undefined;
}

const program = ts.createProgram(filesBelow(join(root, "src")), {
  allowImportingTsExtensions: true,
  noEmit: true,
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  skipLibCheck: true,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  types: [],
});
const ownSources = program.getSourceFiles()
  .filter(({ fileName }) => fileName.startsWith(join(root, "src")));

/** Assignments to fields of classes of other files, as "Class.field at file:line". */
function foreignWrites(): string[] {
  const checker = program.getTypeChecker();
  const found: string[] = [];
  for (const source of ownSources) {
    const visit = (node: ts.Node): void => {
      const target = targetOf(node);
      if (target !== undefined && ts.isPropertyAccessExpression(target)) {
        const field = checker.getSymbolAtLocation(target.name)?.declarations?.[0];
        const owner = field?.parent;
        const isField = field && ts.isPropertyDeclaration(field) && owner &&
          ts.isClassDeclaration(owner);
        // A subclass owns what it inherits.
        const isOwn = target.expression.kind === ts.SyntaxKind.ThisKeyword;
        if (isField && !isOwn && field.getSourceFile() !== source) {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart());
          const path = source.fileName.slice(root.length + 1);
          found.push(`${owner.name!.text}.${target.name.text} at ${path}:${line + 1}`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

Deno.test("nothing changes the state of a class of another file", () => {
  const written = foreignWrites();
  const found = written.filter((text) => !RECORDS.includes(text.split(".")[0]!));
  assert.ok(written.length > found.length, "records are written to, so something is looked at");
  assert.deepEqual(found.sort(), [], "call a verb of the owner instead");
});

Deno.test("every field has its value when its object is made", () => {
  const files = filesBelow(join(root, "src"));
  assert.ok(files.length > 300, "something is looked at");
  const found: string[] = [];
  for (const file of files) {
    const source = ts.createSourceFile(file, Deno.readTextFileSync(file), ts.ScriptTarget.ESNext);
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyDeclaration(node) && node.exclamationToken !== undefined) {
        found.push(`${file.slice(root.length + 1)}: ${node.name.getText(source)}!`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  assert.deepEqual(found, []);
});

/** A class with more members that others can name is two. */
const MOST_MEMBERS = 25;
/** Classes with more, and how many they have: the numbers may only fall. */
const LARGE: Record<string, number> = {
  // The view that a scheduler gets is the path itself, so that nothing is copied for each packet.
  Path: 52,
  NetworkPath: 47,
  // A visitor has one method for each frame.
  FrameRouter: 38,
  StreamSet: 36,
  Connection: 34,
  BbrModel: 33,
  MultipathConnection: 33,
  // One method for each event of the standard.
  Qlog: 32,
  SendHalf: 31,
  PathSet: 30,
  PacketSpace: 27,
  // Records.
  TransportParameters: 26,
  SentPacket: 26,
};

/** How many members of a class others can name. */
function membersOf(declaration: ts.ClassDeclaration, source: ts.SourceFile): number {
  const names = new Set<string>();
  for (const member of declaration.members) {
    const name = member.name?.getText(source);
    const isPrivate = ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private;
    if (name !== undefined && !name.startsWith("#") && !isPrivate) names.add(name);
  }
  return names.size;
}

Deno.test(`no class has more than ${MOST_MEMBERS} members that others can name`, () => {
  const largest = new Map<string, number>();
  for (const file of filesBelow(join(root, "src"))) {
    const source = ts.createSourceFile(file, Deno.readTextFileSync(file), ts.ScriptTarget.ESNext);
    const visit = (node: ts.Node): void => {
      if (ts.isClassDeclaration(node) && node.name !== undefined) {
        const name = node.name.text;
        largest.set(name, Math.max(largest.get(name) ?? 0, membersOf(node, source)));
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  const found = [...largest].filter(([name, count]) => count > (LARGE[name] ?? MOST_MEMBERS));
  assert.deepEqual(found, [], "a noun of its own takes some of them");
  const done = Object.keys(LARGE).filter((name) => (largest.get(name) ?? 0) <= MOST_MEMBERS);
  assert.deepEqual(done, [], "the list names only classes that are too large");
});

/** Booleans of classes that are named otherwise; the number may only fall. */
const MOST_ADJECTIVES = 86;
/** How a name asks something. */
const QUESTION = /^#?(?:is|may|can|must|did|will|would|had|were|[a-z]+s)[A-Z]/;

/** The fields and getters of classes that are true or false, as "Class.name". */
function booleansOfClasses(): string[] {
  const checker = program.getTypeChecker();
  const found: string[] = [];
  for (const source of ownSources) {
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyDeclaration(node) || ts.isGetAccessorDeclaration(node)) {
        const { name, parent } = node;
        const type = checker.typeToString(checker.getTypeAtLocation(node));
        if (type === "boolean" && ts.isClassDeclaration(parent)) {
          found.push(`${parent.name?.text}.${name.getText(source)}`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

Deno.test("a boolean of a class asks something: isOpen, hasMarks", () => {
  const all = booleansOfClasses();
  const others = all.filter((name) => !QUESTION.test(name.split(".")[1]!));
  assert.ok(all.length > 200, `${all.length}`);
  const advice = `${others.length} of them do not:`;
  assert.ok(others.length <= MOST_ADJECTIVES, [advice, ...others.sort()].join("\n"));
});
