// The text of an answer. A list of a hundred thousand findings takes a tenth of a second to write down; whoever asks something else meanwhile
// is answered in between.
import { setImmediate as turn } from 'node:timers/promises'
import { success, type RequestId } from '../../shared/rpc.js'

/** Entries of a list that are written down at once: a millisecond or two. */
const AT_ONCE = 2_000

/** @returns the same as `JSON.stringify(success(id, result))` */
export async function answerText(id: RequestId, result: unknown): Promise<string> {
  if (!hasLongList(result)) return JSON.stringify(success(id, result))
  const members: string[] = []
  for (const [name, value] of Object.entries(result)) {
    const text = Array.isArray(value) ? await listText(value) : (JSON.stringify(value) as string | undefined)
    if (text !== undefined) members.push(`${JSON.stringify(name)}:${text}`)
  }
  const around = JSON.stringify(success(id, {}))
  return `${around.slice(0, -EMPTY_END.length)}{${members.join(',')}}}`
}

const EMPTY_END = '{}}'

function hasLongList(result: unknown): result is object {
  return (
    typeof result === 'object' &&
    result !== null &&
    Object.values(result).some((value) => Array.isArray(value) && value.length > AT_ONCE)
  )
}

async function listText(list: readonly unknown[]): Promise<string> {
  const parts: string[] = []
  for (let at = 0; at < list.length; at += AT_ONCE) {
    parts.push(JSON.stringify(list.slice(at, at + AT_ONCE)).slice(1, -1))
    if (at + AT_ONCE < list.length) await turn()
  }
  return `[${parts.join(',')}]`
}
