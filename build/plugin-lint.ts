// What TypeScript allows and Lightroom's Lua does not, found in the syntax tree before anything is translated. Types and the translator's
// own refusals (regular expressions, bit operators) are found elsewhere; here are the ones that would compile and fail on the photographer.
import path from 'node:path'
import ts from 'typescript'

/** @returns one line per finding, `file:line: what and what to do instead` */
export function lintPluginSources(files: readonly ts.SourceFile[], root: string): string[] {
  return files.flatMap((file) => lintFile(file, root))
}

function lintFile(file: ts.SourceFile, root: string): string[] {
  const findings: string[] = []
  const visit = (node: ts.Node): void => {
    const what = whatIsWrong(node, path.basename(file.fileName))
    if (what !== undefined) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
      findings.push(`${path.relative(root, file.fileName)}:${line + 1}: ${what}`)
    }
    node.forEachChild(visit)
  }
  visit(file)
  return findings
}

function whatIsWrong(node: ts.Node, fileName: string): string | undefined {
  if (ts.isTryStatement(node))
    return 'try becomes pcall, across which nothing may yield; use attempt() from lrplugin/tasks.ts'
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text.endsWith('Error'))
    return 'Error calls debug.traceback, which Lightroom lacks; return an outcome or throw a string'
  if (ts.isClassLike(node) && node.heritageClauses?.some((clause) => clause.getText().endsWith('Error')))
    return 'Error calls debug.traceback, which Lightroom lacks; return an outcome or throw a string'
  if (ts.isAwaitExpression(node) || hasModifier(node, ts.SyntaxKind.AsyncKeyword))
    return 'async needs coroutine.create, which Lightroom lacks; use a task'
  if (
    ts.isYieldExpression(node) ||
    ((ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node)) && node.asteriskToken)
  )
    return 'generators need coroutine.create, which Lightroom lacks; use a loop or a callback'
  if (ts.isRegularExpressionLiteral(node)) return 'Lua has no regular expressions; use plain string methods'
  if (ts.isGetAccessor(node) || ts.isSetAccessor(node))
    return 'an accessor is a metamethod, in which nothing may yield; use a function'
  if (
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    PROTECTED_CALLS.includes(node.expression.text) &&
    fileName !== WHERE_NOTHING_YIELDS
  )
    return `nothing may yield across ${node.expression.text}; use attempt() from lrplugin/tasks.ts`
  return undefined
}

/** At exit nothing may yield at all, so there a plain pcall is right. */
const WHERE_NOTHING_YIELDS = 'Shutdown.ts'
const PROTECTED_CALLS = ['pcall', 'xpcall']

function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false)
}
