// A program that makes one run of a scenario and is killed before the call of a given number. It prints how many calls there were when it
// was not.
import { FaultSet } from '../../support/faults.js'
import { actOn, SCENARIOS, worldAt } from './scenarios.js'

const [root = '', name = '', killAt = '0'] = process.argv.slice(2)
const scenario = SCENARIOS.find((each) => each.name === name)
if (!scenario) throw new Error(`no scenario is called ${name}`)
const world = worldAt(root)
const faults = new FaultSet([], { killAt: Number(killAt) })
const { exitCode, summary } = await scenario.run(world, { ...actOn(world), faults })
process.stdout.write(JSON.stringify({ calls: faults.calls, exitCode, summary }))
