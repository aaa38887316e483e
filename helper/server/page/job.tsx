// Work that is started from the page: what it would do is shown first, then it runs in view, then it says what came of it. One dialog for
// all of them; the browser keeps the focus inside it and gives it back afterwards.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ComponentChildren } from 'preact'
import type { Finding, Outcome } from '../../../shared/methods.js'
import { nameOf } from './place-name.js'
import { Bar, Lines, Sign } from './parts.js'
import { wordsOfFailure, type Progress, type Store } from './state.js'
import type { CallOptions } from './wire.js'

export interface Job {
  readonly title: string
  /** What it is for, in a sentence. */
  readonly about: string
  /** On the button that begins it. */
  readonly verb: string
  /** Says what would be done, and does nothing. */
  readonly plan?: (options: CallOptions) => Promise<Plan>
  readonly run: (
    options: CallOptions,
  ) => Promise<Outcome & { readonly findings?: readonly Finding[]; readonly warnings?: readonly string[] }>
}

export interface Plan {
  readonly summary: string
  readonly lines: readonly string[]
  /** Whether there is anything to do. */
  readonly isWork: boolean
}

type Stage =
  | { readonly kind: 'planning' }
  | { readonly kind: 'planned'; readonly plan: Plan }
  | { readonly kind: 'running'; readonly progress?: Progress }
  | { readonly kind: 'done'; readonly ok: boolean; readonly summary: string; readonly lines: readonly string[] }
  | { readonly kind: 'failed'; readonly why: string; readonly remedy: string }

const LINES_SHOWN = 30

export function JobDialog({ store, job, onClose }: { store: Store; job: Job; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const stopper = useRef(new AbortController())
  const [stage, setStage] = useState<Stage>(job.plan ? { kind: 'planning' } : { kind: 'planned', plan: NO_PLAN })

  useEffect(() => {
    dialog.current?.showModal()
    const { plan } = job
    if (plan)
      plan({ signal: stopper.current.signal }).then(
        (planned) => setStage({ kind: 'planned', plan: planned }),
        (error: unknown) => setStage({ kind: 'failed', ...wordsOfFailure(error) }),
      )
    const { current } = stopper
    return () => current.abort()
  }, [job])

  const begin = (): void => {
    setStage({ kind: 'running' })
    const onProgress = (progress: Progress): void => setStage({ kind: 'running', progress })
    job
      .run({ signal: stopper.current.signal, onProgress })
      .then(
        ({ ok, summary, findings = [], warnings = [] }) =>
          setStage({ kind: 'done', ok, summary, lines: [...findings.map(findingLine), ...warnings] }),
        (error: unknown) => setStage({ kind: 'failed', ...wordsOfFailure(error) }),
      )
      .finally(() => store.renew())
  }

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="job-title" onClose={onClose}>
      <h2 id="job-title">{job.title}</h2>
      <p class="quiet">{job.about}</p>
      <div aria-live="polite">
        <StageView stage={stage} title={job.title} />
      </div>
      <div class="buttons">
        {stage.kind === 'planned' && stage.plan.isWork && (
          <button type="button" class="button main" onClick={begin}>
            {job.verb}
          </button>
        )}
        {stage.kind === 'running' ? (
          <button type="button" class="button" onClick={() => stopper.current.abort()}>
            Stop
          </button>
        ) : (
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {stage.kind === 'done' || stage.kind === 'failed' ? 'Close' : 'Not now'}
          </button>
        )}
      </div>
    </dialog>
  )
}

const NO_PLAN: Plan = { summary: '', lines: [], isWork: true }

function StageView({ stage, title }: { stage: Stage; title: string }): ComponentChildren {
  switch (stage.kind) {
    case 'planning':
      return <p>Looking at what there is to do …</p>
    case 'planned':
      return (
        <>
          <p>{stage.plan.summary}</p>
          <Lines lines={cut(stage.plan.lines)} />
        </>
      )
    case 'running':
      return stage.progress === undefined ? <p>Beginning …</p> : <Bar progress={stage.progress} label={title} />
    case 'done':
      return (
        <>
          <p class="verdict-line">
            <Sign tone={stage.ok ? 'good' : 'care'} label={stage.ok ? 'done' : 'needs attention'} /> {stage.summary}
          </p>
          <Lines lines={cut(stage.lines)} />
        </>
      )
    case 'failed':
      return (
        <p class="note note-bad">
          {stage.why} {stage.remedy}
        </p>
      )
  }
}

function findingLine({ kind, place, shoot, file, message }: Finding): string {
  const what = [shoot, file].filter((part) => part !== '').join('/')
  const where = place === '' ? '' : ` (${nameOf(place)})`
  return `${what}${where}: ${message === '' ? kind : message}`
}

function cut(lines: readonly string[]): readonly string[] {
  const shown = [...new Set(lines)].slice(0, LINES_SHOWN)
  return lines.length > shown.length ? [...shown, `… and ${lines.length - shown.length} more`] : shown
}
