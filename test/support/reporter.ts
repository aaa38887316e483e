// mocha's spec report; the counts of the run and what failed in reports/<name>.json, and the counts as the last line, for machines
// that read only numbers.
import { mkdirSync, writeFileSync } from 'node:fs'
import Mocha from 'mocha'

// Helpers that tests start must not talk to whoever sits before this computer.
process.env['SAFELIGHT_QUIET'] = '1'

class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const failed: { title: string; error: string }[] = []
    runner.on('fail', (test, error: Error) => {
      failed.push({ title: test.fullTitle(), error: error.stack ?? error.message })
    })
    runner.once('end', () => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {}
      const name = process.env['SAFELIGHT_REPORT'] ?? 'test'
      mkdirSync('reports', { recursive: true })
      writeFileSync(
        `reports/${name}.json`,
        `${JSON.stringify({ passed: passes, failed: failures, skipped: pending, failures: failed })}\n`,
      )
      console.log(`${passes} passed, ${failures} failed, ${pending} skipped`)
    })
  }
}

export default CountingReporter
