// What the watch knows, in sentences for the status and the Plug-in Manager: what waits, and what could not be handed over.
import { countWords } from '../shared/words.js'
import { sharedState } from './state.js'

export function watchLines(): string[] {
  const { watch } = sharedState()
  const lines: string[] = []
  if (watch.lastScanAt === undefined) lines.push('This catalog has not been looked through yet in this session.')
  else if (watch.waiting > 0)
    lines.push(`${countWords(watch.waiting, 'photo')} of this catalog not handed to Safelight yet.`)
  if (watch.refusedCount > 0) {
    lines.push(
      `${countWords(watch.refusedCount, 'photo')} could not be taken and ${watch.refusedCount === 1 ? 'is' : 'are'} not protected:`,
    )
    for (const sentence of watch.refused) lines.push(`• ${sentence}`)
  }
  return lines
}
