// A stand-in for running tools of another system: answers a command line with what such a machine has said, and fails like a missing
// tool for every other.
import type { Asking, RunCommand } from '../../../helper/files/volumes/systems.js'

export function capturedAsking(answers: Readonly<Record<string, string>>, isReadOnly = false): Asking {
  const run = capturedRun(answers)
  return { run, remembered: () => run, isReadOnly: () => isReadOnly }
}

function capturedRun(answers: Readonly<Record<string, string>>): RunCommand {
  return (file, args) => {
    const answer = answers[[file, ...args].join(' ')]
    return answer === undefined ? Promise.reject(new Error(`spawn ${file} ENOENT`)) : Promise.resolve(answer)
  }
}
