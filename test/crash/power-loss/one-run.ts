// A program that does one task in its world; what it asks of the disks is written down by record.ts, which is preloaded into it.
import { FaultSet } from '../../support/faults.js'
import { worldAt } from '../scenarios.js'
import { TASKS } from './tasks.js'

const [root = '', name = ''] = process.argv.slice(2)
const task = TASKS.find((each) => each.name === name)
if (!task) throw new Error(`no task is called ${name}`)
const deps = task.faults ? { faults: new FaultSet(task.faults) } : {}
const { exitCode } = await task.act(worldAt(root), deps)
process.stdout.write(String(exitCode))
