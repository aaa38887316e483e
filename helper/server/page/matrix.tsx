// Shoots by places: which place holds how much of which shoot, and since when that is proven. A page of fifty at a time, as the helper gives
// them. On a narrow screen every row becomes a card; the roles stay, so a screen reader hears the same table.
import { useState } from 'preact/hooks'
import { nameOf } from './place-name.js'
import { Section, Sign, Waiting } from './parts.js'
import { askShoots, type ShootRow } from './shoots.js'
import { useAnswer, valueOf, type Store } from './state.js'
import { toneOf } from '../../status/trust.js'
import { countWords, dateWords, numberWords, sizeWords, verdictWords } from './words.js'

const PAGE = 50

/** Changes when the table does: what is missing names the places, so a proof that comes or goes anywhere shows in it, and so does the oldest
 *  proof of each place. */
function newsOf({ status }: Store): string {
  return status === undefined
    ? ''
    : JSON.stringify([
        status.value.shoots,
        status.value.notProtected,
        status.value.places.map(({ verified, provenAt }) => [verified, provenAt]),
      ])
}

export function Matrix({ store, onlyOpen }: { store: Store; onlyOpen: boolean }) {
  const [search, setSearch] = useState('')
  const [from, setFrom] = useState(0)
  const asked = useAnswer(store, `${search} ${from} ${onlyOpen} ${newsOf(store)}`, () =>
    askShoots(store, { from, limit: PAGE, onlyOpen, ...(search === '' ? {} : { search }) }),
  )
  const answer = valueOf(asked)
  const places = (store.status?.value.places ?? []).map(({ name }) => name)
  const columns = ['working', ...places]
  return (
    <Section
      id="shoots"
      title="Shoots and where they are"
      aside={
        <div class="tools">
          <label>
            <span class="hidden">Filter shoots</span>
            <input
              type="search"
              placeholder="Filter shoots"
              value={search}
              onInput={({ currentTarget }) => {
                setSearch(currentTarget.value)
                setFrom(0)
              }}
            />
          </label>
          <a class="toggle" href={onlyOpen ? '#/' : '#/shoots/open'} aria-current={onlyOpen ? 'true' : undefined}>
            {onlyOpen ? 'Show all' : 'Only open ones'}
          </a>
        </div>
      }
    >
      <Waiting asked={asked} what="the shoots" />
      {answer && answer.total === 0 && (
        <p class="quiet">{search === '' ? 'No shoots here.' : `No shoot has "${search}" in its name.`}</p>
      )}
      {answer && answer.total > 0 && (
        <>
          <Table rows={answer.shoots} columns={columns} />
          <Pager from={from} total={answer.total} onTurn={setFrom} />
        </>
      )}
    </Section>
  )
}

function Table({ rows, columns }: { rows: readonly ShootRow[]; columns: readonly string[] }) {
  return (
    <div class="scroller" tabIndex={0} role="region" aria-label="Shoots by places">
      <table class="matrix" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              Shoot
            </th>
            {columns.map((name) => (
              <th key={name} scope="col" role="columnheader">
                {nameOf(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={row.id} role="row">
              <th scope="row" role="rowheader">
                <div class="shoot">
                  <Sign tone={toneOf(row.verdict)} label={verdictWords(row.verdict)} />
                  <div>
                    <a href={`#/shoot/${encodeURIComponent(row.id)}`}>{row.id}</a>
                    <span class="quiet">
                      {countWords(row.files, 'file')} · {sizeWords(row.bytes)}
                    </span>
                  </div>
                </div>
              </th>
              {columns.map((name) => (
                <Cell key={name} row={row} place={name} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell({ row, place }: { row: ShootRow; place: string }) {
  const there = row.places.find((each) => each.place === place)
  const label = nameOf(place)
  if (there === undefined || there.files === 0)
    return (
      <td role="cell" data-place={label}>
        <span class="cell cell-none">
          <span aria-hidden="true">–</span>
          <span class="hidden">nothing</span>
        </span>
      </td>
    )
  const isWhole = there.verified >= row.files
  return (
    <td role="cell" data-place={label}>
      <span class={`cell ${isWhole ? 'cell-whole' : 'cell-part'}`}>
        <b>{isWhole ? 'all verified' : `${numberWords(there.verified)} of ${numberWords(row.files)} verified`}</b>
        {there.provenAt !== undefined && <time dateTime={there.provenAt}>{dateWords(there.provenAt)}</time>}
      </span>
    </td>
  )
}

function Pager({ from, total, onTurn }: { from: number; total: number; onTurn: (from: number) => void }) {
  if (total <= PAGE) return null
  return (
    <nav class="pager" aria-label="Pages of shoots">
      <button type="button" class="button" disabled={from === 0} onClick={() => onTurn(Math.max(0, from - PAGE))}>
        Earlier in the list
      </button>
      <span class="quiet" role="status">
        {numberWords(from + 1)}–{numberWords(Math.min(total, from + PAGE))} of {numberWords(total)}
      </span>
      <button type="button" class="button" disabled={from + PAGE >= total} onClick={() => onTurn(from + PAGE)}>
        Later
      </button>
    </nav>
  )
}
