// "Protect Selected Photos Now": hands the selected photos to the helper without waiting for the watch. With nothing selected Lightroom would
// give the whole filmstrip as "target photos", so that is asked first and nothing is done.
import type { Result } from '../shared/methods.js'
import { countWords } from '../shared/words.js'
import { ask } from './ask.js'
import { inBatches, readPhotos, rootsOf } from './photos.js'
import { menuTask, say, sayAtLength, sayError, withProgress, type Progress } from './say.js'

const LrApplication = lightroom('LrApplication')

interface Tally {
  accepted: number
  readonly refused: string[]
  summary: string
  isStopped: boolean
}

menuTask('Protect Selected Photos', (context) => {
  const catalog = LrApplication.activeCatalog()
  if (catalog.getTargetPhoto() === undefined) {
    say({ headline: 'No photo is selected.', advice: 'Select the photos to protect, then choose this again.' })
    return
  }
  const selected = catalog.getTargetPhotos()
  const tally: Tally = { accepted: 0, refused: [], summary: '', isStopped: false }
  withProgress('Safelight: protecting photos', context, (progress) => handOver(catalog, selected, tally, progress))
  if (tally.isStopped) return
  report(selected.length, tally)
})

function handOver(catalog: LrCatalog, selected: readonly LrPhoto[], tally: Tally, progress: Progress): void {
  let done = 0
  for (const batch of inBatches(selected)) {
    if (progress.isCanceled()) {
      tally.isStopped = true
      say({
        headline: 'Stopped, as you asked.',
        advice: `${countWords(tally.accepted, 'photo')} had been handed to Safelight and will be protected.`,
      })
      return
    }
    const { photos, unsendable } = readPhotos(catalog, batch)
    tally.refused.push(...unsendable)
    if (photos.length > 0) {
      const answer = ask(
        'photos/protect',
        { catalog: catalog.getPath(), roots: rootsOf(catalog), photos },
        { silenceSeconds: 120, isCanceled: progress.isCanceled },
      )
      if (!answer.ok) {
        tally.isStopped = true
        sayError(answer.error)
        return
      }
      add(tally, answer.result)
    }
    done += batch.length
    progress.step(done, selected.length, `${done} of ${countWords(selected.length, 'photo')}`)
  }
}

function add(tally: Tally, result: Result<'photos/protect'>): void {
  tally.accepted += result.accepted
  tally.summary = result.summary
  for (const { path, why } of result.refused) tally.refused.push(`${path}: ${why}`)
}

function report(selected: number, { accepted, refused, summary }: Tally): void {
  const headline = `${accepted} of ${countWords(selected, 'selected photo')} handed to Safelight.`
  if (refused.length === 0) say({ headline, advice: summary })
  else
    sayAtLength('Safelight: Protect Selected Photos', headline, [
      summary,
      `Not taken, and not protected (${refused.length}):`,
      ...refused.slice(0, 200),
    ])
}
