// The program: parse, call, print, and end with the right exit code.
import { runCommandLine } from './cli/cli.js'
import { outliveReaders } from './cli/output.js'

outliveReaders()
process.exitCode = await runCommandLine(process.argv.slice(2))
