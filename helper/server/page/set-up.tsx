// The set-up: three questions at most (which drive, what off-site, how long to keep), then a proof before the user's eyes, then a sheet of paper. What
// could be found out is not asked; everything can be done again later.
import { useState } from 'preact/hooks'
import type { Result } from '../../../shared/methods.js'
import { Lines, Sign, Waiting } from './parts.js'
import { useAnswer, valueOf, wordsOfFailure, type Progress, type Store } from './state.js'
import { SetUpProof, Sheet } from './set-up-proof.js'
import { sizeWords } from './words.js'

type Look = Result<'setup/look'>

export function SetUp({ store }: { store: Store }) {
  const asked = useAnswer(store, 'look', () => store.wire.call('setup/look', {}))
  const look = valueOf(asked)
  const drives = (store.status?.value.places ?? []).filter(({ kind }) => kind === 'drive')
  return (
    <>
      <h1>Set up Safelight</h1>
      <p class="quiet">Three questions, then a proof. Everything can be changed later.</p>
      <Waiting asked={asked} what="what is connected" />
      {look && (
        <ol class="steps">
          <li class="panel">
            <DriveQuestion store={store} look={look} />
          </li>
          <li class="panel">
            <OffSiteQuestion store={store} />
          </li>
          <li class="panel">
            <KeepQuestion store={store} look={look} />
          </li>
          <li class="panel">
            <Rest store={store} look={look} />
          </li>
          {drives[0] && (
            <li class="panel">
              <SetUpProof store={store} path={drives[0].path} name={drives[0].name} />
            </li>
          )}
          {drives[0] && (
            <li class="panel">
              <Sheet store={store} />
            </li>
          )}
        </ol>
      )}
    </>
  )
}

interface Said {
  readonly ok: boolean
  readonly lines: readonly string[]
}

/** Does one thing, says what came of it, and has everything asked anew. */
function useDoing(store: Store): {
  readonly said: Said | undefined
  readonly isDoing: boolean
  readonly progress: Progress | undefined
  readonly act: (work: (onProgress: (progress: Progress) => void) => Promise<Said>) => void
} {
  const [said, setSaid] = useState<Said>()
  const [isDoing, setDoing] = useState(false)
  const [progress, setProgress] = useState<Progress>()
  return {
    said,
    isDoing,
    progress,
    act: (work) => {
      setDoing(true)
      work(setProgress)
        .then(setSaid, (error: unknown) => {
          const { why, remedy } = wordsOfFailure(error)
          setSaid({ ok: false, lines: [`${why} ${remedy}`] })
        })
        .finally(() => {
          setDoing(false)
          store.renew()
        })
    },
  }
}

function Saying({ said }: { said: Said | undefined }) {
  return (
    <div aria-live="polite">
      {said?.lines.map((line) => (
        <p key={line} class={`note ${said.ok ? 'note-good' : 'note-bad'}`}>
          {line}
        </p>
      ))}
    </div>
  )
}

function DriveQuestion({ store, look }: { store: Store; look: Look }) {
  const [chosen, setChosen] = useState<string>()
  const [typed, setTyped] = useState('')
  const { said, isDoing, act } = useDoing(store)
  const path = typed.trim() === '' ? chosen : typed.trim()
  const places = (store.status?.value.places ?? []).filter(({ kind }) => kind === 'drive')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (path === undefined) return
        act(async () => ({ ok: true, lines: [(await store.wire.call('place/add', { path })).summary] }))
      }}
    >
      <fieldset>
        <legend>1. Which drive shall the copies go to?</legend>
        <p class="quiet">
          A drive of its own, not the one with the originals. What lies on it is left alone; copies that are there
          already are adopted.
        </p>
        <div class="choices">
          {places.map(({ id, name, path: at }) => (
            <p key={id} class="verdict-line">
              <Sign tone="good" label="chosen" /> {name} <span class="quiet">{at}</span>
            </p>
          ))}
          {look.drives.map((drive) => (
            <label key={drive.path} class="choice">
              <input
                type="radio"
                name="drive"
                value={drive.path}
                checked={chosen === drive.path}
                onChange={() => setChosen(drive.path)}
              />
              <span>
                {drive.name}
                <span class="quiet">
                  {drive.path} · {sizeWords(drive.freeBytes)} free of {sizeWords(drive.totalBytes)}
                </span>
              </span>
            </label>
          ))}
        </div>
        <div class="inline">
          <label>
            {look.drives.length > 0 ? 'Or another folder' : 'The drive’s folder'}
            <input
              type="text"
              value={typed}
              placeholder="/Volumes/Studio SSD, or E:\"
              onInput={({ currentTarget }) => setTyped(currentTarget.value)}
            />
          </label>
          <button type="submit" class="button main" disabled={isDoing || path === undefined}>
            Use this drive
          </button>
        </div>
      </fieldset>
      <Saying said={said} />
    </form>
  )
}

function OffSiteQuestion({ store }: { store: Store }) {
  const [url, setUrl] = useState('')
  const [endpoint, setEndpoint] = useState('')
  const [profile, setProfile] = useState('')
  const [days, setDays] = useState('')
  const { said, isDoing, act } = useDoing(store)
  const buckets = (store.status?.value.places ?? []).filter(({ kind }) => kind === 'bucket')
  const add = async (): Promise<Said> => {
    const bucket = {
      ...(endpoint.trim() === '' ? {} : { endpoint: endpoint.trim() }),
      ...(profile.trim() === '' ? {} : { profile: profile.trim() }),
      ...(days.trim() === '' ? {} : { lockDays: Number(days) }),
    }
    const { ok, summary, warnings = [] } = await store.wire.call('place/add', { path: url.trim(), bucket })
    return { ok, lines: [summary, ...warnings] }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act(add)
      }}
    >
      <fieldset>
        <legend>2. Where off-site, or not yet?</legend>
        <p class="quiet">
          Until there is a place elsewhere nothing is called protected. A bucket of any S3 provider does; its key stays
          in your AWS profile.
        </p>
        {buckets.map(({ id, name, path }) => (
          <p key={id} class="verdict-line">
            <Sign tone="good" label="chosen" /> {name} <span class="quiet">{path}</span>
          </p>
        ))}
        <div class="inline">
          <Field label="Bucket" value={url} placeholder="s3://my-photos/safelight" onChange={setUrl} />
          <Field
            label="Endpoint, if it is not Amazon’s"
            value={endpoint}
            placeholder="https://s3.eu-central-003.backblazeb2.com"
            onChange={setEndpoint}
          />
        </div>
        <div class="inline">
          <Field label="AWS profile, if not the default" value={profile} placeholder="default" onChange={setProfile} />
          <Field
            label="Days that nobody can delete a copy there"
            value={days}
            placeholder="as the bucket has it"
            onChange={setDays}
          />
          <button type="submit" class="button main" disabled={isDoing || !url.trim().startsWith('s3://')}>
            Use this bucket
          </button>
        </div>
      </fieldset>
      <Saying said={said} />
    </form>
  )
}

function Field(props: { label: string; value: string; placeholder: string; onChange: (value: string) => void }) {
  const { label, value, placeholder, onChange } = props
  return (
    <label>
      {label}
      <input
        type="text"
        value={value}
        placeholder={placeholder}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  )
}

const KEEP: readonly { readonly days: number; readonly name: string; readonly about: string }[] = [
  { days: 0, name: 'For ever', about: 'Nothing ever goes by itself; it takes more room.' },
  { days: 365, name: 'A year', about: 'Long enough to miss a photo that was removed by mistake.' },
  { days: 90, name: 'Three months', about: 'For drives that are nearly full.' },
]

function KeepQuestion({ store, look }: { store: Store; look: Look }) {
  const [days, setDays] = useState(look.keepDays)
  const { said, isDoing, act } = useDoing(store)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (days === undefined) return
        act(async () => ({ ok: true, lines: [(await store.wire.call('setup/keep', { days })).summary] }))
      }}
    >
      <fieldset>
        <legend>3. How long shall earlier contents be kept?</legend>
        <p class="quiet">
          Photos that you have are kept for as long as you have them. This is about contents that were replaced, and
          photos that you remove. The last copy never goes, and nothing goes without a plan that is shown.
        </p>
        <div class="choices">
          {KEEP.map((each) => (
            <label key={each.days} class="choice">
              <input
                type="radio"
                name="keep"
                value={each.days}
                checked={days === each.days}
                onChange={() => setDays(each.days)}
              />
              <span>
                {each.name}
                <span class="quiet">{each.about}</span>
              </span>
            </label>
          ))}
        </div>
        <div class="buttons">
          <button type="submit" class="button main" disabled={isDoing || days === undefined}>
            Keep them so
          </button>
        </div>
      </fieldset>
      <Saying said={said} />
    </form>
  )
}

/** No question: what is sensible is chosen already. */
function Rest({ store, look }: { store: Store; look: Look }) {
  const [plugin, setPlugin] = useState(look.plugin !== 'no Lightroom')
  const [service, setService] = useState(true)
  const { said, isDoing, act } = useDoing(store)
  const run = async (): Promise<Said> => {
    const { ok, steps } = await store.wire.call('setup/install', {
      plugin: plugin && look.plugin !== 'no Lightroom',
      service,
    })
    return { ok, lines: steps.map(({ what, detail }) => `${what}: ${detail}`) }
  }
  const backUpCatalogs = async (): Promise<Said> => {
    const lines: string[] = []
    for (const catalog of look.catalogs) lines.push((await store.wire.call('catalog/backup', { catalog })).summary)
    return { ok: true, lines }
  }
  return (
    <div>
      <fieldset>
        <legend>Let it work by itself</legend>
        <div class="choices">
          <Choice
            isChosen={plugin}
            isOff={look.plugin === 'no Lightroom'}
            onChange={setPlugin}
            name="The plugin in Lightroom Classic"
            about={PLUGIN_WORDS[look.plugin]}
          />
          <Choice
            isChosen={service}
            isOff={false}
            onChange={setService}
            name="Start when I log in"
            about={SERVICE_WORDS[look.service]}
          />
        </div>
        <div class="buttons">
          <button type="button" class="button main" disabled={isDoing || !(plugin || service)} onClick={() => act(run)}>
            Install
          </button>
          {look.catalogs.length > 0 && (
            <button type="button" class="button" disabled={isDoing} onClick={() => act(backUpCatalogs)}>
              Back up the catalogs now
            </button>
          )}
        </div>
      </fieldset>
      {look.catalogs.length > 0 && (
        <>
          <p class="quiet">Catalogs that Lightroom knows, found by themselves:</p>
          <Lines lines={look.catalogs} />
        </>
      )}
      <Saying said={said} />
    </div>
  )
}

const PLUGIN_WORDS: Readonly<Record<Look['plugin'], string>> = {
  installed: 'It is installed; this brings it up to date.',
  absent: 'It hands over every import by itself.',
  'no Lightroom': 'There is no Lightroom Classic on this computer.',
}

const SERVICE_WORDS: Readonly<Record<Look['service'], string>> = {
  installed: 'It does so already.',
  other: 'Another Safelight does; this one would take its place.',
  absent: 'Uploads, checks and rehearsals go on while Lightroom is closed.',
}

function Choice(props: {
  isChosen: boolean
  isOff: boolean
  name: string
  about: string
  onChange: (isChosen: boolean) => void
}) {
  const { isChosen, isOff, name, about, onChange } = props
  return (
    <label class="choice">
      <input
        type="checkbox"
        checked={isChosen && !isOff}
        disabled={isOff}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      <span>
        {name}
        <span class="quiet">{about}</span>
      </span>
    </label>
  )
}
