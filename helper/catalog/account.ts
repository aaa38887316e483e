// The account of a check: every file that a catalog names, looked at and judged. Nearly all are as they should be, and of those there are only
// numbers to compare; whatever is remarkable is taken apart and judged one by one, as classify.ts decides.
import path from 'node:path'
import type { CheckDeps, CheckFinding, CheckOptions, CheckResult } from './check-terms.js'
import {
  classifyCopies,
  classifyFile,
  plainState,
  type CopyFinding,
  type FileFacts,
  type FileState,
  type KnownFile,
} from './classify.js'
import { asText, type Slice } from './columns.js'
import { knownAt, namesIn, UNKNOWN, type KnownFiles } from './known-files.js'
import type { RootState } from './locate.js'
import type { Look } from './look.js'
import { MISSING, UNREADABLE, type PackedLook } from './look-format.js'
import {
  locateFolders,
  sliceReader,
  type CatalogOutline,
  type CatalogRoot,
  type Located,
  type ReferencedFile,
} from './reader.js'
import { stateOfRoot } from './root-state.js'
import type { Listing } from './worker.js'

/** A listing of more helps nobody and costs memory; the counts are always whole. */
const FINDINGS_KEPT = 100_000

/** What there is to see of a file, under the name that it has on disk. */
type Seen =
  | { readonly kind: 'found'; readonly name: string; readonly sizeBytes: number; readonly mtimeMs: number }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'unreadable'; readonly name: string; readonly message: string }

interface LocatedRoot {
  readonly root: CatalogRoot
  readonly state: RootState
}

/** One file or sidecar on its way to a verdict. */
interface Subject {
  readonly file: ReferencedFile
  readonly role: 'original' | 'sidecar'
  /** Absolute, in this machine's form. */
  readonly path: string
  readonly seen: Seen
  readonly known: KnownFile | undefined
}

interface JudgeDeps extends Pick<CheckDeps, 'lookUp'> {
  readonly look: Pick<Look, 'hash'>
  readonly listing: Pick<Listing, 'formats'>
}

export class Account {
  readonly #roots: ReadonlyMap<number, LocatedRoot>
  readonly #located: ReadonlyMap<number, Located>
  readonly #virtual: ReadonlyMap<number, number>
  readonly #takeApart: (json: string) => readonly ReferencedFile[]
  readonly #options: CheckOptions
  readonly #states: Partial<Record<FileState, number>> = {}
  readonly #copies: Partial<Record<CopyFinding, number>> = {}
  readonly #findings: CheckFinding[] = []
  readonly #offline = new Map<number, number>()
  #files = 0
  #sidecars = 0
  #virtualCopies = 0
  #bytesRead = 0
  #isCutShort = false
  #stoppedAt: number | undefined

  constructor(outline: CatalogOutline, options: CheckOptions) {
    this.#roots = new Map(outline.roots.map((root) => [root.id, { root, state: stateOfRoot(root, options.catalog) }]))
    this.#located = locateFolders(outline)
    this.#virtual = new Map(outline.virtualCopies)
    this.#takeApart = sliceReader(outline)
    this.#options = options
  }

  /** The first file that there were no bytes left for, in a check that reads everything. Nothing after it is judged. */
  get stoppedAt(): number | undefined {
    return this.#stoppedAt
  }

  /** Where to look, by the id of the folder's row: the folders of the wanted shoot whose root is here. */
  folders(): ReadonlyMap<number, string> {
    const here = new Map<number, string>()
    for (const [id, { root, rootPath, folder, prefix }] of this.#located) {
      const state = this.#roots.get(root)?.state
      if (!state || state.kind === 'offline' || !this.#isWanted({ root, folder })) continue
      const at = state.kind === 'moved' ? state.path : rootPath
      here.set(id, `${at.endsWith('/') ? at : `${at}/`}${prefix.slice(rootPath.length).replace(/^\//, '')}`)
    }
    return here
  }

  async judge({ lookUp, look, listing }: JudgeDeps, slice: Slice, seen: PackedLook): Promise<void> {
    if (this.#stoppedAt !== undefined) return
    const known = await lookUp(seen.folders)
    let files: readonly ReferencedFile[] | undefined
    const fileAt = (row: number): ReferencedFile | undefined => (files ??= this.#takeApart(slice.json))[row]
    const open = this.#settle(seen, known, fileAt)
    const inOrder = this.#options.readsAll ? open.sort((a, b) => a.file.id - b.file.id) : open
    const formats = open.some(({ role }) => role === 'original') ? await listing.formats(slice) : undefined
    for (const subject of inOrder) {
      if (this.#stoppedAt !== undefined && subject.file.id >= this.#stoppedAt) break
      const facts = factsOf(subject, formats?.get(subject.file.id))
      const state = classifyFile(facts)
      if (this.#isWorthReading(state)) {
        if (!this.#isAffordable(facts)) {
          if (this.#options.readsAll) this.#stoppedAt = subject.file.id
          else this.#finish(subject, state)
          continue
        }
        const read = await this.#read(look, subject, facts)
        this.#finish(subject, classifyFile(read))
      } else this.#finish(subject, state)
    }
    for (const row of seen.elsewhere) this.#countElsewhere(fileAt(row))
  }

  result(resumeAfter: number | undefined): CheckResult {
    const located = [...this.#roots.values()]
    return {
      files: this.#files,
      sidecars: this.#sidecars,
      virtualCopies: this.#virtualCopies,
      states: this.#states,
      copies: this.#copies,
      findings: this.#findings,
      isCutShort: this.#isCutShort,
      offlineRoots: located.flatMap(({ root, state }) =>
        state.kind === 'offline'
          ? [{ root: root.path, files: this.#offline.get(root.id) ?? 0, message: state.message, remedy: state.remedy }]
          : [],
      ),
      movedRoots: located.flatMap(({ root, state }) =>
        state.kind === 'moved' ? [{ root: root.path, now: state.path, message: state.message }] : [],
      ),
      bytesRead: this.#bytesRead,
      ...(resumeAfter === undefined ? {} : { resumeAfter }),
    }
  }

  /** Counts what is as it should be. @returns the others, in the order seen */
  #settle(
    seen: PackedLook,
    known: readonly (KnownFiles | undefined)[],
    fileAt: (row: number) => ReferencedFile | undefined,
  ): Subject[] {
    const open: Subject[] = []
    let [file, at] = [0, 0]
    seen.folders.forEach((folder, index) => {
      const there = known[index]
      const first = at
      let names: readonly string[] | undefined
      for (const end = file + folder.files; file < end; file += 1) {
        const original = at
        for (const last = at + (seen.counts[file] ?? 0); at < last; at += 1) {
          const role = at === original ? 'original' : 'sidecar'
          const importedBytes = role === 'original' ? seen.importedBytes[file] : undefined
          const state = this.#plainStateOf(seen, at, there, at - first, importedBytes)
          if (state !== undefined) {
            if (role === 'original') this.#count(this.#virtual.get(seen.ids[file] ?? 0) ?? 0)
            else this.#sidecars += 1
            this.#states[state] = (this.#states[state] ?? 0) + 1
            continue
          }
          const row = fileAt(seen.rows[file] ?? -1)
          names ??= namesIn(folder)
          const name = names[at - first] ?? ''
          const subject = { role, path: `${folder.folder}${name}`, seen: seenAt(seen, at, name) } as const
          if (row) open.push({ ...subject, file: row, known: knownAt(there, at - first) })
        }
      }
    })
    return open
  }

  /** @param at  among all that were looked for @param within  among those of its folder */
  #plainStateOf(
    { values }: PackedLook,
    at: number,
    there: KnownFiles | undefined,
    within: number,
    importedBytes: number | undefined,
  ): FileState | undefined {
    if (this.#options.readsAll === true) return undefined
    const knownBytes = there?.sizes[within] ?? UNKNOWN
    if (
      this.#options.withPlaces &&
      (knownBytes === UNKNOWN || classifyCopies({ verifiedCopies: there?.verifiedCopies[within] ?? 0 }))
    )
      return undefined
    return plainState({
      sizeBytes: values[at * 2] ?? MISSING,
      mtimeMs: values[at * 2 + 1] ?? 0,
      knownBytes: knownBytes === UNKNOWN ? undefined : knownBytes,
      knownMtimeMs: there?.mtimes[within] ?? 0,
      importedBytes: Number.isNaN(importedBytes) ? undefined : importedBytes,
    })
  }

  /** Whose root is away, or nowhere. */
  #countElsewhere(file: ReferencedFile | undefined): void {
    if (!file || !this.#isWanted(file) || (this.#stoppedAt !== undefined && file.id >= this.#stoppedAt)) return
    this.#count(file.virtualCopies)
    if (this.#roots.has(file.root)) this.#countOffline(file)
    else
      this.#record(
        'missing',
        file,
        'original',
        file.path || file.name,
        'The catalog does not say in which folder it is.',
      )
  }

  #isWanted(folder: Pick<ReferencedFile, 'root' | 'folder'>): boolean {
    const { shoot } = this.#options
    return shoot === undefined || `${this.#shootOf(folder)}/`.startsWith(`${shoot}/`)
  }

  #finish({ file, role, seen, path: at, known }: Subject, state: FileState): void {
    if (role === 'sidecar') this.#sidecars += 1
    else this.#count(file.virtualCopies)
    this.#record(state, file, role, at, seen.kind === 'unreadable' ? seen.message : undefined)
    const kind = this.#options.withPlaces && seen.kind === 'found' ? classifyCopies(known) : undefined
    if (kind === undefined) return
    this.#copies[kind] = (this.#copies[kind] ?? 0) + 1
    this.#keep({ kind, file: at, shoot: this.#shootOf(file), role })
  }

  #count(virtualCopies: number): void {
    this.#files += 1
    this.#virtualCopies += virtualCopies
  }

  #isWorthReading(state: FileState): boolean {
    return state === 'must-be-read' || (this.#options.readsAll === true && state === 'present')
  }

  /** A check that reads everything reads one file at least, or it would never come to an end, and a photo with its sidecars. */
  #isAffordable({ presence, role }: FileFacts): boolean {
    const sizeBytes = presence.kind === 'found' ? presence.file.sizeBytes : 0
    if (this.#options.readsAll && (this.#bytesRead === 0 || role === 'sidecar')) return true
    return this.#bytesRead + sizeBytes <= (this.#options.budgetBytes ?? Number.POSITIVE_INFINITY)
  }

  async #read(look: Pick<Look, 'hash'>, subject: Subject, facts: FileFacts): Promise<FileFacts> {
    const read = await look.hash(subject.path)
    if (read.kind === 'failed') return { ...facts, presence: { kind: 'unreadable', message: read.message } }
    this.#bytesRead += read.sizeBytes
    return { ...facts, presence: { kind: 'found', file: read } }
  }

  #record(state: FileState, file: ReferencedFile, role: Subject['role'], at: string, detail?: string): void {
    this.#states[state] = (this.#states[state] ?? 0) + 1
    if (state === 'proven' || state === 'present' || state === 'unknown-content' || state === 'root-offline') return
    this.#keep({ kind: state, file: at, shoot: this.#shootOf(file), role, ...(detail === undefined ? {} : { detail }) })
  }

  #keep(finding: CheckFinding): void {
    if (this.#findings.length < FINDINGS_KEPT) this.#findings.push(finding)
    else this.#isCutShort = true
  }

  #countOffline(file: ReferencedFile): void {
    this.#states['root-offline'] = (this.#states['root-offline'] ?? 0) + 1
    this.#offline.set(file.root, (this.#offline.get(file.root) ?? 0) + 1)
  }

  #shootOf(file: Pick<ReferencedFile, 'root' | 'folder'>): string {
    const root = this.#roots.get(file.root)?.root
    const name = root ? root.name || path.posix.basename(root.path) : '?'
    return `${name}/${file.folder}`.replace(/\/+$/, '')
  }
}

function factsOf({ file, role, seen, known }: Subject, format: unknown): FileFacts {
  const isOriginal = role === 'original'
  return {
    role,
    format: isOriginal ? asText(format) : '',
    name: seen.name,
    presence: seen.kind === 'found' ? { kind: 'found', file: seen } : seen,
    known,
    importedBytes: isOriginal ? file.importedBytes : undefined,
  }
}

function seenAt({ values, messages }: PackedLook, at: number, name: string): Seen {
  const [sizeBytes = MISSING, mtimeMs = 0] = [values[at * 2], values[at * 2 + 1]]
  if (sizeBytes === MISSING) return { kind: 'missing', name }
  if (sizeBytes === UNREADABLE) return { kind: 'unreadable', name, message: messages.get(at) ?? '' }
  return { kind: 'found', name, sizeBytes, mtimeMs }
}
