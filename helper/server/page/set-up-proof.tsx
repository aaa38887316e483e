// The end of the set-up: the live proof, step by step as it happens, and the recovery sheet.
import { useState } from 'preact/hooks'
import type { Result } from '../../../shared/methods.js'
import { Sign, Waiting } from './parts.js'
import { useAnswer, valueOf, wordsOfFailure, type Store } from './state.js'

type Proven = Result<'setup/prove'>

export function SetUpProof({ store, path, name }: { store: Store; path: string; name: string }) {
  const [titles, setTitles] = useState<readonly string[]>([])
  const [proven, setProven] = useState<Proven>()
  const [failure, setFailure] = useState('')
  const [isRunning, setRunning] = useState(false)
  const run = (): void => {
    setRunning(true)
    setTitles([])
    setProven(undefined)
    setFailure('')
    const onProgress = ({ stage }: { stage: string }): void =>
      setTitles((before) => (before.includes(stage) ? before : [...before, stage]))
    store.wire
      .call('setup/prove', { path }, { onProgress })
      .then(setProven, (error: unknown) => {
        const { why, remedy } = wordsOfFailure(error)
        setFailure(`${why} ${remedy}`)
      })
      .finally(() => setRunning(false))
  }
  const steps = proven?.steps ?? titles.map((title) => ({ title, ok: true, detail: '' }))
  return (
    <section aria-labelledby="live-proof">
      <h2 id="live-proof">See it work on {name}</h2>
      <p class="quiet">
        A sample is copied, one bit of its copy is flipped, the damage is found, healed, and a lost original comes back.
        In a scratch folder of its own, in less than a minute; your photos are not touched.
      </p>
      <ol class="proof-steps" aria-live="polite">
        {steps.map(({ title, ok, detail }) => (
          <li key={title}>
            <Sign tone={ok ? 'good' : 'bad'} label={ok ? 'done' : 'failed'} />
            <span>
              {title}
              {detail === '' ? '' : `: ${detail}`}
            </span>
          </li>
        ))}
      </ol>
      {proven && <p class={`note ${proven.ok ? 'note-good' : 'note-bad'}`}>{proven.summary}</p>}
      {failure !== '' && <p class="note note-bad">{failure}</p>}
      <div class="buttons">
        <button type="button" class="button main" disabled={isRunning} onClick={run}>
          {isRunning ? 'Proving …' : 'Prove it now'}
        </button>
      </div>
    </section>
  )
}

export function Sheet({ store }: { store: Store }) {
  const asked = useAnswer(store, 'sheet', () => store.wire.call('setup/sheet', {}))
  const sheet = valueOf(asked)
  return (
    <section aria-labelledby="sheet">
      <h2 id="sheet">The sheet for the day this computer is gone</h2>
      <p class="quiet">Print it and keep it elsewhere. No secret stands on it.</p>
      <Waiting asked={asked} what="the sheet" />
      {sheet && <pre class="sheet">{sheet.text}</pre>}
      <div class="buttons no-print">
        <button type="button" class="button" onClick={() => globalThis.print()}>
          Print the sheet
        </button>
      </div>
    </section>
  )
}
