// Every method of the wire: what is sent and what comes back, with units. The Lua plugin, the bridge, the command line, the page and the
// helper all read this one list. Times are ISO 8601 UTC strings, sizes bytes, hashes 64 lower-case hex; no number reaches 1e14.
// Strings are opaque (in Lua their length counts bytes), and nothing depends on an empty list differing from an empty object.
// Long on purpose: it is the index of the wire, types all through, and whoever looks for a method looks in one place.

/** Raised when a message's meaning changes; a newer or older other side is told so in words and asked to update. */
export const PROTOCOL_VERSION = 1

/** What a message may measure on the wire, in bytes; longer ones are refused and long answers are paged. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

/** The plugin sends at most this many photos in one `photos/imported`. */
export const PHOTOS_PER_MESSAGE = 200

export type Verdict = 'protected' | 'partly' | 'at-risk' | 'unknown'

/** Every command's answer begins with these three. */
export interface Outcome {
  readonly ok: boolean
  /** By tens; see docs/protocol.md. */
  readonly exitCode: number
  /** One to three sentences for a photographer. */
  readonly summary: string
}

export interface Finding {
  readonly kind: string
  readonly place: string
  readonly shoot: string
  readonly file: string
  /** What was found and what to do, in words. */
  readonly message: string
}

export interface ShootPlace {
  /** Name of the place; `working` is where the originals are. */
  readonly place: string
  readonly files: number
  readonly verified: number
  /** The oldest of the proofs counted in `verified`; absent when there is none. */
  readonly provenAt?: string
  /** Of a bucket. */
  readonly offsite?: OffsiteState
}

/** How far copies are on their way to a bucket. Only what is confirmed counts, and `locked` is part of it. */
export interface OffsiteState {
  /** Of all files of the shoot: the least of theirs. */
  readonly state: 'waiting' | 'in flight' | 'confirmed' | 'confirmed and locked'
  readonly waiting: number
  readonly inFlight: number
  readonly confirmed: number
  readonly locked: number
  /** The earliest end among the locks. */
  readonly lockedUntil?: string
}

export interface Shoot {
  readonly id: string
  readonly files: number
  readonly bytes: number
  readonly verdict: Verdict
  readonly places: readonly ShootPlace[]
  /** What is missing for `protected`, in words; empty only then. */
  readonly missing?: readonly string[]
  /** The oldest proof that the verdict rests on; never shown green without it. */
  readonly provenAt?: string
  /** When `protected` ends unless something is proven anew; absent for any other verdict. */
  readonly validUntil?: string
  /** Dates of its oldest and newest file. */
  readonly firstAt?: string
  readonly lastAt?: string
  /** Files whose originals are gone and not missed: their catalog entries were removed on purpose, or they were moved or renamed and are counted
   *  under their new names. Their copies are kept. */
  readonly letGo?: number
  readonly score?: readonly ScoreDigit[]
}

/** One digit of 3-2-1-1-0: of the worst file it is asked of. */
export interface ScoreDigit {
  readonly rule: 'copies' | 'media' | 'off-site' | 'extra' | 'errors'
  /** 3, 2, 1, 1, 0. */
  readonly wanted: number
  /** Absent: nobody knows. */
  readonly have?: number
  readonly isMet: boolean
  /** The oldest proof that it rests on, and how that was made: direct, cached, server checksum, download, object lock, drill. */
  readonly provenAt?: string
  readonly how?: string
}

/** Something that the user is told of: on the desktop, on the page, by mail. At most 25 words that say what to do. */
export interface Notice {
  readonly kind:
    | 'not-protected'
    | 'failed'
    | 'full'
    | 'damaged'
    | 'drive-wanted'
    | 'drill-overdue'
    | 'catalog'
    | 'silence'
    | 'hold'
    | 'clock'
    | 'broken-at-import'
    | 'cold'
  /** `news`: it went well, and there is nothing to do. */
  readonly severity: 'red' | 'amber' | 'news'
  /** What it is about: a shoot, a place, a catalog; '' for the whole. */
  readonly subject: string
  readonly message: string
}

/** What a claim is believed for, in days. */
export interface BestBefore {
  /** A copy that was read on a drive, and an original. */
  readonly localDays: number
  readonly serverChecksumDays: number
  /** A copy whose bytes were fetched back from a bucket. */
  readonly bytesDays: number
  readonly drillDays: number
  /** From then on an overdue drill is red. */
  readonly drillRedDays: number
  readonly driveSeenDays: number
}

/** Where one file lies, how it is proven, since when: the whole story of it. */
export interface FileStory extends Outcome {
  readonly shoot: string
  readonly file: string
  readonly bytes: number
  readonly verdict: Verdict
  readonly missing: readonly string[]
  readonly score: readonly ScoreDigit[]
  readonly provenAt?: string
  readonly validUntil?: string
  /** Since when the original is gone, where it is. */
  readonly goneAt?: string
  /** Of an original that was moved or renamed, and is counted under its new name: where its content is an original now; empty when it was
   *  edited there since. */
  readonly movedTo?: readonly string[]
  /** Every content that it ever had, the newest first. */
  readonly versions: readonly {
    /** The reference hash. */
    readonly hash: string
    readonly bytes: number
    readonly modifiedAt: string
    readonly firstSeenAt: string
    readonly copies: readonly {
      /** `working` is where the original is. */
      readonly place: string
      readonly state: 'planned' | 'written' | 'verified' | 'damaged' | 'missing'
      /** Below the shoot's folder at the place. */
      readonly path: string
      readonly provenAt?: string
      readonly how?: string
      readonly bestBefore?: string
      readonly isFresh: boolean
      readonly isOffSite: boolean
      readonly lockedUntil?: string
      /** Why it does not count, where it does not. */
      readonly why?: string
    }[]
  }[]
}

export interface Place {
  readonly id: string
  readonly name: string
  readonly kind: 'drive' | 'bucket'
  /** Where it was last seen: a folder, or `s3://bucket/prefix`. */
  readonly path: string
  readonly state: 'here' | 'away' | 'replaced'
  readonly freeBytes?: number
  readonly totalBytes?: number
  readonly fileSystem?: string
  readonly lastSeenAt?: string
  /** Of a bucket. */
  readonly bucket?: {
    readonly endpoint?: string
    readonly region?: string
    /** The folder below the prefix that is this computer's. */
    readonly folder: string
    readonly encrypted: boolean
    /** Objects do not have the names of the files. */
    readonly hidesNames: boolean
    readonly versioned: boolean
    readonly lock?: { readonly mode: 'governance' | 'compliance'; readonly days: number }
    readonly storageClass?: string
    readonly limitBytesPerSecond?: number
    readonly objects: number
    readonly bytes: number
    /** Proven elsewhere and not confirmed here yet. */
    readonly waitingFiles: number
    readonly waitingBytes: number
    /** US dollars by the list prices of a month, of which there are some for the large providers only: what is confirmed there, a month; the
     *  same when what waits is there too; and everything brought home once, in the usual way. */
    readonly costs?: {
      readonly provider: string
      readonly pricesAsOf: string
      readonly perMonthUsd: number
      readonly perMonthWithWaitingUsd: number
      readonly getBackUsd: number
      /** Billed for at least so many days, even when it is deleted before. */
      readonly minimumDays: number
    }
    /** What may be stored there in all, as the user said it. */
    readonly quotaBytes?: number
    /** If it goes on as in the last 90 (or 30) days; absent while less than that is known. */
    readonly forecast?: {
      readonly days: 30 | 90
      readonly perMonthBytes: number
      readonly inAYearBytes: number
      /** US dollars a month, by the same list prices. */
      readonly inAYearUsd?: number
      /** When the quota is reached, `2027-08-14`; absent without one, and when that is more than ten years ahead. */
      readonly fullOn?: string
      readonly whenFullUsd?: number
    }
    /** Why nothing goes there now, if nothing does; and when it is tried again. */
    readonly trouble?: string
    readonly nextTryAt?: string
  }
  /** What keeps this place from counting in full: same device as the originals, folder of a sync client … */
  readonly warnings: readonly string[]
  /** What it counts as; docs/design.md has the table. */
  readonly role?: 'drive' | 'raid' | 'nas' | 'bucket' | 'sync' | 'card' | 'gallery'
  readonly isOffSite?: boolean
  readonly medium?: string
  readonly addedAt?: string
  /** Files with a verified copy of their newest content there, and the oldest of these proofs. */
  readonly files?: number
  readonly verified?: number
  readonly provenAt?: string
  /** Bytes that the last 30 days added to the library: what the next 30 may need here. */
  readonly needed30DaysBytes?: number
}

export interface ImportedPhoto {
  /** Lightroom's localIdentifier, unique in one catalog, growing. */
  readonly id: number
  readonly uuid: string
  /** Absolute path, as Lightroom gives it; the last known one when the original is offline. */
  readonly path: string
  /** RAW, DNG, JPG, PSD, TIFF, VIDEO, or whatever a newer Lightroom says. */
  readonly format: string
  readonly isVideo: boolean
  readonly isOffline: boolean
}

export interface BackupResult extends Outcome {
  readonly files: number
  readonly bytesCopied: number
  readonly filesCopied: number
  readonly filesUnchanged: number
  /** Copies that already lay at the place and were proven by hashing instead of being sent. */
  readonly filesAdopted: number
  readonly filesChecked: number
  readonly shoots: readonly { readonly id: string; readonly files: number; readonly filesCopied: number }[]
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
  readonly leftOut: readonly { readonly file: string; readonly why: string }[]
  /** What became of these shoots in each bucket; left out when there is none. */
  readonly offsite?: readonly {
    readonly place: string
    readonly files: number
    readonly confirmed: number
    readonly locked: number
    readonly filesSent: number
    readonly bytesSent: number
    readonly lockedUntil?: string
    /** Why it is not complete. */
    readonly trouble?: string
  }[]
}

export interface VerifyResult extends Outcome {
  readonly checked: number
  /** How many of `checked` hash to their reference; `ok` says whether all of them do and nothing else was found. */
  readonly good: number
  readonly bytesRead: number
  readonly readBack: { readonly direct: number; readonly cached: number }
  readonly findings: readonly Finding[]
  /** What could not be done beside the reading: a log that could not be written, originals that have changed. */
  readonly warnings?: readonly string[]
}

export interface PhotoState {
  readonly id: number
  /** A few words, the same for the same state, so that a filter finds them: `3-2-1 (proven 2026-11-20)`, `second drive only`,
   *  `not yet backed up`, `damaged at source` … */
  readonly backup: string
  /** `2026-11-20`, UTC: the oldest proof among the copies that count. Never absent beside `3-2-1`. */
  readonly provenOn?: string
}

export interface StatusResult extends Outcome {
  readonly verdict: Verdict
  readonly helper: 'running' | 'down'
  /** When this was computed; a status is never older than this. */
  readonly asOf: string
  readonly shoots: {
    readonly protected: number
    readonly partly: number
    readonly atRisk: number
    readonly unknown: number
  }
  readonly notProtected: readonly {
    readonly id: string
    readonly verdict: Verdict
    readonly missing: readonly string[]
  }[]
  readonly catalogs: readonly {
    readonly name: string
    readonly path: string
    readonly lastHeardAt?: string
    readonly closedAt?: string
    /** Of the newest backup at any place that is not bad, and what was found when it was opened. */
    readonly lastBackupAt?: string
    readonly judgement?: 'good' | 'suspect' | 'bad'
    /** Why a backup that is due has not been made yet. */
    readonly owed?: string
    readonly warnings?: readonly string[]
    /** Of the catalog's backups alone, and what is missing for `protected`. */
    readonly verdict?: Verdict
    readonly missing?: readonly string[]
  }[]
  readonly places: readonly Place[]
  /** Of the originals alone; `verdict` is of originals, catalogs and rehearsals together. */
  readonly originals?: Verdict
  readonly files?: number
  readonly bytes?: number
  /** Of the worst file of the library. */
  readonly score?: readonly ScoreDigit[]
  readonly provenAt?: string
  /** When `protected` ends unless something is proven anew; absent for any other verdict. */
  readonly validUntil?: string
  /** All that is to be told now, the gravest first. */
  readonly notices?: readonly Notice[]
  /** What to do next, the most urgent first. */
  readonly next?: readonly string[]
  readonly bestBefore?: BestBefore
  readonly drill?: {
    readonly state: 'fresh' | 'overdue' | 'red' | 'failed' | 'not due'
    readonly at?: string
    readonly due: string
  }
  /** Restores that wait, or lately waited, for cold storage; absent when there are none. */
  readonly fromCold?: readonly ColdRestore[]
  /** More originals went missing or changed in one pass than anybody loses on purpose; nothing expires while it stands. */
  readonly hold?: {
    readonly since: string
    readonly gone: number
    readonly changed: number
    readonly of: number
    readonly message: string
  }
  /** Pictures that no program could open although they were read exactly as they came: broken before they were imported. Their copies are
   *  as good as what came; absent when there are none. */
  readonly brokenAtImport?: {
    readonly files: number
    /** The first hundred, the newest first. */
    readonly list: readonly {
      readonly shoot: string
      readonly file: string
      readonly why: string
      readonly firstSeenAt: string
    }[]
  }
}

export interface RebuildResult extends Outcome {
  readonly place: string
  readonly shoots: number
  readonly files: number
  readonly versions: number
  readonly findings: readonly Finding[]
}

export interface DoctorResult extends Outcome {
  readonly checks: readonly {
    readonly name: string
    readonly state: 'good' | 'warning' | 'bad'
    readonly detail: string
  }[]
  readonly leftOut: readonly string[]
  readonly probe?: ProbeTable
}

/** How a bucket is reached; the key comes from the AWS provider chain and never travels in a message. */
export interface BucketParams {
  readonly endpoint?: string
  readonly region?: string
  readonly profile?: string
  readonly allowPlainHttp?: boolean
}

export interface StudioMachine {
  /** Its folder below the prefix. */
  readonly folder: string
  readonly host: string
  /** `unknown` when it was not heard of lately, whatever it said then. */
  readonly verdict: Verdict
  /** Why it is not known. */
  readonly why?: string
  /** When it said so. */
  readonly asOf?: string
  readonly validUntil?: string
  readonly shoots?: StatusResult['shoots']
  readonly files?: number
  readonly bytes?: number
  /** What it wants to be told, by kind. */
  readonly notices?: readonly string[]
}

export interface ProbeTable {
  readonly store: string
  readonly probedAt: string
  readonly findings: readonly {
    readonly id: string
    readonly claim: string
    readonly answer: 'yes' | 'no' | 'not tested'
    readonly detail: string
  }[]
  readonly warnings: readonly string[]
  readonly leftovers: readonly string[]
}

export interface CatalogBackupResult extends Outcome {
  readonly judgement: 'good' | 'suspect' | 'bad'
  /** Why it is not good, as sentences. */
  readonly reasons: readonly string[]
  readonly takenAt: string
  readonly bytesWritten: number
  readonly places: readonly {
    readonly place: string
    /** Its folder below `Catalogs/<name>/`. */
    readonly backup: string
    readonly state: 'stored' | 'unchanged'
  }[]
  /** Originals that the catalog names and that are not verified anywhere yet; they are being copied now. */
  readonly wanted: number
  readonly warnings: readonly string[]
}

export interface CatalogCheckResult extends Outcome {
  readonly files: number
  readonly sidecars: number
  readonly findings: readonly Finding[]
  readonly offlineRoots: readonly { readonly root: string; readonly files: number; readonly message: string }[]
  readonly movedRoots: readonly { readonly root: string; readonly now: string; readonly message: string }[]
  /** Set when Lightroom has the catalog open: what was checked is its backup of this time. */
  readonly asOf?: string
  /** Set when the time or the bytes that were given ran out: the next check goes on there. */
  readonly resumeAfter?: number
  /** One line per kind of finding, gravest first, with the command that mends it. */
  readonly mend: readonly { readonly kind: string; readonly message: string; readonly mend: string }[]
}

export interface CatalogListResult extends Outcome {
  readonly catalogs: readonly {
    /** The name to restore it by. */
    readonly name: string
    /** Where the live catalog was. */
    readonly path: string
    readonly backups: readonly {
      readonly place: string
      readonly backup: string
      readonly takenAt: string
      readonly judgement: 'good' | 'suspect' | 'bad'
      readonly reasons: readonly string[]
      /** Photo files that it names; absent when it could not be read. */
      readonly files?: number
      /** Whether this backup and the originals at the same place are a complete set. `unknown` when that was not counted. */
      readonly set: 'complete' | 'incomplete' | 'unknown'
      /** Files without a verified copy of their newest content at this place. */
      readonly unproven?: number
    }[]
  }[]
}

export interface CatalogRestoreResult extends Outcome {
  readonly catalog: string
  readonly backup: string
  readonly place: string
  readonly judgement: 'good' | 'suspect' | 'bad'
  readonly restored: readonly string[]
  readonly alreadyThere: readonly string[]
  readonly movedAway: readonly { readonly from: string; readonly to: string }[]
}

export interface PruneResult extends Outcome {
  readonly dryRun: boolean
  readonly plan: readonly {
    readonly place: string
    readonly catalog: string
    readonly backup: string
    readonly action: 'keep' | 'remove'
    readonly why: string
  }[]
  readonly removed: number
  /** What is freed, or would be. */
  readonly bytes: number
  readonly heldBack: readonly string[]
  /** Copies of earlier contents, and of originals that were removed on purpose, whose windows have passed. */
  readonly copies?: readonly {
    readonly place: string
    readonly shoot: string
    readonly file: string
    /** Below the shoot's folder at the place. */
    readonly path: string
    readonly bytes: number
    readonly action: 'keep' | 'remove'
    readonly why: string
  }[]
}

/** How sure it must be of every file before a card may be formatted, from the weakest. Named in docs/design.md, "The card". */
export type CardPolicy = 'local-only' | 'in-flight' | 'confirmed' | 'confirmed-locked'

export interface CardResult extends Outcome {
  /** What the card says in large letters. */
  readonly answer: 'SAFE TO FORMAT' | 'DO NOT FORMAT'
  readonly verdict: 'safe' | 'not-safe'
  readonly policy: CardPolicy
  /** The strongest policy that it passes; `hold` when none. */
  readonly level: CardPolicy | 'hold'
  /** The folder that was read: the whole card, also when a folder on it was named. */
  readonly folder: string
  /** Pictures, videos and sidecars, and whatever else is not known to be the camera's own book-keeping. */
  readonly files: number
  readonly bytes: number
  /** How many of `files` are proven wherever the policy asks for it. */
  readonly safe: number
  readonly unsafe: readonly {
    /** Path on the card, with `/`. */
    readonly file: string
    readonly kind:
      | 'unreadable'
      | 'never-imported'
      | 'differs'
      | 'converted'
      | 'one-place'
      | 'one-device'
      | 'not-off-site'
      | 'not-confirmed'
      | 'not-locked'
      | 'expired'
      | 'not-read'
    readonly why: string
  }[]
  /** Files of the camera's own that hold no pictures, system litter, links: not asked about, and gone after formatting. */
  readonly leftOut: readonly { readonly file: string; readonly why: string }[]
  /** Shoots that its pictures belong to. */
  readonly shoots: readonly { readonly id: string; readonly files: number }[]
  /** Cards checked before that hold the same pictures: the other slot's. */
  readonly sameAs: readonly {
    readonly card: string
    readonly checkedAt: string
    readonly same: number
    readonly onlyHere: number
    readonly onlyThere: number
  }[]
  /** How many were read past the system's cache, and how many through it; both 0 for a quick look. */
  readonly readBack: { readonly direct: number; readonly cached: number }
  /** Only names, sizes and dates were compared: no proof, and never safe. */
  readonly isQuick: boolean
  readonly warnings: readonly string[]
}

/** What a rehearsed restore found, as it is kept. */
export interface DrillReport {
  readonly at: string
  readonly shoot: string
  readonly place: string
  readonly tookSeconds: number
  readonly files: number
  readonly bytes: number
  /** Files whose every byte came back as it was first read. */
  readonly identical: number
  /** What was opened, by kind. `edits`: decoded pictures whose develop settings were found, in a catalog backup or an XMP. */
  readonly opened: {
    readonly raws: number
    readonly pictures: number
    readonly videos: number
    readonly edits: number
    readonly catalog?: string
  }
  readonly findings: readonly Finding[]
  /** What there was none of, or no time for: it is not proven either. */
  readonly notTried: readonly string[]
}

export interface DrillResult extends Outcome, DrillReport {}

export interface Methods {
  /** The first line after a connection, both ways. The answer says whether the two sides understand each other. */
  'session/hello': {
    params: {
      readonly protocol: number
      readonly client: 'plugin' | 'cli' | 'page' | 'bridge'
      readonly version: string
      readonly catalog?: string
    }
    result: { readonly protocol: number; readonly version: string; readonly home: string; readonly logs: string }
  }
  'session/ping': { params: { readonly sentAtMs: number }; result: { readonly sentAtMs: number } }
  /** Answered once the photos are committed to the journal. `cursor` is the highest id acknowledged for this catalog. */
  'photos/imported': {
    params: {
      readonly catalog: string
      /** Root folders of the catalog, absolute, as Lightroom lists them: nothing outside these is read. */
      readonly roots: readonly string[]
      readonly photos: readonly ImportedPhoto[]
    }
    result: {
      readonly accepted: number
      readonly refused: readonly { readonly path: string; readonly why: string }[]
      readonly cursor: number
    }
  }
  /** Protect these originals now: the same as an import, asked for by hand. */
  'photos/protect': {
    params: { readonly catalog: string; readonly roots: readonly string[]; readonly photos: readonly ImportedPhoto[] }
    result: {
      readonly accepted: number
      readonly refused: readonly { readonly path: string; readonly why: string }[]
      readonly summary: string
    }
  }
  /** What Lightroom's own fields shall show of these photos, at most 200 a message, computed now from proofs and the clock. */
  'photos/states': {
    params: {
      readonly catalog: string
      readonly photos: readonly { readonly id: number; readonly path: string }[]
    }
    result: { readonly states: readonly PhotoState[] }
  }
  /** A notification: Lightroom is leaving this catalog; the bridge hangs up at once. */
  'lightroom/exiting': { params: { readonly catalog: string }; result: null }
  /** A notification by the bridge: Lightroom went away without saying so (crash, kill). A possible exit, to be confirmed by the
   *  lock file and the process. The catalog is the last one that the plugin named. */
  'lightroom/lost': { params: { readonly catalog?: string }; result: null }
  /** A notification: Lightroom has work of its own, for so long unless it says so again; upkeep waits meanwhile. */
  'lightroom/busy': { params: { readonly seconds: number }; result: null }

  'backup/run': { params: { readonly paths: readonly string[]; readonly to: readonly string[] }; result: BackupResult }
  'verify/run': {
    params: { readonly shoots: readonly string[]; readonly place?: string; readonly all?: boolean }
    result: VerifyResult
  }
  /** `search`: part of a shoot's id, the beginning of a file's name or of a hash, or a date (2026, 2026-11, 2026-11-23). */
  'shoots/list': {
    params: {
      readonly search?: string
      readonly offset?: number
      readonly limit?: number
      /** This one alone, by its id. */
      readonly shoot?: string
      /** Only those that are not protected. */
      readonly onlyOpen?: boolean
    }
    result: Outcome & {
      readonly shoots: readonly Shoot[]
      /** How many there are in all; `shoots` is the page of them that was asked for. */
      readonly total?: number
    }
  }
  'file/story': { params: { readonly shoot: string; readonly file: string }; result: FileStory }
  /** The user's word: what is gone was let go on purpose (`hold`), or this computer's clock is right now (`clock`). */
  'status/accept': { params: { readonly what: 'hold' | 'clock' }; result: Outcome }
  'status/get': { params: { readonly shoot?: string }; result: StatusResult }
  /** From a folder on a drive, or from `s3://bucket/prefix` with what it takes to reach it. */
  'rebuild/run': {
    params: {
      readonly from: string
      readonly rehash?: boolean
      readonly bucket?: BucketParams
      /** Of an encrypted bucket: lines, one of them `AGE-SECRET-KEY-1…`. Kept in the home, where restores find it. */
      readonly recoveryKey?: string
    }
    result: RebuildResult
  }
  /** With a bucket: what its store really does, found out by about thirty small requests below its prefix. */
  'doctor/run': { params: { readonly bucket?: BucketParams & { readonly url: string } }; result: DoctorResult }
  'place/add': {
    params: {
      /** A folder, or `s3://bucket/prefix`. */
      readonly path: string
      readonly name?: string
      /** Copy what other places have to a drive at once. */
      readonly fill?: boolean
      readonly location?: '' | 'off-site'
      /** What a folder is, where that cannot be seen: copies on a card or in a gallery never count. */
      readonly role?: 'drive' | 'card' | 'gallery'
      /** Only with a bucket. */
      readonly bucket?: BucketParams & {
        readonly lockDays?: number
        readonly lockMode?: 'governance' | 'compliance'
        readonly storageClass?: string
        /** Bytes a second. */
        readonly limit?: number
        /** Bytes that may be stored there in all. */
        readonly quota?: number
        readonly encrypt?: boolean
        /** The names of what is encrypted are hidden, too. */
        readonly hideNames?: boolean
        /** Switch versioning on; have the bucket clear unfinished uploads away; use a prefix in which other things lie. */
        readonly yes?: boolean
      }
    }
    result: Outcome & {
      readonly place: Place
      readonly filled?: FillResult
      /** What this place will do without, as sentences. */
      readonly warnings?: readonly string[]
      /** What the store was found to do. */
      readonly probe?: ProbeTable
      /** The secret key that opens an encrypted place on any computer: shown this once and kept nowhere. */
      readonly recoveryKey?: string
    }
  }
  'place/list': { params: Record<string, never>; result: Outcome & { readonly places: readonly Place[] } }
  'place/rename': {
    params: { readonly place: string; readonly name: string }
    result: Outcome & { readonly place: Place }
  }
  /** Every computer that keeps its copies below a prefix, from the bucket alone; below those that are known when none is named. */
  'studio/status': {
    params: { readonly bucket?: BucketParams & { readonly url: string } }
    result: Outcome & { readonly machines: readonly StudioMachine[] }
  }
  'place/remove': { params: { readonly place: string }; result: Outcome }
  'helper/stop': { params: Record<string, never>; result: Outcome }

  /** What a restore would do; nothing is written. */
  'restore/plan': { params: RestoreParams; result: RestorePlan }
  'restore/run': { params: RestoreParams; result: RestoreResult }
  /** Replaces damaged and missing copies from good ones; the originals only when asked to. */
  'heal/run': {
    params: { readonly shoots: readonly string[]; readonly dryRun?: boolean; readonly originals?: boolean }
    result: HealResult
  }

  /** May this card be formatted? Every file on it is read; nothing is written to it. */
  'card/check': {
    params: {
      /** Absolute path of the card, or of a folder on it. */
      readonly path: string
      /** `confirmed` when left out. */
      readonly policy?: CardPolicy
      /** Compare names, sizes and dates only. */
      readonly quick?: boolean
    }
    result: CardResult
  }
  /** Rehearses a restore: fetches a shoot to a temporary folder, compares every byte, opens what came. */
  'drill/run': {
    params: {
      /** The one that was drilled longest ago when left out. */
      readonly shoot?: string
      /** Only from this place, by name, id or path. */
      readonly place?: string
    }
    result: DrillResult
  }

  /** Accounts for every file that a catalog names. */
  'catalog/check': {
    params: {
      readonly catalog: string
      /** Report files that lie in too few places as well. */
      readonly places?: boolean
      /** Only this shoot and what lies below it. */
      readonly shoot?: string
      /** Read every file that has a reference, not only those whose date moved. */
      readonly read?: boolean
      /** Stop after so many seconds, or when so many bytes were read; `resumeAfter` says where. */
      readonly seconds?: number
      readonly bytes?: number
      /** Go on there. */
      readonly after?: number
    }
    result: CatalogCheckResult
  }
  'catalog/backup': {
    params: {
      readonly catalog: string
      /** The photos that it has lost since the last good backup were removed on purpose. */
      readonly accept?: boolean
    }
    result: CatalogBackupResult
  }
  'catalog/list': { params: Record<string, never>; result: CatalogListResult }
  'catalog/restore': {
    params: {
      readonly name: string
      /** The newest taken at or before this time. */
      readonly asOf?: string
      /** An absolute folder. */
      readonly to: string
    }
    result: CatalogRestoreResult
  }
  /** Thins catalog backups by a plan; `dryRun` only shows it. */
  'prune/run': { params: { readonly dryRun?: boolean }; result: PruneResult }
  /** Single files by the beginning of a name or hash, or by day (`2026`, `2026-11`, `2026-11-23`); fifty at most. */
  'files/find': {
    params: { readonly text: string }
    result: Outcome & {
      readonly files: readonly {
        readonly shoot: string
        readonly file: string
        readonly bytes: number
        readonly modifiedAt: string
        readonly hash: string
      }[]
      /** Whether there are more. */
      readonly isCut: boolean
    }
  }
  /** What is being worked on, whoever asked for it. Answered when that differs from the picture `seen` (0: none yet). */
  'activity/watch': {
    params: { readonly seen: number }
    result: {
      readonly jobs: readonly {
        readonly id: number
        readonly title: string
        readonly startedAt: string
        readonly progress?: Omit<Notifications['job/progress'], 'request'>
      }[]
      readonly change: number
    }
  }
  /** What a set-up can offer here: drives that are connected, catalogs that Lightroom knows, what is installed already. */
  'setup/look': {
    params: Record<string, never>
    result: {
      readonly drives: readonly {
        readonly path: string
        readonly name: string
        readonly freeBytes: number
        readonly totalBytes: number
        readonly fileSystem?: string
      }[]
      readonly catalogs: readonly string[]
      readonly plugin: 'installed' | 'absent' | 'no Lightroom'
      /** Starting at login; `other`: another Safelight does. */
      readonly service: 'installed' | 'other' | 'absent'
      /** Days that earlier contents and removed photos are kept; 0: for ever. Absent when rules of one's own say it. */
      readonly keepDays?: number
    }
  }
  /** How long earlier contents, and copies of photos that were removed on purpose, are kept; 0: for ever. */
  'setup/keep': { params: { readonly days: number }; result: Outcome }
  /** Installs the plugin, makes the helper start at login. */
  'setup/install': {
    params: { readonly plugin: boolean; readonly service: boolean }
    result: Outcome & {
      readonly steps: readonly { readonly what: string; readonly ok: boolean; readonly detail: string }[]
    }
  }
  /** Shows on a sample that copying, finding damage, healing and restoring work with this drive. Real copies are not touched. */
  'setup/prove': {
    params: { readonly path: string }
    result: Outcome & {
      readonly steps: readonly { readonly title: string; readonly ok: boolean; readonly detail: string }[]
      readonly seconds: number
    }
  }
  /** The sheet of paper that says how to recover everything, as plain text; no secret stands on it. */
  'setup/sheet': { params: Record<string, never>; result: { readonly text: string } }
  /** Where the status page can be opened once, within a minute. */
  'page/open': { params: Record<string, never>; result: { readonly url: string } }
  'job/cancel': { params: { readonly request: number | string }; result: { readonly cancelled: boolean } }
}

export interface RestoreParams {
  /** A shoot's id, or a parent of shoots; left out with `all`. */
  readonly shoot?: string
  /** Names in the shoot, or paths below it with `/`; what belongs to a named photo comes along where it is missing. */
  readonly files?: readonly string[]
  readonly all?: boolean
  /** Absolute folder: files go to `<to>/<shoot id>/`. When left out, to where the originals were. */
  readonly to?: string
  /** Only from this place, by name, id or path. */
  readonly from?: string
  /** `2026-11-23` (the end of that day, here) or a full timestamp: the contents that were the newest then. */
  readonly asOf?: string
  /** `picks`: what is flagged or has stars in the newest catalog backup comes back before the rest. */
  readonly first?: 'picks'
  /** Ask for what lies in a cold class of storage, at the price that the plan names. Without it such files are only named. */
  readonly thaw?: boolean
}

/** Files of which only a copy in a cold class of storage is left: to be asked for, waited for, and paid. */
export interface ColdFiles {
  readonly files: number
  readonly bytes: number
  /** US dollars, by the list prices of `pricesAsOf`: in the slowest and in the usual way. */
  readonly usd: { readonly cheapest: number; readonly usual: number }
  readonly hours: { readonly cheapest: number; readonly usual: number }
  readonly pricesAsOf: string
  /** They have been asked for; a restore after these hours brings them. */
  readonly isRequested: boolean
  /** The helper that answers looks again by itself and brings them then. */
  readonly goesOnByItself?: boolean
}

/** A restore that goes on by itself when what was asked for from cold storage can be read. */
export interface ColdRestore {
  /** As it was asked for: a shoot, or `everything`. */
  readonly what: string
  /** Where it goes; where the originals were when absent. */
  readonly to?: string
  /** `asking`: not everything has been asked for yet · `ended`: it is not back, or not all of it, and nothing goes on by itself */
  readonly state: 'asking' | 'waiting' | 'done' | 'ended'
  readonly files: number
  readonly bytes: number
  readonly askedAt: string
  /** About when it can be read. */
  readonly readyAt: string
  readonly endedAt?: string
  /** How it ended, or what stands in the way. */
  readonly said: string
}

/** The newest catalog backup that belongs to the date of a restore; to get it: `catalog/restore` with this name and date. */
export interface CatalogOfDate {
  readonly name: string
  readonly backup: string
  readonly place: string
  readonly takenAt: string
  readonly judgement: 'good' | 'suspect' | 'bad'
}

export interface RestorePlan extends Outcome {
  /** As it was asked for. */
  readonly shoot: string
  readonly files: number
  /** To fetch: what is missing and what is in the way. */
  readonly bytes: number
  /** Nothing lies under their names. */
  readonly missing: number
  readonly from: readonly { readonly place: string; readonly files: number }[]
  /** Something else lies under their names; they would be put beside it. */
  readonly inTheWay: number
  /** Something of the same size lies under their names; a restore reads it and leaves it when it is the same. */
  readonly toCompare: number
  /** No copy of them is in reach now. */
  readonly outOfReach: number
  /** About how long fetching takes, by what each place was measured or is assumed to give. */
  readonly seconds?: number
  /** What lies in the way, the first hundred: absolute paths. */
  readonly obstacles?: readonly { readonly shoot: string; readonly file: string; readonly path: string }[]
  /** Folders of originals that are not where they were: everything of `was` would go to `now`. */
  readonly mapped?: readonly { readonly was: string; readonly now: string; readonly why: string }[]
  /** With a date: the catalog backups that belong to it. */
  readonly catalogs?: readonly CatalogOfDate[]
  /** Flagged or starred files, which come first; absent when that was not asked for. */
  readonly picks?: number
  readonly cold?: ColdFiles
  /** Where each shoot would go. */
  readonly targets: readonly { readonly shoot: string; readonly folder: string; readonly files: number }[]
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
}

export interface RestoreResult extends Outcome {
  /** Absolute paths of what was written now. A very long list is cut; `filesRestored` is not. */
  readonly restored: readonly string[]
  readonly filesRestored: number
  readonly bytesRestored: number
  /** Files that were there already, byte for byte. */
  readonly filesThere: number
  readonly mapped?: readonly { readonly was: string; readonly now: string; readonly why: string }[]
  readonly catalogs?: readonly CatalogOfDate[]
  readonly cold?: ColdFiles
  /** Files whose name another content has: `path` is where the restored one lies. */
  readonly beside: readonly { readonly shoot: string; readonly file: string; readonly path: string }[]
  readonly from: readonly { readonly place: string; readonly files: number }[]
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
}

/** What a drive that was added got of the archive that was there already. */
export interface FillResult {
  /** Copied to it, or found on it and proven. */
  readonly files: number
  readonly bytes: number
  /** Still not on it: no good copy is in reach, or it was stopped. Adding it again goes on. */
  readonly left: number
  /** Why it ended early. */
  readonly failure?: string
  readonly exitCode?: number
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
}

export interface HealResult extends Outcome {
  /** Copies that looked bad and were read again. */
  readonly checked: number
  readonly healed: number
  /** Copies that were taken for bad and are good. */
  readonly good: number
  readonly bytesCopied: number
  /** What was done, or with `dryRun` would be. */
  readonly copies: readonly {
    readonly place: string
    readonly shoot: string
    readonly file: string
    readonly was: 'damaged' | 'missing' | 'unreadable'
    /** Where the good bytes came from. */
    readonly from: string
    /** Where what was taken away lies now, below the shoot's folder. */
    readonly quarantined?: string
  }[]
  readonly findings: readonly Finding[]
  readonly warnings: readonly string[]
}

/** Sent by the helper while a request of this connection is worked on. */
export interface Notifications {
  'job/progress': {
    readonly request: number | string
    readonly stage: string
    readonly filesDone: number
    readonly filesTotal: number
    readonly bytesDone: number
    readonly bytesTotal: number
    /** Bytes a second over the last few seconds. */
    readonly bytesPerSecond: number
    readonly secondsLeft?: number
  }
  /** To every page that is open: something is to be told now. */
  'status/notice': Notice & { readonly at: string }
  /** To every page that is open: the status is another one than a moment ago. */
  'status/changed': { readonly asOf: string; readonly verdict: Verdict }
  /** A piece of an answer that is longer than one message: the texts of all pieces, joined, are that message. Sent to the command
   *  line and the page only; the plugin asks for little and gets TOO_LARGE instead. */
  'answer/part': { readonly request: number | string; readonly text: string; readonly isLast: boolean }
}

export type MethodName = keyof Methods
export type Params<M extends MethodName> = Methods[M]['params']
export type Result<M extends MethodName> = Methods[M]['result']
