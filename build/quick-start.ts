// What the build puts at dist/helper/main.js: starts the program out of one file, together with the machine code that V8 made of it when it
// was built, instead of finding, reading and compiling some three hundred files each time. Where anything has been compiled since, or another
// Node refuses the code, the program starts from its parts, or compiles what it needs: only slower.
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { constants, Script } from 'node:vm'
import { postponeOptimizing } from '../helper/tier-up.js'

const here = import.meta.dirname
const bundle = path.join(here, 'program.bundle.cjs')
const machineCode = `${bundle}.cache`

/** Written by tsc whenever it has compiled something. */
const compiled = path.join(here, '..', '.tsbuildinfo')

if (isFresh()) runBundle()
else {
  // Not a name that gathers this file's own imports: it is found when it runs.
  const parts = './program.js'
  await import(parts)
}

function isFresh(): boolean {
  const made = statSync(bundle, { throwIfNoEntry: false })
  const since = statSync(compiled, { throwIfNoEntry: false })
  return made !== undefined && (since === undefined || since.mtimeMs <= made.mtimeMs)
}

function runBundle(): void {
  // Before compiling: the code is only fitting under the very same settings.
  postponeOptimizing()
  const cachedData = existsSync(machineCode) ? readFileSync(machineCode) : undefined
  const script = new Script(`(function (require, __filename) {${readFileSync(bundle, 'latin1')}\n})`, {
    filename: bundle,
    ...(cachedData === undefined ? {} : { cachedData }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const run = script.runInThisContext() as (require: NodeJS.Require, file: string) => void
  run(createRequire(bundle), bundle)
  // Asked for by the build alone, after a run that used most of it.
  if (process.env['SAFELIGHT_KEEP_MACHINE_CODE'] === '1')
    process.on('exit', () => {
      writeFileSync(`${machineCode}.new`, script.createCachedData())
      renameSync(`${machineCode}.new`, machineCode)
    })
}
