// One shoot: its verdict and what is missing, where it lies, and what can be done with it. And one file of it: its whole story, as far as the
// helper tells it.
import { useState } from 'preact/hooks'
import type { FileStory } from '../../../shared/methods.js'
import { healJob, restoreJob, verifyJob, drillJob } from './jobs.js'
import type { Job } from './job.js'
import { nameOf } from './place-name.js'
import { Lines, Section, Sign, Waiting } from './parts.js'
import { askShoots, type ShootRow } from './shoots.js'
import { useAnswer, valueOf, type Store } from './state.js'
import { toneOf } from '../../status/trust.js'
import { countWords, dateWords, momentWords, numberWords, sizeWords, verdictWords } from './words.js'

export function ShootView({ store, id, onJob }: { store: Store; id: string; onJob: (job: Job) => void }) {
  const asked = useAnswer(store, `shoot ${id}`, () => askShoots(store, { from: 0, limit: 1, shoot: id }))
  const shoot = valueOf(asked)?.shoots[0]
  return (
    <>
      <p>
        <a href="#/">Back to all shoots</a>
      </p>
      <Waiting asked={asked} what={id} />
      {asked.kind === 'answer' && shoot === undefined && <p>No shoot “{id}” is known.</p>}
      {shoot && <ShootFacts shoot={shoot} />}
      {shoot && <ShootActions store={store} id={id} onJob={onJob} />}
    </>
  )
}

function ShootFacts({ shoot }: { shoot: ShootRow }) {
  return (
    <>
      <section class={`verdict verdict-${toneOf(shoot.verdict)} verdict-small`} aria-labelledby="shoot-title">
        <Sign tone={toneOf(shoot.verdict)} size={40} label={verdictWords(shoot.verdict)} />
        <div>
          <h1 id="shoot-title">{shoot.id}</h1>
          <p>
            {verdictWords(shoot.verdict)} · {countWords(shoot.files, 'file')} · {sizeWords(shoot.bytes)}
          </p>
        </div>
      </section>
      {shoot.missing.length > 0 && (
        <Section id="missing" title="What is missing">
          <Lines lines={shoot.missing} />
        </Section>
      )}
      <Section id="where" title="Where it is">
        <ul class="cards">
          {shoot.places.map(({ place, files, verified, provenAt }) => (
            <li key={place} class="card">
              <h3>{nameOf(place)}</h3>
              <dl class="facts">
                <dt>Files</dt>
                <dd>{numberWords(files)}</dd>
                <dt>Verified</dt>
                <dd>{numberWords(verified)}</dd>
                <dt>Proven since</dt>
                <dd>{provenAt === undefined ? 'not proven' : dateWords(provenAt)}</dd>
              </dl>
            </li>
          ))}
        </ul>
      </Section>
    </>
  )
}

function ShootActions({ store, id, onJob }: { store: Store; id: string; onJob: (job: Job) => void }) {
  const [to, setTo] = useState('')
  const folder = to.trim() === '' ? undefined : to.trim()
  return (
    <Section id="do" title="What you can do with it">
      <div class="buttons">
        <button type="button" class="button" onClick={() => onJob(verifyJob(store, [id]))}>
          Verify
        </button>
        <button type="button" class="button" onClick={() => onJob(healJob(store, [id]))}>
          Heal
        </button>
        <button type="button" class="button" onClick={() => onJob(drillJob(store, id))}>
          Rehearse a restore
        </button>
        <a class="button" href={`#/proof/${encodeURIComponent(id)}`}>
          Proof to print
        </a>
      </div>
      <form
        class="inline"
        onSubmit={(event) => {
          event.preventDefault()
          onJob(restoreJob(store, id, [], folder))
        }}
      >
        <label>
          Restore to
          <input
            type="text"
            value={to}
            placeholder="where Lightroom expects it"
            onInput={({ currentTarget }) => setTo(currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Show what would come back
        </button>
      </form>
    </Section>
  )
}

export function FileView(props: { store: Store; shoot: string; file: string; onJob: (job: Job) => void }) {
  const { store, shoot, file, onJob } = props
  const asked = useAnswer(store, `file ${shoot}/${file}`, () => store.wire.call('file/story', { shoot, file }))
  const story = valueOf(asked)
  return (
    <>
      <p>
        <a href={`#/shoot/${encodeURIComponent(shoot)}`}>{shoot}</a>
      </p>
      <h1>{file}</h1>
      <Waiting asked={asked} what="its story" />
      {story && <Story story={story} />}
      <div class="buttons">
        <button type="button" class="button" onClick={() => onJob(restoreJob(store, shoot, [file], undefined))}>
          Restore this file
        </button>
      </div>
    </>
  )
}

function Story({ story }: { story: FileStory }) {
  return (
    <>
      <p class="verdict-line">
        <Sign tone={toneOf(story.verdict)} label={verdictWords(story.verdict)} /> {story.summary}
      </p>
      <Lines lines={story.missing} />
      {story.versions.map(({ hash, bytes, modifiedAt, firstSeenAt, copies }, index) => (
        <Section
          key={`${hash} ${firstSeenAt}`}
          id={`version-${index}`}
          title={index === 0 ? 'The newest content' : `As it was on ${dateWords(modifiedAt)}`}
        >
          <dl class="facts">
            <dt>Hash (BLAKE3)</dt>
            <dd>
              <code class="hash">{hash}</code>
            </dd>
            <dt>Size</dt>
            <dd>{sizeWords(bytes)}</dd>
            <dt>Changed</dt>
            <dd>{momentWords(modifiedAt)}</dd>
            <dt>First seen</dt>
            <dd>{momentWords(firstSeenAt)}</dd>
          </dl>
          <ul class="lines">
            {copies.map(({ place, path, state, provenAt, how, why }) => (
              <li key={`${place} ${path}`}>
                <b>{nameOf(place)}</b>: {state}
                {provenAt === undefined
                  ? ''
                  : `, proven ${momentWords(provenAt)}${how === undefined ? '' : ` (${how})`}`}
                {why === undefined ? '' : `. ${why}`}
              </li>
            ))}
          </ul>
        </Section>
      ))}
    </>
  )
}
