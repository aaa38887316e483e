// The program: parse, call, print, and end with the right exit code.
import { runCommandLine } from './cli/cli.js'
import { outliveReaders } from './cli/output.js'
import { postponeOptimizing } from './tier-up.js'
import { endIfStuck } from './unheld-exit.js'

postponeOptimizing()
outliveReaders()
// Should nothing be left to wait for and yet no answer be there, that is no success.
process.exitCode = 1
void runCommandLine(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode
  endIfStuck()
})
