// The golden transcript: what goes over the wire, line by line, as docs/protocol.md shows it. "→" is the client, "←" the helper.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { openServer } from './support.js'
import { ROOMS } from './transcript-rooms.js'
import { parseEnvelope } from '../../shared/rpc.js'

/** Found from the project's root, where the tests run; the compiler copies no text files. */
export const TRANSCRIPT = path.join('test', 'server', 'transcript.txt')

export function readTranscript(): string[] {
  return linesOf(readFileSync(TRANSCRIPT, 'utf8'))
}

/** The lines that are spoken; the others are comments. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => /^[→←] /u.test(line))
}

/** Says every "→" line to a real server, one after the other, and notes all that was said by both. */
export async function replay(lines: readonly string[]): Promise<string[]> {
  const spoken: string[] = []
  const test = await openServer(ROOMS, {
    home: '/Users/ansel/Library/Application Support/Safelight',
    logs: '/Users/ansel/Library/Application Support/Safelight/logs',
  })
  try {
    const socket = await test.socket()
    let wake: () => void = () => undefined
    let answers = 0
    socket.on('message', (data) => {
      const text = (data as Buffer).toString('utf8')
      spoken.push(`← ${text}`)
      if (parseEnvelope(JSON.parse(text)).kind !== 'notification') answers += 1
      wake()
    })
    let expected = 0
    for (const line of lines.filter((each) => each.startsWith('→'))) {
      const text = line.slice(2)
      spoken.push(line)
      if (!isNotification(text)) expected += 1
      socket.send(text)
      while (answers < expected) await new Promise<void>((resolve) => (wake = resolve))
    }
    return spoken
  } finally {
    await test.close()
  }
}

function isNotification(text: string): boolean {
  return text.startsWith('{') && parseEnvelope(JSON.parse(text)).kind === 'notification'
}
