// What to do next, as this page can help with it: the helper's own sentences, with the command at their end turned into a button where there
// is something here that does the same.
import type { StatusResult } from '../../../shared/methods.js'

export interface Next {
  readonly text: string
  /** As it would be typed; shown where no button does it. */
  readonly command?: string
  readonly button?: string
  readonly act?: 'set-up' | 'heal' | 'verify'
}

const BUTTONS: readonly (readonly [RegExp, Pick<Next, 'act' | 'button'>])[] = [
  [/^safelight heal\b/, { act: 'heal', button: 'Show what would be healed' }],
  [/^safelight verify\b/, { act: 'verify', button: 'Verify now' }],
  [/^safelight place add\b/, { act: 'set-up', button: 'Add a place' }],
]

export function nextSteps({ next = [] }: StatusResult): Next[] {
  return next.map((sentence) => {
    const [, text = sentence, command] = /^(.*?)[:,]?\s*(safelight [a-z].*)$/s.exec(sentence) ?? []
    if (command === undefined) return { text: ended(sentence) }
    const button = BUTTONS.find(([pattern]) => pattern.test(command))?.[1]
    return { text: ended(text), ...(button ?? { command }) }
  })
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
