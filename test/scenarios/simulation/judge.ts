// What must be true after every step of a history, whatever has happened: judged from the model and the disks themselves, never from what
// the engine says of itself, except to compare the two.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Daemon } from '../../../helper/daemon.js'
import type { Row } from '../../../helper/journal/journal.js'
import type { Catalog } from './catalog.js'
import { hashNow, isRecord, isTemporary, lyingBelow, type Drive, type Lying, type World } from './world.js'

const DAY_MS = 24 * 60 * 60 * 1000
/** docs/design.md: how long a claim is believed, by how it came about. */
const BELIEVED_DAYS: Readonly<Record<string, number>> = { 'server checksum': 31, download: 365 }
const BELIEVED_ON_A_DISK_DAYS = 90

export interface Before {
  /** By the drive's name or the bucket's tree. */
  readonly lying: ReadonlyMap<string, Lying>
}

/** How a heal and a restore mark what they set aside beside an original. */
const PARKED = / \([^()]*\d{4}-\d{2}-\d{2}[^()]*\)(?=\.[^./]*$)/

export class Judge {
  readonly #world: World
  readonly #catalog: Catalog
  /** Proofs that were true when the engine made them: `place shoot/path hash` → when. */
  readonly #proofs = new Map<string, Set<number>>()
  readonly #catalogs = new Set<string>()
  readonly #temporaries = new Set<string>()
  greens = 0

  constructor(world: World, catalog: Catalog) {
    this.#world = world
    this.#catalog = catalog
  }

  before(): Before {
    return { lying: this.#world.lying() }
  }

  /** @param mayRestore  the step was asked to bring originals back */
  async after(before: Before, daemon: Daemon | undefined, mayRestore: boolean): Promise<void> {
    this.#originalsUntouched(mayRestore)
    const lying = this.#world.lying()
    for (const holder of new Set([...before.lying.keys(), ...lying.keys()]))
      this.#holds(holder, before.lying.get(holder) ?? new Map(), lying.get(holder) ?? new Map())
    if (daemon) {
      const rows = verifiedRows(daemon)
      this.#proofsTrue(rows, lying)
      this.#catalogsTrue(daemon)
      await this.#greenTrue(daemon, rows)
    }
  }

  /** No original has changed, gone or come, but by the photographer's hand; nothing of ours lies among them. */
  #originalsUntouched(mayRestore: boolean): void {
    const { library, originals, rotten } = this.#world
    const found = new Set<string>()
    for (const entry of fs.readdirSync(library, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath, entry.name)
      const relative = path.relative(library, file)
      if (isTemporary(relative)) {
        // A restore that was killed leaves its half files, until the next one.
        assert.ok(mayRestore || this.#temporaries.has(relative), `${relative} came to lie among the originals`)
        this.#temporaries.add(relative)
        continue
      }
      found.add(relative)
      const original = originals.get(relative)
      const hash = hashNow(file)
      if (mayRestore && (!original || original.isRotten || original.hash !== hash)) {
        if (original?.isRotten === true && rotten.has(hash)) continue
        const isParked = PARKED.test(relative) && this.#isContentOrRot(relative.replace(PARKED, ''), hash)
        assert.ok(
          isParked || this.#isContent(relative, hash),
          `${relative} was brought back, and holds what it once held`,
        )
        if (isParked) this.#world.remember(relative, hash)
        originals.set(relative, { hash, mtimeMs: fs.statSync(file).mtimeMs, isRotten: false })
        continue
      }
      assert.ok(original, `${relative} came to lie among the originals`)
      if (original.isRotten) assert.ok(rotten.has(hash), `the rotten original ${relative} was changed`)
      else assert.equal(hash, original.hash, `the original ${relative} was changed`)
      assert.ok(
        Math.abs(fs.statSync(file).mtimeMs - original.mtimeMs) < 2,
        `the date of the original ${relative} was changed`,
      )
    }
    for (const relative of originals.keys()) assert.ok(found.has(relative), `the original ${relative} is gone`)
  }

  /** Whatever lay there lies there still, under its name or set aside, and what came has a right to its name. */
  #holds(holder: string, before: Lying, now: Lying): void {
    const { rotten } = this.#world
    const held = new Set([...now].map(([file, hash]) => `${nameOf(file)} ${hash}`))
    for (const [file, hash] of before) {
      if (isRecord(file) || isTemporary(file) || this.#world.isDestroyed(holder, file, hash)) continue
      // A bucket keeps what rotted as an earlier version of the object, not under a name of its own.
      if (rotten.has(hash) && this.#world.cloud.holds(holder)) continue
      assert.ok(held.has(`${nameOf(file)} ${hash}`), `${holder} held ${file}, and does not any more`)
    }
    for (const [file, hash] of now) {
      if (isRecord(file) || isTemporary(file) || !file.startsWith('Photos/') || before.get(file) === hash) continue
      const relative = nameOf(file).split('/').slice(2).join('/')
      assert.ok(
        this.#isContent(relative, hash) || rotten.has(hash),
        `${holder}: ${file} holds what no original ever held`,
      )
    }
  }

  #isContentOrRot(relative: string, hash: string): boolean {
    return this.#isContent(relative, hash) || this.#world.rotten.has(hash)
  }

  /** Where rot was in a record's names, a name may have become another's, or one that no original ever had: then any whole content will do. */
  #isContent(relative: string, hash: string): boolean {
    const { contents, spoiled, cloud } = this.#world
    const known = contents.get(relative)
    if (known?.has(hash) === true) return true
    const mayBeAnothers = known === undefined || spoiled.size > 0 || cloud.spoiled.size > 0
    return mayBeAnothers && [...contents.values()].some((each) => each.has(hash))
  }

  /** Each proof that is new in the journal is true now: the bytes are there, and are the reference. */
  #proofsTrue(rows: readonly Row[], lying: ReadonlyMap<string, Lying>): void {
    for (const row of rows) {
      // A proof whose time cannot be (a clock that leapt, a record from the future) is struck out: nothing is claimed then.
      if (row['proven_ms'] === null) continue
      const keys = this.#proofKeys(row)
      const provenMs = Number(row['proven_ms'])
      if (keys.some((key) => this.#proofs.get(key)?.has(provenMs) === true)) continue
      const hash = String(row['hash'])
      const where = `${String(row['place'])}, ${String(row['key'])}/${String(row['path'])}`
      if (row['place_id'] === 'working') {
        const file = path.join(this.#world.library, String(row['path_from_root']), String(row['path']))
        const isThere = fs.existsSync(file) && hashNow(file) === hash
        assert.ok(isThere, `the journal says that the original ${where} was proven just now`)
      } else {
        const holder = this.#holderOf(row)
        const isIt = ([file, each]: readonly [string, string]): boolean =>
          each === hash && file.endsWith(`/${String(row['path'])}`)
        // A new home knows no drive: what it was given may have been the empty socket of one, a folder of the computer's own disk.
        const lyingThere = lying.get(holder) ?? lyingBelow(path.join(String(row['place_path']), 'Safelight'))
        // A proof that only a log tells of, because its journal died with it, may be older than the rot.
        const wasThere = this.#world.wasThere(holder, String(row['path']), hash, provenMs)
        const isThere = wasThere || [...lyingThere].some(isIt) || this.#isBelieved(row, holder)
        assert.ok(isThere, `the journal says that the copy ${where} was proven at ${new Date(provenMs).toISOString()}`)
      }
      for (const key of keys) this.#proofs.set(key, (this.#proofs.get(key) ?? new Set()).add(provenMs))
    }
  }

  /** Each catalog backup that is new in the journal and called good is there, and is one that Lightroom wrote. */
  #catalogsTrue(daemon: Daemon): void {
    for (const row of daemon.journal.all(
      `SELECT b.*, p.name AS place, p.path FROM catalog_backups b JOIN places p ON p.id = b.place_id WHERE b.verdict = 'good' AND p.kind = 'drive'`,
    )) {
      const key = `${String(row['place_id'])} ${String(row['name'])} ${String(row['stamp'])}`
      if (this.#catalogs.has(key)) continue
      const drive = this.#world.driveOfPlace(String(row['place_id']))
      if (!drive) continue
      const packed = path.join(
        this.#world.folderOf(drive),
        'Safelight',
        'Catalogs',
        String(row['name']),
        String(row['stamp']),
        'Wedding.lrcat.gz',
      )
      assert.ok(
        fs.existsSync(packed) && this.#catalog.isEdition(fs.readFileSync(packed)),
        `${drive.name}: the backup ${String(row['stamp'])} of the catalog is called good`,
      )
      this.#catalogs.add(key)
    }
  }

  /** A server's checksum is the word of the server, which knows nothing of a bit that rotted behind it. */
  #isBelieved(row: Row, machine: string): boolean {
    const file = `Photos/${String(row['key'])}/${String(row['path'])}`
    return row['proven_how'] === 'server checksum' && this.#world.cloud.saysOf(machine, file) === row['hash']
  }

  /** A copy that is set aside takes its proof along, and so does a drive whose id rotted. */
  #proofKeys(row: Row): string[] {
    const copy = `${nameOf(`${String(row['key'])}/${String(row['path'])}`)} ${String(row['hash'])}`
    return [`${String(row['place_id'])} ${copy}`, `${this.#holderOf(row)} ${copy}`]
  }

  #holderOf(row: Row): string {
    if (row['kind'] === 'bucket') return (JSON.parse(String(row['settings'])) as { machineId: string }).machineId
    const { drives } = this.#world
    // Under an id that had rotted, and was put right since, it is known by where it is.
    const isThere = ({ socket, shelf }: Drive): boolean => socket === row['place_path'] && !fs.existsSync(shelf)
    return (this.#world.driveOfPlace(String(row['place_id'])) ?? drives.find(isThere))?.name ?? ''
  }

  /** A shoot that is called protected has, of each of its photos, true proofs at three places, none too old, one of them off-site. What was
   *  renamed is judged under its new name. */
  async #greenTrue(daemon: Daemon, rows: readonly Row[]): Promise<void> {
    const list = daemon.handlers['shoots/list']
    assert.ok(list)
    for (const { id: key, verdict } of (await list({}, context())).shoots) {
      if (verdict !== 'protected') continue
      this.greens += 1
      const files = daemon.journal.all(
        `SELECT f.name, f.gone_ms, v.hash FROM files f JOIN shoots s ON s.id = f.shoot_id JOIN versions v ON v.id = f.version_id WHERE s.key = ?`,
        [key],
      )
      for (const file of files) {
        const relative = `${key}/${String(file['name'])}`.split('/').slice(1).join('/')
        if (file['gone_ms'] !== null && this.#wasRenamed(relative, String(file['hash']))) continue
        const proofs = rows.filter(
          (row) =>
            row['key'] === key &&
            row['path'] === file['name'] &&
            row['hash'] === file['hash'] &&
            this.#isFresh(row) &&
            (row['place_id'] !== 'working' || file['gone_ms'] === null),
        )
        const places = new Set(proofs.map((row) => row['place_id']))
        const label = `${key}/${String(file['name'])} is called protected`
        assert.ok(places.size >= 3, `${label} with ${places.size} proofs`)
        assert.ok(
          proofs.some((row) => row['location'] === 'off-site'),
          `${label} with none of them off-site`,
        )
      }
    }
  }

  /** Whatever has the old name now: it is another content, and not seen yet. */
  #wasRenamed(relative: string, hash: string): boolean {
    return [...this.#world.contents].some(([other, hashes]) => other !== relative && hashes.has(hash))
  }

  #isFresh(row: Row): boolean {
    const days = row['kind'] === 'bucket' ? (BELIEVED_DAYS[String(row['proven_how'])] ?? 0) : BELIEVED_ON_A_DISK_DAYS
    const provenMs = Number(row['proven_ms'])
    return this.#world.clockMs - provenMs <= days * DAY_MS && provenMs <= this.#world.clockMs + DAY_MS
  }
}

export function context() {
  return {
    signal: new AbortController().signal,
    client: { kind: 'cli', version: 'test' },
    progress: () => undefined,
  } as const
}

/** `Photos/x/Versions/2024…/a.xmp` → `Photos/x/a.xmp` */
export function nameOf(file: string): string {
  return file.replaceAll(/(^|\/)(Versions|Quarantine)\/[^/]+\//g, '$1')
}

function verifiedRows(daemon: Daemon): Row[] {
  return daemon.journal.all(
    `SELECT c.place_id, c.path, c.proven_ms, c.proven_how, v.hash, s.key, s.path_from_root, p.name AS place, p.path AS place_path, p.kind, p.settings, p.location
     FROM copies c JOIN versions v ON v.id = c.version_id JOIN files f ON f.id = v.file_id JOIN shoots s ON s.id = f.shoot_id
     LEFT JOIN places p ON p.id = c.place_id WHERE c.state = 'verified'`,
  )
}
