// What one store can do, as the probe found it: the profile that the other modules ask, and the table that people read. Nothing here goes
// by a vendor's name, because the same name does different things from one year to the next.

export interface StoreProfile {
  readonly versioning: boolean
  /** A lock given with a PUT is kept, reported, and forbids deletion. */
  readonly locks: boolean
  /** The same for a lock given when a multipart upload begins; where it is dropped, confirm.ts sets it afterwards. */
  readonly locksMultipart: boolean
  /** Keeps, checks and reports a CRC32 over the whole object, multipart included. */
  readonly keepsCrc32: boolean
  /** A HEAD that asks for checksums is answered rather than refused. */
  readonly answersChecksums: boolean
  /** The ETag of a part and of a plain PUT is the MD5 of its bytes (not so with some server-side encryption). */
  readonly etagIsMd5: boolean
  /** Refuses bytes that do not fit the SHA-256 they were signed with, and takes bytes without an MD5. */
  readonly checksSha256: boolean
  /** `If-None-Match: *` on a PUT leaves an existing object alone. */
  readonly ifAbsent: boolean
  /** Lists unfinished uploads by prefix, which is what the orphan sweep needs. */
  readonly listsUploads: boolean
  /** The key may delete versions: convenient for tidying up, and more than a daily key should be able to do. */
  readonly mayDelete: boolean
  readonly storageClasses: readonly string[]
}

/** What is assumed before a probe: nothing that could make a claim stronger than it is. */
export const CAUTIOUS_PROFILE: StoreProfile = {
  versioning: false,
  locks: false,
  locksMultipart: false,
  keepsCrc32: false,
  answersChecksums: false,
  etagIsMd5: true,
  checksSha256: false,
  ifAbsent: false,
  listsUploads: true,
  mayDelete: false,
  storageClasses: [],
}

/** Whether bytes go with their MD5, which costs more processor time than everything else about sending them: where a lock is, because AWS and
 *  Backblaze take no locked bytes without; where the store does not check what was signed; and where its ETag tells nothing about them. */
export function needsMd5(
  { locks, checksSha256, etagIsMd5 }: Pick<StoreProfile, 'locks' | 'checksSha256' | 'etagIsMd5'>,
  lock: object | undefined,
): boolean {
  return lock !== undefined || locks || !checksSha256 || !etagIsMd5
}

export type ProbeAnswer = 'yes' | 'no' | 'not tested'

export interface ProbeFinding {
  readonly id: string
  /** As a claim, as in "keeps old versions". */
  readonly claim: string
  readonly answer: ProbeAnswer
  /** What the store said, or why it was not tried. */
  readonly detail: string
}

export interface ProbeReport {
  readonly store: string
  readonly probedAtMs: number
  readonly findings: readonly ProbeFinding[]
  readonly profile: StoreProfile
  /** What a place at this store will do without, in words; empty when all is well. */
  readonly warnings: readonly string[]
  /** Objects that the probe could not take away, because their lock holds for a minute or the key may not delete. */
  readonly leftovers: readonly string[]
}

export function formatProbe(report: ProbeReport): string {
  const width = Math.max(...report.findings.map(({ claim }) => claim.length))
  const rows = report.findings.map(({ claim, answer, detail }) =>
    `  ${claim.padEnd(width)}  ${answer.padEnd(10)}  ${detail}`.trimEnd(),
  )
  const warnings = report.warnings.map((warning) => `! ${warning}`)
  return [
    `${report.store}, probed ${new Date(report.probedAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    ...rows,
    ...warnings,
  ].join('\n')
}

/** What the person who adds the place should know. */
export function warningsFor(profile: StoreProfile): readonly string[] {
  const warnings: string[] = []
  if (!profile.versioning)
    warnings.push(
      'This bucket keeps no old versions: an overwritten or deleted photo is gone from it. Switch versioning on, or let Safelight do it.',
    )
  if (!profile.locks)
    warnings.push('Copies cannot be locked here: whoever has the key, a burglar’s program included, can delete them.')
  if (profile.locks && !profile.locksMultipart)
    warnings.push(
      'This store drops the lock of large files while they are sent; Safelight sets it afterwards and checks that it holds.',
    )
  if (!profile.etagIsMd5 && !profile.keepsCrc32)
    warnings.push(
      'This store tells nothing about the bytes it holds. Copies are confirmed by size and by the hash that travels with them, and by reading them back in slices.',
    )
  if (!profile.listsUploads)
    warnings.push(
      'Unfinished uploads cannot be listed here, so set the provider’s own rule that clears them away after 7 days.',
    )
  if (profile.mayDelete)
    warnings.push('This key may delete versions. A key that can only put, get and list is safer for every day.')
  return warnings
}
