// Drives and what is off-site: whether they are here, what room is left and for how long, when they were last seen. And the backups of the
// catalogs that lie on them.
import type { Place, Result, StatusResult } from '../../../shared/methods.js'
import { catalogBackupJob, catalogCheckJob } from './jobs.js'
import type { Job } from './job.js'
import { Section, Sign, Waiting } from './parts.js'
import { useAnswer, valueOf, type Store } from './state.js'
import { costWords } from '../../status/cost-words.js'
import { forecastWords } from '../../status/forecast.js'
import type { Tone } from '../../status/trust.js'
import { agoWords, countWords, dateWords, momentWords, numberWords, sizeWords } from './words.js'

export function Places({ status, onAdd }: { status: StatusResult; onAdd: () => void }) {
  const nowMs = Date.parse(status.asOf)
  return (
    <Section
      id="drives"
      title="Drives and off-site"
      aside={
        <button type="button" class="button" onClick={onAdd}>
          Add a place
        </button>
      }
    >
      {status.places.length === 0 && <p class="quiet">No place for copies is known yet.</p>}
      <ul class="cards">
        {status.places.map((place) => (
          <li key={place.id} class="card">
            <PlaceCard place={place} nowMs={nowMs} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function PlaceCard({ place, nowMs }: { place: Place; nowMs: number }) {
  const { name, path, freeBytes, totalBytes, lastSeenAt, addedAt, warnings } = place
  const { tone, words } = stateOf(place)
  return (
    <>
      <h3>
        <Sign tone={tone} label={words} /> {name}
      </h3>
      <p class="quiet path">{path}</p>
      <dl class="facts">
        <dt>{kindOf(place)}</dt>
        <dd>{words}</dd>
        <dt>Last seen</dt>
        <dd>{lastSeenAt === undefined ? 'never' : agoWords(lastSeenAt, nowMs)}</dd>
        {addedAt !== undefined && (
          <>
            <dt>In use since</dt>
            <dd>{dateWords(addedAt)}</dd>
          </>
        )}
        {place.files !== undefined && place.files > 0 && (
          <>
            <dt>Verified</dt>
            <dd>
              {numberWords(place.verified ?? 0)} of {countWords(place.files, 'file')}
              {place.provenAt === undefined ? '' : `, since ${dateWords(place.provenAt)}`}
            </dd>
          </>
        )}
        {freeBytes !== undefined && totalBytes !== undefined && (
          <>
            <dt>Room</dt>
            <dd>
              {sizeWords(freeBytes)} free of {sizeWords(totalBytes)}
              <meter
                min={0}
                max={totalBytes}
                high={totalBytes * 0.97}
                value={totalBytes - freeBytes}
                aria-label={`${name}: used`}
              />
            </dd>
          </>
        )}
        {place.bucket?.costs !== undefined && (
          <>
            <dt>Costs</dt>
            <dd>{costWords(place.bucket.costs).replace(/^costs /, '')}</dd>
          </>
        )}
        {place.bucket?.forecast !== undefined && (
          <>
            <dt>Forecast</dt>
            <dd>{forecastWords(place.bucket.forecast, place.bucket.quotaBytes)}</dd>
          </>
        )}
        {place.bucket === undefined && forecastOf(place) !== undefined && (
          <>
            <dt>In 30 days</dt>
            <dd>{forecastOf(place)}</dd>
          </>
        )}
      </dl>
      {warnings.map((warning) => (
        <p key={warning} class="note note-care">
          {warning}
        </p>
      ))}
    </>
  )
}

/** If the next month brings as much as the last one did. */
function forecastOf({ freeBytes, needed30DaysBytes }: Place): string | undefined {
  if (freeBytes === undefined || needed30DaysBytes === undefined) return undefined
  const left = freeBytes - needed30DaysBytes
  return left <= 0 ? 'full, if it goes on like this' : `about ${sizeWords(left)} free`
}

const KINDS = {
  raid: 'RAID',
  nas: 'NAS',
  bucket: 'Bucket',
  sync: 'Sync folder',
  card: 'Card',
  gallery: 'Gallery',
} as const

function kindOf({ kind, role, isOffSite = false }: Place): string {
  const word = role === undefined || role === 'drive' ? (kind === 'bucket' ? 'Bucket' : 'Drive') : KINDS[role]
  return isOffSite ? `${word}, off-site` : word
}

function stateOf({ state }: Place): { tone: Tone; words: string } {
  if (state === 'here') return { tone: 'good', words: 'connected' }
  if (state === 'replaced')
    return { tone: 'bad', words: 'another drive answers to this name; nothing is written to it' }
  return { tone: 'care', words: 'not connected' }
}

export function Catalogs({ store, status, onJob }: { store: Store; status: StatusResult; onJob: (job: Job) => void }) {
  const asked = useAnswer(store, 'catalogs', () => store.wire.call('catalog/list', {}))
  const list = valueOf(asked)?.catalogs ?? []
  const known = status.catalogs
  if (known.length === 0 && list.length === 0) return null
  return (
    <Section id="catalogs" title="Catalogs">
      <Waiting asked={asked} what="the backups" />
      <ul class="cards">
        {known.map((catalog) => (
          <li key={catalog.path} class="card">
            <CatalogCard catalog={catalog} backups={list.find(({ path }) => path === catalog.path)?.backups ?? []} />
            <div class="buttons">
              <button
                type="button"
                class="button"
                onClick={() => onJob(catalogBackupJob(store, catalog.name, catalog.path))}
              >
                Back up now
              </button>
              <button
                type="button"
                class="button"
                onClick={() => onJob(catalogCheckJob(store, catalog.name, catalog.path))}
              >
                Check
              </button>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

type Backups = Result<'catalog/list'>['catalogs'][number]['backups']
const BACKUPS_SHOWN = 5

function CatalogCard({ catalog, backups }: { catalog: StatusResult['catalogs'][number]; backups: Backups }) {
  const { name, path, lastBackupAt, judgement, owed, warnings = [] } = catalog
  const tone: Tone = lastBackupAt === undefined ? 'bad' : judgement === 'good' && owed === undefined ? 'good' : 'care'
  return (
    <>
      <h3>
        <Sign
          tone={tone}
          label={lastBackupAt === undefined ? 'not backed up' : `newest backup ${judgement ?? 'not known'}`}
        />{' '}
        {name}
      </h3>
      <p class="quiet path">{path}</p>
      <p>{lastBackupAt === undefined ? 'Not backed up yet.' : `Backed up ${momentWords(lastBackupAt)}.`}</p>
      {owed !== undefined && <p class="note note-care">A new backup is due: {owed}.</p>}
      {warnings.map((warning) => (
        <p key={warning} class="note note-care">
          {warning}
        </p>
      ))}
      {backups.length > 0 && (
        <ul class="lines">
          {backups.slice(0, BACKUPS_SHOWN).map(({ place, backup, takenAt, judgement: how, set }) => (
            <li key={`${place} ${backup}`}>
              {dateWords(takenAt)} on {place}: {how}
              {set === 'complete'
                ? ', with every photo it names'
                : set === 'incomplete'
                  ? ', some of its photos are not there'
                  : ''}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
