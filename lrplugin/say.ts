// What the menus show: messages, a list to choose from, long texts, and progress that can be cancelled. Every menu script is not a task, and
// everything here waits, so menus begin with menuTask().
import type { Notifications } from '../shared/methods.js'
import { RPC_CODES, type RpcError } from '../shared/rpc.js'
import { countWords, errorWords, linkWords, sizeWords, type Words } from '../shared/words.js'
import { logWarning } from './log.js'
import { startSafelight } from './start.js'
import { sharedState } from './state.js'
import { attempt, inTask, now, sleep } from './tasks.js'

const LrDialogs = lightroom('LrDialogs')
const LrProgressScope = lightroom('LrProgressScope')
const LrView = lightroom('LrView')

/** A menu opened in the first moments after Lightroom's start waits this long for the connection before it says anything. */
const PATIENCE_SECONDS = 12

/** Runs a menu's work in a task, with a connection if one can be had; says why when there is none, and when the work fails. */
export function menuTask(title: string, work: (context: LrFunctionContext) => void): void {
  startSafelight()
  inTask(`Safelight: ${title}`, (context) => {
    waitForConnection()
    const problem = sharedState().session === undefined ? (sharedState().problem ?? 'no-bridge') : undefined
    if (problem !== undefined) {
      say(linkWords(problem), 'critical')
      return
    }
    const failure = attempt(() => work(context))
    if (failure === undefined) return
    logWarning(`${title}: ${failure}`)
    say(
      {
        headline: `"${title}" stopped because of a fault in the plug-in.`,
        advice: `Nothing was changed by it after that. For a report: ${failure}`,
      },
      'critical',
    )
  })
}

function waitForConnection(): void {
  const state = sharedState()
  const since = now()
  while (state.session === undefined && now() - since < PATIENCE_SECONDS) {
    if (state.problem !== undefined && !MAY_PASS.includes(state.problem)) return
    sleep(0.2)
  }
}

const MAY_PASS = ['starting', 'no-bridge', 'helper-down', 'no-answer']

export function say(words: Words, style: 'info' | 'warning' | 'critical' = 'info'): void {
  LrDialogs.message(words.headline, words.advice, style)
}

/** A helper that is silent is red: nothing is known, and nothing new is copied. */
export function sayError(error: RpcError): void {
  say(errorWords(error), error.code === RPC_CODES.HELPER_UNREACHABLE ? 'critical' : 'warning')
}

export function agree(words: Words, action: string): boolean {
  return LrDialogs.confirm(words.headline, words.advice, action, 'Cancel') === 'ok'
}

/** A text of many lines, in a window that scrolls. */
export function sayAtLength(title: string, headline: string, lines: readonly string[]): void {
  const f = LrView.osFactory()
  const text = f.static_text({ title: lines.join('\n'), width: 620, height_in_lines: Math.max(lines.length * 2, 4) })
  const contents = f.column(
    container({ spacing: 8 }, [
      f.static_text({ title: headline, font: '<system/bold>', width: 640, height_in_lines: 2 }),
      f.scrolled_view(container({ width: 660, height: 320, horizontal_scroller: false }, [text])),
    ]),
  )
  LrDialogs.presentModalDialog({ title, contents, actionVerb: 'OK', cancelVerb: '< exclude >', resizable: true })
}

/** Lightroom's containers take properties by name and children by number, in one table. */
export function container(properties: Record<string, unknown>, children: readonly LrViewNode[]): LrViewProperties {
  const table: Record<string | number, unknown> = { ...properties }
  children.forEach((child, index) => {
    table[index + 1] = child
  })
  return table
}

/** @noSelf */
export interface Progress {
  readonly isCanceled: () => boolean
  readonly onProgress: (progress: Notifications['job/progress']) => void
  readonly step: (done: number, total: number, caption: string) => void
}

/** Shows Lightroom's progress bar, with its cancel button, while the work runs; it goes away however the work ends. */
export function withProgress(title: string, context: LrFunctionContext, work: (progress: Progress) => void): void {
  const scope = LrProgressScope({ title, functionContext: context })
  scope.setCancelable(true)
  scope.setIndeterminate()
  const problem = attempt(() =>
    work({
      isCanceled: () => scope.isCanceled(),
      onProgress: (progress) => {
        scope.setPortionComplete(progress.filesDone, Math.max(progress.filesTotal, 1))
        scope.setCaption(progressCaption(progress))
      },
      step: (done, total, caption) => {
        scope.setPortionComplete(done, Math.max(total, 1))
        scope.setCaption(caption)
      },
    }),
  )
  scope.done()
  // Lua throws strings; whoever called shows it.
  if (problem !== undefined) throw problem
}

function progressCaption({ stage, filesDone, filesTotal, bytesDone }: Notifications['job/progress']): string {
  const total = filesTotal > 0 ? ` of ${filesTotal}` : ''
  return `${stage}: ${filesTotal > 0 ? filesDone : countWords(filesDone, 'file')}${total} (${sizeWords(bytesDone)})`
}
