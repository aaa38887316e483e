// "Restore a Shoot…": choose a shoot, see what would come back from where, agree, wait, and find the files where the catalog expects them.
// Lightroom finds files again by itself where it knows them; only those it does not know are added to the catalog, one write gate each.
import type { RestoreResult, Shoot } from '../shared/methods.js'
import { countWords, findingLines, restorePlanWords, shootLine } from '../shared/words.js'
import { ask } from './ask.js'
import { agree, container, menuTask, say, sayAtLength, sayError, withProgress, type Progress } from './say.js'
import { sharedState } from './state.js'
import { attempt, giveWay } from './tasks.js'
import { lookSoon } from './watch.js'

const LrApplication = lightroom('LrApplication')
const LrBinding = lightroom('LrBinding')
const LrDialogs = lightroom('LrDialogs')
const LrView = lightroom('LrView')

/** How long adding one photo waits for Lightroom's own work on the catalog. */
const GATE_SECONDS = 30
const SHOWN = 500

menuTask('Restore a Shoot', (context) => {
  const listed = ask('shoots/list', {}, { silenceSeconds: 60 })
  if (!listed.ok) {
    sayError(listed.error)
    return
  }
  const { shoots } = listed.result
  if (shoots.length === 0) {
    say({
      headline: 'Safelight knows no shoot yet.',
      advice: 'Shoots appear here as soon as they have been imported and copied.',
    })
    return
  }
  const shoot = chooseShoot(context, shoots)
  if (shoot === undefined) return
  const plan = ask('restore/plan', { shoot }, { silenceSeconds: 120 })
  if (!plan.ok) {
    sayError(plan.error)
    return
  }
  const words = restorePlanWords(plan.result)
  if (plan.result.missing === 0) say(words)
  else if (agree(words, 'Restore')) restore(context, shoot)
})

/** @returns the id of the shoot that was chosen */
function chooseShoot(context: LrFunctionContext, shoots: readonly Shoot[]): string | undefined {
  const properties = LrBinding.makePropertyTable(context)
  properties['search'] = ''
  properties['items'] = listItems(shoots, '')
  properties['chosen'] = []
  // An observer runs inside the assignment: it may not wait, and it does not.
  properties.addObserver('search', (table, _key, text) => {
    table['items'] = listItems(shoots, typeof text === 'string' ? text : '')
    table['chosen'] = []
  })
  const f = LrView.osFactory()
  const contents = f.column(
    container({ spacing: 8, bind_to_object: properties }, [
      f.row(
        container({ spacing: 8 }, [
          f.static_text({ title: 'Search:' }),
          f.edit_field({ value: LrView.bind('search'), immediate: true, width: 540 }),
        ]),
      ),
      f.simple_list({
        items: LrView.bind('items'),
        value: LrView.bind('chosen'),
        allows_multiple_selection: false,
        width: 620,
        height: 320,
      }),
    ]),
  )
  const button = LrDialogs.presentModalDialog({
    title: 'Safelight: Restore a Shoot',
    contents,
    actionVerb: 'Show What Is Missing',
    cancelVerb: 'Cancel',
    resizable: true,
  })
  if (button !== 'ok') return undefined
  const chosen = (properties['chosen'] as readonly string[] | undefined)?.[0]
  if (chosen === undefined || chosen === '')
    say({ headline: 'No shoot was chosen.', advice: 'Choose one in the list, then go on.' })
  return chosen === '' ? undefined : chosen
}

function listItems(shoots: readonly Shoot[], search: string): { title: string; value: string }[] {
  const wanted = search.toLowerCase()
  const found = shoots.filter(({ id }) => wanted === '' || id.toLowerCase().includes(wanted))
  const items = found.slice(0, SHOWN).map((shoot) => ({ title: shootLine(shoot), value: shoot.id }))
  if (found.length > SHOWN) items.push({ title: `… and ${found.length - SHOWN} more: narrow the search`, value: '' })
  return items
}

function restore(context: LrFunctionContext, shoot: string): void {
  withProgress(`Safelight: restoring ${shoot}`, context, (progress) => {
    const { onProgress, isCanceled } = progress
    const answer = ask('restore/run', { shoot }, { silenceSeconds: 600, onProgress, isCanceled })
    if (!answer.ok) {
      sayError(answer.error)
      return
    }
    const problems = tellLightroom(answer.result, progress)
    lookSoon(sharedState())
    report(answer.result, problems)
  })
}

/** @returns sentences about files that are back on the disk and not in the catalog */
function tellLightroom(result: RestoreResult, progress: Progress): string[] {
  const catalog = LrApplication.activeCatalog()
  const problems: string[] = []
  result.restored.forEach((path, index) => {
    if (progress.isCanceled() || isSidecar(path)) return
    const problem = attempt(() => {
      if (catalog.findPhotoByPath(path) !== undefined) return
      const outcome = catalog.withWriteAccessDo('Safelight: add a restored photo', () => void catalog.addPhoto(path), {
        timeout: GATE_SECONDS,
      })
      if (outcome === 'aborted') problems.push(`${path}: Lightroom was busy; import it by hand.`)
    })
    if (problem !== undefined) problems.push(`${path}: is back on the disk, and Lightroom did not add it (${problem}).`)
    progress.step(index + 1, result.restored.length, `${index + 1} of ${countWords(result.restored.length, 'file')}`)
    giveWay()
  })
  return problems
}

/** Files that belong to a photo and are none themselves. */
const SIDECARS = ['.xmp', '.wav', '.thm', '.acr']

function isSidecar(path: string): boolean {
  return SIDECARS.includes(path.substring(path.length - 4).toLowerCase())
}

function report(result: RestoreResult, problems: readonly string[]): void {
  const headline = `${countWords(result.restored.length, 'file')} restored and verified.`
  if (problems.length === 0 && result.findings.length === 0) say({ headline, advice: result.summary })
  else
    sayAtLength('Safelight: Restore a Shoot', headline, [result.summary, ...findingLines(result.findings), ...problems])
}
