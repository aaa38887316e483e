// A program that makes one backup of a scenario's world and is killed before the call of a given number. It prints how many calls there were
// when it was not.
import { backup } from '../support/daemon.js'
import { FaultSet } from '../support/faults.js'
import { optionsFor, SCENARIOS, worldAt } from './scenarios.js'

const [root = '', name = '', killAt = '0', trace] = process.argv.slice(2)
const scenario = SCENARIOS.find((each) => each.name === name)
if (!scenario) throw new Error(`no scenario is called ${name}`)
const world = worldAt(root)
const faults = new FaultSet(scenario.faults, { killAt: Number(killAt), ...(trace === undefined ? {} : { trace }) })
const result = await backup({ ...optionsFor(world), faults }, [world.source], world.drives)
process.stdout.write(JSON.stringify({ calls: faults.calls, exitCode: result.exitCode, summary: result.summary }))
