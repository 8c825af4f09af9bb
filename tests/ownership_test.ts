import assert from "node:assert/strict";
import { join } from "node:path";
import ts from "typescript";

/*
 * The owner of a state changes it; others call its verbs. Language and linter do not know of files,
 * so the types are asked: which fields of a class does code outside of the class's file assign?
 */

/** Records: they are filled by their makers, field by field, and have no state to keep. */
const RECORDS = ["TransportParameters", "BuiltPacket", "LoggedHeader", "SentPacket", "AckFrame"];
/** What is left to be mended; the number may only fall. */
const MOST = 70;

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

/** Assignments to fields of classes of other files, as "Class.field at file:line". */
function foreignWrites(): string[] {
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
  const checker = program.getTypeChecker();
  const found: string[] = [];
  for (const source of program.getSourceFiles()) {
    if (!source.fileName.startsWith(join(root, "src"))) continue;
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
  return found.filter((text) => !RECORDS.includes(text.split(".")[0]!));
}

Deno.test(`no more than ${MOST} assignments change the state of another file's class`, () => {
  const found = foreignWrites();
  assert.ok(found.length > 0, "something is looked at");
  const advice = `${found.length} of them; call a verb of the owner instead:`;
  assert.ok(found.length <= MOST, [advice, ...found.sort()].join("\n"));
});
