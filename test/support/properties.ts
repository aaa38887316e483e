// Every property draws the same examples in every run, so that a red run can be repeated to the letter; SEED=n draws others.
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 1) })
