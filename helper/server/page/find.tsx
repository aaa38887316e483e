// Search for single files: by name, by day, by hash. The helper answers from an index, fifty at a time; a file's whole story opens from here.
import { useState } from 'preact/hooks'
import type { Result } from '../../../shared/methods.js'
import { Section, Waiting } from './parts.js'
import { useAnswer, valueOf, type Store } from './state.js'
import { dateWords, sizeWords } from './words.js'

/** Shorter texts fit too much. */
const SHORTEST = 2
const NOTHING: Result<'files/find'> = { ok: true, exitCode: 0, summary: '', files: [], isCut: false }

export function Find({ store }: { store: Store }) {
  const [text, setText] = useState('')
  const wanted = text.trim()
  const asked = useAnswer(store, `find ${wanted}`, async () =>
    wanted.length < SHORTEST ? NOTHING : await store.wire.call('files/find', { text: wanted }),
  )
  const answer = valueOf(asked)
  return (
    <Section id="find" title="Find a photo">
      <label class="search">
        <span class="hidden">File name, day or hash</span>
        <input
          type="search"
          placeholder="IMG_0412, 2026-11-23, or the beginning of a hash"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <div aria-live="polite">
        {wanted.length >= SHORTEST && <Waiting asked={asked} what="it" />}
        {answer && answer.summary !== '' && <p class="quiet">{answer.summary}</p>}
        {answer && answer.files.length > 0 && (
          <ul class="found">
            {answer.files.map(({ shoot, file, bytes, modifiedAt, hash }) => (
              <li key={`${shoot}/${file}`}>
                <a href={`#/file/${encodeURIComponent(shoot)}/${encodeURIComponent(file)}`}>{file}</a>
                <span class="quiet">
                  {shoot} · {dateWords(modifiedAt)} · {sizeWords(bytes)}
                  {' · '}
                  <code title={hash}>{hash.slice(0, 12)}</code>
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Section>
  )
}
