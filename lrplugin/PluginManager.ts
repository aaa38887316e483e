// The section in Lightroom's Plug-in Manager: is the helper there and what to do if not, drive and off-site state, versions, where the log is.
// Lightroom runs this file at every showing and builds the section outside any task, so it only binds values here and fills them in a task.
import { errorWords, linkWords, placeLine, verdictWords } from '../shared/words.js'
import { ask } from './ask.js'
import { isOwnBackupWanted, wantOwnBackup } from './own-backup.js'
import { container } from './say.js'
import { homeFolder } from './settings.js'
import { startSafelight } from './start.js'
import { sharedState } from './state.js'
import { inTask, now, sleep } from './tasks.js'
import { PLUGIN_VERSION } from './version.js'
import { watchLines } from './watch-words.js'

const LrView = lightroom('LrView')

const PATIENCE_SECONDS = 10

export = {
  sectionsForTopOfDialog: (f: LrViewFactory, properties: LrPropertyTable): unknown[] => {
    properties['safelightHelper'] = 'Looking for Safelight …'
    properties['safelightState'] = 'Not known yet.'
    properties['safelightVersions'] = `Plug-in ${PLUGIN_VERSION}`
    properties['safelightLog'] = `Settings: ${homeFolder()}`
    offerChoices(properties)
    startSafelight()
    inTask('Safelight: Plug-in Manager', () => fill(properties))
    return [section(f, properties)]
  },
}

function section(f: LrViewFactory, properties: LrPropertyTable): unknown {
  const line = (key: string, lines: number): LrViewNode =>
    f.static_text({ title: LrView.bind(key), width: 560, height_in_lines: lines })
  return container({ title: 'Safelight', synopsis: LrView.bind('safelightHelper'), bind_to_object: properties }, [
    line('safelightHelper', 4),
    line('safelightState', 8),
    line('safelightVersions', 2),
    line('safelightLog', 2),
    f.checkbox({
      title: 'Have Lightroom offer its own catalog backup every time it quits',
      value: LrView.bind('safelightOwnBackup'),
    }),
  ])
}

/** Kept as soon as it is chosen: this dialog has no other end that a crash could not prevent. */
function offerChoices(properties: LrPropertyTable): void {
  properties['safelightOwnBackup'] = isOwnBackupWanted()
  properties.addObserver('safelightOwnBackup', (_table, _key, isWanted) => wantOwnBackup(isWanted === true))
}

function fill(properties: LrPropertyTable): void {
  const state = sharedState()
  const since = now()
  while (state.session === undefined && now() - since < PATIENCE_SECONDS) sleep(0.25)
  const { session } = state
  if (session === undefined) {
    const words = linkWords(state.problem === undefined || state.problem === 'starting' ? 'no-bridge' : state.problem)
    properties['safelightHelper'] = `${words.headline} ${words.advice}`
    properties['safelightState'] = 'Not known, so nothing is shown as protected.'
    return
  }
  properties['safelightHelper'] = 'Safelight is running and connected.'
  properties['safelightVersions'] = versions(session.version)
  properties['safelightLog'] = `Logs: ${session.logs}`
  const answer = ask('status/get', {}, { silenceSeconds: 30 })
  properties['safelightState'] = answer.ok
    ? [
        `All photos together: ${verdictWords(answer.result.verdict)}. ${answer.result.summary}`,
        ...answer.result.places.map((place) => placeLine(place)),
        ...watchLines(),
      ].join('\n')
    : `Not known: ${errorWords(answer.error).headline}`
}

function versions(helper: string): string {
  const both = `Plug-in ${PLUGIN_VERSION}, Safelight ${helper}.`
  return helper === PLUGIN_VERSION ? both : `${both} They differ: run "safelight plugin install" and restart Lightroom.`
}
