// One page for a client or an insurer: what is kept, in how many places, proven when and how, with its date. Made for paper; it claims what
// the helper says now and nothing that has passed its best-before, and it says so when something is missing.
import type { StatusResult } from '../../../shared/methods.js'
import { nameOf } from './place-name.js'
import { Sign, Waiting } from './parts.js'
import { askShoots, type ShootPage } from './shoots.js'
import { useAnswer, valueOf, type Store } from './state.js'
import { toneOf } from '../../status/trust.js'
import { countWords, dateWords, momentWords, numberWords, sizeWords, verdictWords } from './words.js'

/** A page of paper. */
const ROWS = 24

export function Proof({ store, shoot }: { store: Store; shoot: string | undefined }) {
  const asked = useAnswer(store, `proof ${shoot ?? ''}`, () =>
    askShoots(store, { from: 0, limit: ROWS, ...(shoot === undefined ? {} : { shoot }) }),
  )
  const answer = valueOf(asked)
  const status = store.status?.value
  return (
    <article class="proof">
      <div class="buttons no-print">
        <a class="button" href="#/">
          Back
        </a>
        <button type="button" class="button main" onClick={() => globalThis.print()}>
          Print
        </button>
      </div>
      <Waiting asked={asked} what="the proof" />
      {store.trust.kind === 'silent' && (
        <p class="note note-bad">The helper does not answer, so nothing can be certified now.</p>
      )}
      {answer && status && store.trust.kind === 'fresh' && <Sheet answer={answer} status={status} shoot={shoot} />}
    </article>
  )
}

function Sheet(props: { answer: ShootPage; status: StatusResult; shoot: string | undefined }) {
  const { answer, status, shoot } = props
  const rows = answer.shoots
  const isWhole = rows.length > 0 && rows.every(({ verdict }) => verdict === 'protected')
  const oldest = rows.flatMap(({ places }) => places.flatMap(({ provenAt }) => provenAt ?? [])).sort()[0]
  return (
    <>
      <header>
        <p class="quiet">Safelight · statement of backup</p>
        <h1>{shoot ?? 'Photo library'}</h1>
        <p class="proof-date">{momentWords(status.asOf)}</p>
      </header>
      <p class="verdict-line">
        <Sign tone={isWhole ? 'good' : 'care'} size={28} label={isWhole ? 'protected' : 'not fully protected'} />{' '}
        {isWhole
          ? 'Every file named here is kept at three or more places, on two or more devices, at least one of them off-site.'
          : 'Not every file named here is fully protected; the table says which.'}
      </p>
      <table class="proof-table">
        <thead>
          <tr>
            <th scope="col">Shoot</th>
            <th scope="col">Files</th>
            <th scope="col">Size</th>
            <th scope="col">Verified copies</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row">{row.id}</th>
              <td>{numberWords(row.files)}</td>
              <td>{sizeWords(row.bytes)}</td>
              <td>
                {row.places
                  .filter(({ verified }) => verified > 0)
                  .map(({ place, verified, provenAt }) => (
                    <span key={place} class="proof-place">
                      {nameOf(place)}: {verified >= row.files ? 'all' : numberWords(verified)}
                      {provenAt === undefined ? '' : `, ${dateWords(provenAt)}`}
                    </span>
                  ))}
              </td>
              <td class={`tone-${toneOf(row.verdict)}`}>{verdictWords(row.verdict)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {answer.total > rows.length && (
        <p>
          The first {countWords(rows.length, 'shoot')} of {numberWords(answer.total)}.
        </p>
      )}
      <footer class="quiet">
        <p>
          “Verified” means: on the date given or later, every byte of the copy was read and its BLAKE3 hash was equal to
          the one taken when the photo was first read, or the off-site store confirmed the checksum of the whole object.
          {oldest === undefined ? '' : ` The oldest proof relied on here is of ${dateWords(oldest)}.`}
        </p>
        <p>
          Places:{' '}
          {status.places.map(({ name, kind }) => `${name} (${kind === 'bucket' ? 'off-site' : 'drive'})`).join(', ')}.
          Computed by Safelight at {status.asOf}; a statement like this is true of its date only.
        </p>
      </footer>
    </>
  )
}
