// The first screen: what is protected; what is not and why; what to do next; what is being worked on. In this order, because that is the
// order in which a photographer asks.
import type { ScoreDigit, StatusResult } from '../../../shared/methods.js'
import { Bar, Section, Sign } from './parts.js'
import type { Activity, Store } from './state.js'
import { coldRestoreWords } from '../../status/cold.js'
import { headlineOf, toneOf, type Trust } from '../../status/trust.js'
import { nextSteps, type Next } from './next-steps.js'
import { clockWords, dateWords, numberWords, spanWords, verdictWords } from './words.js'

const SHOWN = 12

export function Verdict({ trust, status }: { trust: Trust; status: StatusResult | undefined }) {
  const { tone, text } = headlineOf(trust, status, Date.now())
  return (
    <section class={`verdict verdict-${tone}`} aria-labelledby="verdict-title">
      <Sign tone={tone} size={56} />
      <div>
        <h1 id="verdict-title">{text}</h1>
        <p class="hidden" aria-live="polite">
          {text}
        </p>
        {trust.kind === 'silent' ? <Silence ageMs={trust.ageMs} /> : status && <p>{status.summary}</p>}
        {trust.kind !== 'silent' && status && <Counts status={status} />}
        {trust.kind !== 'silent' && <Score digits={status?.score ?? []} />}
      </div>
    </section>
  )
}

function Silence({ ageMs }: { ageMs: number | undefined }) {
  return (
    <>
      <p>
        {ageMs === undefined
          ? 'Nothing is known of your photos at this moment, and new ones are not being copied.'
          : `What stands below is ${spanWords(ageMs)} old and may no longer be true. New photos are not being copied.`}
      </p>
      <p>
        Start Safelight again with Lightroom or with <code>safelight open</code>. If it does not stay up,{' '}
        <code>safelight doctor</code> says why.
      </p>
    </>
  )
}

function Counts({ status }: { status: StatusResult }) {
  const { protected: safe, partly, atRisk, unknown } = status.shoots
  const counts = [
    { tone: 'good', count: safe, word: 'protected' },
    { tone: 'care', count: partly, word: 'partly' },
    { tone: 'bad', count: atRisk, word: 'at risk' },
    { tone: 'unsure', count: unknown, word: 'not known' },
  ] as const
  return (
    <ul class="counts">
      {counts
        .filter(({ count }) => count > 0)
        .map(({ tone, count, word }) => (
          <li key={word} class={`count count-${tone}`}>
            <b>{numberWords(count)}</b> {word}
          </li>
        ))}
      <li class="count quiet">as of {clockWords(status.asOf)}</li>
    </ul>
  )
}

const RULES: Readonly<Record<ScoreDigit['rule'], string>> = {
  copies: 'copies',
  media: 'devices',
  'off-site': 'off-site',
  extra: 'that cannot be changed',
  errors: 'known errors',
}

/** 3-2-1-1-0, each digit with what is there of it and since when that is proven. */
function Score({ digits }: { digits: readonly ScoreDigit[] }) {
  if (digits.length === 0) return null
  return (
    <ul class="score" aria-label="3-2-1-1-0: of the photo that is worst off">
      {digits.map((digit) => (
        <li key={digit.rule} class={digit.isMet ? 'digit digit-met' : 'digit'}>
          <b>{digit.have ?? '?'}</b>
          <span>
            {digit.rule === 'errors' ? '' : `of ${digit.wanted} `}
            {RULES[digit.rule]}
          </span>
          <span class="quiet">{proofWords(digit)}</span>
        </li>
      ))}
    </ul>
  )
}

/** Errors are known from damaged copies, whenever they were found, and from the last rehearsed restore, which is what has a date. */
function proofWords({ rule, provenAt, how }: ScoreDigit): string {
  if (rule === 'errors') return provenAt === undefined ? 'never rehearsed' : `last rehearsed ${dateWords(provenAt)}`
  return provenAt === undefined ? 'not proven' : `${dateWords(provenAt)}${how === undefined ? '' : `, ${how}`}`
}

const NOTE = { red: 'bad', amber: 'care', news: 'good' } as const

/** Notices that are not about a single shoot: those stand in the list below. */
export function Notices({ status }: { status: StatusResult }) {
  const told = (status.notices ?? []).filter(({ kind }) => kind !== 'not-protected')
  const waiting = (status.fromCold ?? []).filter(({ state }) => state === 'asking' || state === 'waiting')
  if (told.length + waiting.length === 0) return null
  return (
    <div class="notices" role="status">
      {told.map(({ kind, subject, message, severity }) => (
        <p key={`${kind} ${subject}`} class={`note note-${NOTE[severity]}`}>
          {message}
        </p>
      ))}
      {waiting.map((each) => (
        <p key={`${each.askedAt} ${each.what} ${each.to ?? ''}`} class="note">
          From cold storage: {coldRestoreWords(each, status.helper)}
        </p>
      ))}
    </div>
  )
}

export function NotProtected({ status }: { status: StatusResult }) {
  const { notProtected } = status
  if (notProtected.length === 0) return null
  return (
    <Section id="open" title="Not protected, and why">
      <ul class="open-list">
        {notProtected.slice(0, SHOWN).map(({ id, verdict, missing }) => (
          <li key={id}>
            <Sign tone={toneOf(verdict)} label={verdictWords(verdict)} />
            <div>
              <a href={`#/shoot/${encodeURIComponent(id)}`}>{id}</a>
              <p class="quiet">{missing.length === 0 ? verdictWords(verdict) : `Missing: ${missing.join(' · ')}`}</p>
            </div>
          </li>
        ))}
      </ul>
      {notProtected.length > SHOWN && (
        <p>
          <a href="#/shoots/open">All {numberWords(notProtected.length)} of them</a>
        </p>
      )}
    </Section>
  )
}

export function WhatNext({ status, onDo }: { status: StatusResult; onDo: (next: Next) => void }) {
  const steps = nextSteps(status)
  return (
    <Section id="next" title="What to do next">
      {steps.length === 0 ? (
        <p class="quiet">Nothing. Safelight goes on by itself and says so when it needs you.</p>
      ) : (
        <ol class="next">
          {steps.map((step) => (
            <li key={step.text}>
              <span>
                {step.text} {step.command !== undefined && <code>{step.command}</code>}
              </span>
              {step.button !== undefined && (
                <button type="button" class="button" onClick={() => onDo(step)}>
                  {step.button}
                </button>
              )}
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}

export function Working({ store }: { store: Store }) {
  if (store.trust.kind !== 'fresh' || store.doing.length === 0) return null
  return (
    <Section id="working" title="Working on it now">
      {store.doing.map((each) => (
        <Doing key={each.id} job={each} />
      ))}
    </Section>
  )
}

function Doing({ job }: { job: Activity }) {
  return (
    <div class="doing">
      <p>{job.title}</p>
      {job.progress && <Bar progress={job.progress} label={job.title} />}
    </div>
  )
}
