// What must be true after every step of a history, whatever has happened: judged from the model and the disks themselves, never from what
// the engine says of itself, except to compare the two.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import type { Daemon } from '../../../helper/daemon.js'
import type { Row } from '../../../helper/journal/journal.js'
import { hashNow, isRecord, isTemporary, type Drive, type Lying, type World } from './world.js'

const DAY_MS = 24 * 60 * 60 * 1000
/** docs/design.md: how long a proof of a copy on a disk is believed. */
const BELIEVED_MS = 90 * DAY_MS

export interface Before {
  readonly lying: ReadonlyMap<Drive, Lying>
}

/** How a heal and a restore mark what they set aside beside an original. */
const PARKED = / \([^()]*\d{4}-\d{2}-\d{2}[^()]*\)(?=\.[^./]*$)/

export class Judge {
  readonly #world: World
  /** Proofs that were true when the engine made them: `place shoot/path hash` → when. */
  readonly #proofs = new Map<string, Set<number>>()
  greens = 0

  constructor(world: World) {
    this.#world = world
  }

  before(): Before {
    return { lying: new Map(this.#world.drives.map((drive) => [drive, this.#world.lyingAt(drive)])) }
  }

  /** @param mayRestore  the step was asked to bring originals back */
  async after(before: Before, daemon: Daemon | undefined, mayRestore: boolean): Promise<void> {
    this.#originalsUntouched(mayRestore)
    for (const [drive, lying] of before.lying) this.#driveHolds(drive, lying)
    if (daemon) {
      const rows = verifiedRows(daemon)
      this.#proofsTrue(rows)
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
  #driveHolds(drive: Drive, before: Lying): void {
    const { destroyed, rotten } = this.#world
    const now = this.#world.lyingAt(drive)
    const held = new Set([...now].map(([file, hash]) => `${nameOf(file)} ${hash}`))
    for (const [file, hash] of before) {
      if (isRecord(file) || isTemporary(file) || destroyed.get(drive.name)?.has(`${file} ${hash}`)) continue
      assert.ok(held.has(`${nameOf(file)} ${hash}`), `${drive.name} held ${file}, and does not any more`)
    }
    for (const [file, hash] of now) {
      if (isRecord(file) || isTemporary(file) || !file.startsWith('Photos/') || before.get(file) === hash) continue
      const relative = nameOf(file).split('/').slice(2).join('/')
      assert.ok(
        this.#isContent(relative, hash) || rotten.has(hash),
        `${drive.name}: ${file} holds what no original ever held`,
      )
    }
  }

  #isContentOrRot(relative: string, hash: string): boolean {
    return this.#isContent(relative, hash) || this.#world.rotten.has(hash)
  }

  /** Under a name that no original ever had (rot in a manifest's names) may lie any whole content. */
  #isContent(relative: string, hash: string): boolean {
    const known = this.#world.contents.get(relative)
    return known ? known.has(hash) : [...this.#world.contents.values()].some((each) => each.has(hash))
  }

  /** Each proof that is new in the journal is true now: the bytes are there, and are the reference. */
  #proofsTrue(rows: readonly Row[]): void {
    const lying = new Map(this.#world.drives.map((drive) => [drive, this.#world.lyingAt(drive)]))
    for (const row of rows) {
      // A proof whose time cannot be (a clock that leapt, a record from the future) is struck out: nothing is claimed then.
      if (row['proven_ms'] === null) continue
      const key = proofKey(row)
      const provenMs = Number(row['proven_ms'])
      const known = this.#proofs.get(key) ?? new Set()
      if (known.has(provenMs)) continue
      const hash = String(row['hash'])
      const where = `${String(row['place'])}, ${String(row['key'])}/${String(row['path'])}`
      if (row['place_id'] === 'working') {
        const file = path.join(this.#world.library, String(row['path_from_root']), String(row['path']))
        const isThere = fs.existsSync(file) && hashNow(file) === hash
        assert.ok(isThere, `the journal says that the original ${where} was proven just now`)
      } else {
        const drive = this.#world.driveOfPlace(String(row['place_id']))
        const at = drive && lying.get(drive)
        const isThere = [...(at ?? [])].some(
          ([file, each]) => each === hash && file.endsWith(`/${String(row['path'])}`),
        )
        assert.ok(isThere, `the journal says that the copy ${where} was proven at ${new Date(provenMs).toISOString()}`)
      }
      this.#proofs.set(key, known.add(provenMs))
    }
  }

  /** A shoot that is called protected has, of each of its photos, true proofs at three places, none too old, one of them off-site. */
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
        const proofs = rows.filter(
          (row) =>
            row['key'] === key &&
            row['path'] === file['name'] &&
            row['hash'] === file['hash'] &&
            this.#isFresh(Number(row['proven_ms'])) &&
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

  #isFresh(provenMs: number): boolean {
    return this.#world.clockMs - provenMs <= BELIEVED_MS && provenMs <= this.#world.clockMs + DAY_MS
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

/** A copy that is set aside takes its proof along. */
function proofKey(row: Row): string {
  return `${String(row['place_id'])} ${nameOf(`${String(row['key'])}/${String(row['path'])}`)} ${String(row['hash'])}`
}

function verifiedRows(daemon: Daemon): Row[] {
  return daemon.journal.all(
    `SELECT c.place_id, c.path, c.proven_ms, v.hash, s.key, s.path_from_root, p.name AS place, p.path AS place_path, p.location
     FROM copies c JOIN versions v ON v.id = c.version_id JOIN files f ON f.id = v.file_id JOIN shoots s ON s.id = f.shoot_id
     LEFT JOIN places p ON p.id = c.place_id WHERE c.state = 'verified'`,
  )
}
