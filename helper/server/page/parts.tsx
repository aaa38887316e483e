// The few things that every view is made of: a section with its heading, a sign for a tone that does not speak by colour alone, a bar of
// progress, what to show while an answer is on its way or did not come.
import type { ComponentChildren } from 'preact'
import type { Asked, Progress } from './state.js'
import type { Tone } from '../../status/trust.js'
import { numberWords, sizeWords, spanWords } from './words.js'

export function Section(props: {
  readonly id: string
  readonly title: string
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}) {
  return (
    <section class="section" id={props.id} aria-labelledby={`${props.id}-title`}>
      <div class="section-head">
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  )
}

const SIGNS: Readonly<Record<Tone, { readonly path: string; readonly name: string }>> = {
  good: { path: 'M5 10.5l3.5 3.5L15 6.5', name: 'protected' },
  care: { path: 'M10 5v6M10 14.2v.1', name: 'needs attention' },
  bad: { path: 'M6 6l8 8M14 6l-8 8', name: 'at risk' },
  unsure: { path: 'M7.4 7.6a2.7 2.7 0 1 1 3.8 2.5c-.8.4-1.2.9-1.2 1.8M10 14.6v.1', name: 'not known' },
  plain: { path: 'M6 10h8', name: 'no verdict' },
}

/** A tick, an exclamation mark, a cross, a question mark: told apart without colour. */
export function Sign({ tone, label, size = 20 }: { tone: Tone; label?: string; size?: number }) {
  const { path, name } = SIGNS[tone]
  return (
    <svg
      class={`sign sign-${tone}`}
      width={size}
      height={size}
      viewBox="0 0 20 20"
      role="img"
      aria-label={label ?? name}
    >
      <circle cx="10" cy="10" r="9" />
      <path d={path} />
    </svg>
  )
}

export function Bar({ progress, label }: { progress: Progress; label: string }) {
  const { filesDone, filesTotal, bytesDone, bytesTotal, bytesPerSecond, secondsLeft } = progress
  const [done, all] = bytesTotal > 0 ? [bytesDone, bytesTotal] : [filesDone, filesTotal]
  const files = filesTotal > 0 ? [`${numberWords(filesDone)} of ${numberWords(filesTotal)} files`] : []
  const bytes = bytesTotal > 0 ? [`${sizeWords(bytesDone)} of ${sizeWords(bytesTotal)}`] : []
  const rate = bytesPerSecond > 0 ? [`${sizeWords(Math.round(bytesPerSecond))}/s`] : []
  const left = secondsLeft === undefined || bytesTotal === 0 ? [] : [`${spanWords(secondsLeft * 1000)} left`]
  return (
    <div class="bar">
      {all > 0 ? <progress value={done} max={all} aria-label={label} /> : <progress aria-label={label} />}
      <p class="quiet">{[...files, ...bytes, ...rate, ...left].join(' · ')}</p>
    </div>
  )
}

export function Waiting<T>({ asked, what }: { asked: Asked<T>; what: string }) {
  if (asked.kind === 'failed')
    return (
      <p class="note note-care" role="status">
        {asked.why} {asked.remedy}
      </p>
    )
  return asked.kind === 'asking' && asked.last === undefined ? <p class="quiet">Asking for {what} …</p> : null
}

export function Lines({ lines }: { lines: readonly string[] }) {
  return lines.length === 0 ? null : (
    <ul class="lines">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  )
}
