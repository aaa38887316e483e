// `catalog check`: every file that the catalog references, with its sidecars, accounted for. Works through the listing a slice at a time,
// within a budget of time and bytes, and says where it stopped so that the next run goes on from there. What a file is, classify.ts
// decides; the disk is looked at in a worker thread; what is known of copies comes in through `lookUp`.
import path from 'node:path'
import type { CheckDeps, CheckFinding, CheckOptions, CheckResult } from './check-terms.js'
import {
  classifyCopies,
  classifyFile,
  type CopyFinding,
  type FileFacts,
  type FileState,
  type KnownFile,
} from './classify.js'
import type { RootState } from './locate.js'
import { LOOKING_THREADS, openLook, type Look, type Seen, type SeenFile } from './look.js'
import type { PrivateCopy } from './private-copy.js'
import { listReferencedFiles, readCatalogOutline, type CatalogRoot, type ReferencedFile } from './reader.js'
import { stateOfRoot } from './root-state.js'

/** A listing of more helps nobody and costs memory; the counts are always whole. */
const FINDINGS_KEPT = 100_000

/** @param copy  a private copy of the catalog, never the live one */
export async function checkCatalog(deps: CheckDeps, copy: PrivateCopy, options: CheckOptions): Promise<CheckResult> {
  const startedMs = deps.now()
  const outline = await readCatalogOutline(copy, options.signal)
  const roots = new Map(outline.roots.map((root) => [root.id, { root, state: stateOfRoot(root, options.catalog) }]))
  const check = new Check(roots, options)
  const look = openLook(options.signal)
  try {
    const listing = listReferencedFiles(copy, outline, {
      after: options.after ?? 0,
      ...(options.signal ? { signal: options.signal } : {}),
    })
    let last: number | undefined
    let done = 0
    // The next slices are looked at on the disk while an earlier one is judged here.
    const begun: Promise<readonly Subject[]>[] = []
    const judgeAllBut = async (left: number) => {
      for (const subjects of begun.splice(0, Math.max(0, begun.length - left)))
        await check.judge(deps, look, await subjects)
    }
    for await (const slice of listing) {
      await judgeAllBut(LOOKING_THREADS - 1)
      if (check.stoppedAt !== undefined) break
      if (last !== undefined && deps.now() - startedMs >= (options.budgetMs ?? Number.POSITIVE_INFINITY)) {
        await judgeAllBut(0)
        return check.result(last)
      }
      const subjects = check.look(look, slice)
      // Awaited later; until then a failure must not count as unhandled.
      subjects.catch(() => undefined)
      begun.push(subjects)
      last = slice.at(-1)?.id
      done += slice.length
      options.onProgress?.(done, outline.files)
    }
    await judgeAllBut(0)
    return check.result(check.stoppedAt === undefined ? undefined : check.stoppedAt - 1)
  } finally {
    await look.close()
  }
}

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
}

class Check {
  readonly #roots: ReadonlyMap<number, LocatedRoot>
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

  constructor(roots: ReadonlyMap<number, LocatedRoot>, options: CheckOptions) {
    this.#roots = roots
    this.#options = options
  }

  /** The first file that there were no bytes left for, in a check that reads everything. Nothing after it is judged. */
  get stoppedAt(): number | undefined {
    return this.#stoppedAt
  }

  /** Looks for the files of a slice whose root is here, and counts the others. */
  look(look: Look, files: readonly ReferencedFile[]): Promise<readonly Subject[]> {
    const online: ReferencedFile[] = []
    const { shoot } = this.#options
    for (const file of files) {
      if (shoot !== undefined && !`${this.#shootOf(file)}/`.startsWith(`${shoot}/`)) continue
      const root = this.#roots.get(file.root)
      if (root?.state.kind !== 'here' && root?.state.kind !== 'moved') this.#count(file)
      if (!root)
        this.#record(
          'missing',
          file,
          'original',
          file.path || file.name,
          'The catalog does not say in which folder it is.',
        )
      else if (root.state.kind === 'offline') this.#countOffline(file)
      else online.push(file)
    }
    return this.#lookAt(look, online)
  }

  async judge(deps: CheckDeps, look: Look, subjects: readonly Subject[]): Promise<void> {
    const known = await deps.lookUp(subjects.map((subject) => subject.path))
    const inOrder = this.#options.readsAll ? [...subjects].sort((a, b) => a.file.id - b.file.id) : subjects
    for (const subject of inOrder) {
      if (this.#stoppedAt !== undefined && subject.file.id >= this.#stoppedAt) return
      const knownFile = known.get(subject.path)
      const facts = factsOf(subject, knownFile)
      const state = classifyFile(facts)
      if (this.#isWorthReading(state)) {
        if (!this.#isAffordable(facts)) {
          if (this.#options.readsAll) this.#stoppedAt = subject.file.id
          else this.#finish(subject, state, knownFile)
          continue
        }
        const read = await this.#read(look, subject, facts)
        this.#finish(subject, classifyFile(read), knownFile)
      } else this.#finish(subject, state, knownFile)
    }
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

  async #lookAt(look: Look, files: readonly ReferencedFile[]): Promise<Subject[]> {
    const byFolder = new Map<string, ReferencedFile[]>()
    for (const file of files) {
      const folder = this.#folderOf(file)
      const group = byFolder.get(folder)
      if (group) group.push(file)
      else byFolder.set(folder, [file])
    }
    const folders = [...byFolder].map(([folder, wanted]) => ({ folder, wanted }))
    const seen = await look.into(folders)
    return [...byFolder].flatMap(([folder, group], index) =>
      group.flatMap((file, position) => subjectsOf(folder, file, seen[index]?.[position])),
    )
  }

  /** With the slash at its end. */
  #folderOf(file: ReferencedFile): string {
    const state = this.#roots.get(file.root)?.state
    const root = state?.kind === 'moved' ? state.path : file.rootPath
    return `${root.endsWith('/') ? root : `${root}/`}${file.path.slice(file.rootPath.length, file.path.length - file.name.length)}`
  }

  #finish({ file, role, seen, path: at }: Subject, state: FileState, known: KnownFile | undefined): void {
    if (role === 'sidecar') this.#sidecars += 1
    else this.#count(file)
    this.#record(state, file, role, at, seen.kind === 'unreadable' ? seen.message : undefined)
    const kind = this.#options.withPlaces && seen.kind === 'found' ? classifyCopies(known) : undefined
    if (kind === undefined) return
    this.#copies[kind] = (this.#copies[kind] ?? 0) + 1
    this.#keep({ kind, file: at, shoot: this.#shootOf(file), role })
  }

  #count(file: ReferencedFile): void {
    this.#files += 1
    this.#virtualCopies += file.virtualCopies
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

  async #read(look: Look, subject: Subject, facts: FileFacts): Promise<FileFacts> {
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

  #shootOf(file: ReferencedFile): string {
    const root = this.#roots.get(file.root)?.root
    const name = root ? root.name || path.posix.basename(root.path) : '?'
    return `${name}/${file.folder}`.replace(/\/+$/, '')
  }
}

function factsOf({ file, role, seen }: Subject, known: KnownFile | undefined): FileFacts {
  const isOriginal = role === 'original'
  return {
    role,
    format: isOriginal ? file.format : '',
    name: seen.name,
    presence: seen.kind === 'found' ? { kind: 'found', file: seen } : seen,
    known,
    importedBytes: isOriginal ? file.importedBytes : undefined,
  }
}

function subjectsOf(folder: string, file: ReferencedFile, seen: SeenFile | undefined): Subject[] {
  if (!seen) return []
  const subject = (role: Subject['role'], each: Seen): Subject => ({
    file,
    role,
    path: `${folder}${each.name}`,
    seen: each,
  })
  return [subject('original', seen.main), ...[...seen.listed, ...seen.others].map((each) => subject('sidecar', each))]
}
