// The page as a whole: what stands where, and which of its views the address names. Addresses live behind the hash, so that nothing of them
// is ever sent anywhere.
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'
import { Card } from './card.js'
import { Find } from './find.js'
import { JobDialog, type Job } from './job.js'
import { healJob, verifyJob } from './jobs.js'
import { Matrix } from './matrix.js'
import type { Next } from './next-steps.js'
import { Catalogs, Places } from './places-view.js'
import { Proof } from './proof.js'
import { SetUp } from './set-up.js'
import { FileView, ShootView } from './shoot-view.js'
import { useKnown, type Store } from './state.js'
import { NotProtected, Notices, Verdict, WhatNext, Working } from './status-view.js'
import { headlineOf } from '../../status/trust.js'

export type View =
  | { readonly kind: 'home'; readonly onlyOpen: boolean }
  | { readonly kind: 'shoot'; readonly id: string }
  | { readonly kind: 'file'; readonly shoot: string; readonly file: string }
  | { readonly kind: 'proof'; readonly shoot: string | undefined }
  | { readonly kind: 'set-up' }

/** What the part behind `#` names; anything unknown is home. */
export function viewOf(hash: string): View {
  const [, name = '', ...rest] = hash.replace(/^#/, '').split('/')
  const [first, second] = rest.map(decoded)
  if (name === 'shoot' && first !== undefined) return { kind: 'shoot', id: first }
  if (name === 'file' && first !== undefined && second !== undefined)
    return { kind: 'file', shoot: first, file: second }
  if (name === 'proof') return { kind: 'proof', shoot: first }
  if (name === 'set-up') return { kind: 'set-up' }
  return { kind: 'home', onlyOpen: name === 'shoots' && first === 'open' }
}

/** Half an escape sequence is shown as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

function useView(): View {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = (): void => {
      setHash(location.hash)
      // A new view begins at its top, for eyes and for the keyboard.
      document.getElementById('main')?.focus()
      scrollTo(0, 0)
    }
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return viewOf(hash)
}

export function App({ store }: { store: Store }) {
  useKnown(store)
  const view = useView()
  const [job, setJob] = useState<Job>()
  const { tone, text } = headlineOf(store.trust, store.status?.value, Date.now())
  // With the words and not after the next paint: the title is all that shows of a page behind others.
  useLayoutEffect(() => {
    document.title = `${text} Safelight`
    document.documentElement.dataset['tone'] = store.trust.kind === 'silent' ? 'silent' : tone
  }, [text, tone, store.trust.kind])
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Header view={view} />
      <main id="main" tabIndex={-1}>
        {view.kind !== 'home' && store.trust.kind === 'silent' && (
          <Verdict trust={store.trust} status={store.status?.value} />
        )}
        <ViewOf store={store} view={view} onJob={setJob} />
      </main>
      <footer class="page-foot no-print">
        <p class="quiet">
          Safelight {store.wire.version} · this page asks nothing of the internet · <a href="#/proof">Proof to print</a>
        </p>
      </footer>
      {job && <JobDialog key={job.title} store={store} job={job} onClose={() => setJob(undefined)} />}
    </>
  )
}

function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Header({ view }: { view: View }) {
  const links = [
    ['#/', 'Status', view.kind === 'home'],
    ['#/set-up', 'Set up', view.kind === 'set-up'],
    ['#/proof', 'Proof', view.kind === 'proof'],
  ] as const
  return (
    <header class="page-head no-print">
      <a class="brand" href="#/">
        <img src="icon.svg" alt="" width="28" height="28" /> Safelight
      </a>
      <nav aria-label="Views">
        {links.map(([href, name, isHere]) => (
          <a key={href} href={href} aria-current={isHere ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
    </header>
  )
}

function ViewOf({ store, view, onJob }: { store: Store; view: View; onJob: (job: Job) => void }) {
  switch (view.kind) {
    case 'home':
      return <Home store={store} onlyOpen={view.onlyOpen} onJob={onJob} />
    case 'shoot':
      return <ShootView key={view.id} store={store} id={view.id} onJob={onJob} />
    case 'file':
      return <FileView key={view.file} store={store} shoot={view.shoot} file={view.file} onJob={onJob} />
    case 'proof':
      return <Proof store={store} shoot={view.shoot} />
    case 'set-up':
      return <SetUp store={store} />
  }
}

function Home({ store, onlyOpen, onJob }: { store: Store; onlyOpen: boolean; onJob: (job: Job) => void }) {
  const status = store.status?.value
  // Where there is nothing to show yet there is something to set up.
  const isNew = status !== undefined && status.places.length === 0 && status.notProtected.length === 0
  useEffect(() => {
    if (isNew) location.replace('#/set-up')
  }, [isNew])
  const act = (next: Next): void => {
    if (next.act === 'heal') onJob(healJob(store, []))
    else if (next.act === 'verify') onJob(verifyJob(store, []))
    else location.hash = '#/set-up'
  }
  return (
    <>
      <Verdict trust={store.trust} status={status} />
      {status && (
        <div class={store.trust.kind === 'silent' ? 'old' : undefined}>
          <Notices status={status} />
          <NotProtected status={status} />
          <WhatNext status={status} onDo={act} />
          <Working store={store} />
          <Matrix store={store} onlyOpen={onlyOpen} />
          <Find store={store} />
          <Places status={status} onAdd={() => (location.hash = '#/set-up')} />
          <Catalogs store={store} status={status} onJob={onJob} />
          <Card store={store} onJob={onJob} />
        </div>
      )}
    </>
  )
}
