// An access key as a person types it, or as a pipe brings it: the id on one line, the secret on the next. The secret is not shown, and is in no
// argument and no history of a shell.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { AccessKey } from '../offsite/keychain.js'

type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean }

export async function askForKey(input: Input = process.stdin, output: Writable = process.stderr): Promise<AccessKey> {
  const isTyped = input.isTTY === true
  const say = (text: string): void => {
    if (isTyped) output.write(text)
  }
  let isSecret = false
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!isSecret) output.write(chunk as Buffer)
      done()
    },
  })
  const lines = createInterface({ input, terminal: isTyped, ...(isTyped ? { output: echo } : {}) })
  const answers: string[] = []
  say('Access key id: ')
  await new Promise<void>((resolve) => {
    // At once, not when it is somebody's turn: both lines may have been pasted together.
    lines.on('line', (line) => {
      answers.push(line.trim())
      isSecret = true
      if (answers.length === 2) resolve()
      else say('Secret (is not shown): ')
    })
    lines.once('close', resolve)
  })
  lines.close()
  say('\n')
  const [accessKeyId = '', secretAccessKey = ''] = answers
  return { accessKeyId, secretAccessKey }
}
