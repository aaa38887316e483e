// A program that restores a shoot, answers as JSON, and then has to end by itself although a thread of it may be stuck in the system.
import { Daemon } from '../../helper/daemon.js'
import { endIfStuck } from '../../helper/unheld-exit.js'

const [home = '', shoot = ''] = process.argv.slice(2)
const daemon = await Daemon.open({ home, command: 'test', patienceMs: 6000 })
const context = { signal: new AbortController().signal, client: { kind: 'cli', version: 'test' } } as const
const answer = await daemon.handlers['restore/run']?.({ shoot }, { ...context, progress: () => undefined })
daemon.close()
process.stdout.write(JSON.stringify(answer))
endIfStuck()
