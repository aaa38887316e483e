// Rooms with fixed answers for the golden transcript: one plausible answer per method, of the very type that shared/methods.ts gives it.
// Long, because every method of the wire has its answer here.
import { SafelightError } from '../../helper/errors.js'
import type { Handlers } from '../../helper/server/handlers.js'
import type { Finding, Place } from '../../shared/methods.js'

const done = (summary: string) => ({ ok: true, exitCode: 0, summary })

const drive: Place = {
  id: '0f4c2b6e9a7d41c3',
  name: 'Studio SSD',
  kind: 'drive',
  path: '/Volumes/Studio SSD',
  state: 'here',
  freeBytes: 1500301910016,
  totalBytes: 2000398934016,
  fileSystem: 'apfs',
  lastSeenAt: '2026-11-23T08:00:00.000Z',
  warnings: [],
}

const damaged: Finding = {
  kind: 'damaged',
  place: 'Studio SSD',
  shoot: 'Pictures/2026/Iceland',
  file: 'IMG_0412.CR3',
  message: 'The copy of IMG_0412.CR3 on Studio SSD no longer reads as it was written. Run "safelight heal".',
}

export const ROOMS: Omit<Handlers, 'session/hello' | 'session/ping' | 'job/cancel'> = {
  'photos/imported': ({ photos }) =>
    Promise.resolve({
      accepted: photos.length - 1,
      refused: [{ path: '/etc/passwd', why: 'It lies outside the catalog’s folders.' }],
      cursor: 4712,
    }),
  'photos/protect': () =>
    Promise.resolve({ accepted: 1, refused: [], summary: 'One photo is being copied to Studio SSD now.' }),
  'photos/states': ({ photos }) =>
    Promise.resolve({
      states: photos.map(({ id }) => ({ id, backup: '3-2-1 (proven 2026-11-20)', provenOn: '2026-11-20' })),
    }),
  'lightroom/exiting': () => Promise.resolve(null),
  'lightroom/lost': () => Promise.resolve(null),
  'lightroom/busy': () => Promise.resolve(null),
  'backup/run': (_params, { progress }) => {
    progress({
      stage: 'copy',
      filesDone: 120,
      filesTotal: 300,
      bytesDone: 3600000000,
      bytesTotal: 9000000000,
      bytesPerSecond: 410000000,
      secondsLeft: 14,
    })
    return Promise.resolve({
      ...done('300 files of Iceland are on Studio SSD, read back and verified.'),
      files: 300,
      bytesCopied: 9000000000,
      filesCopied: 300,
      filesUnchanged: 0,
      filesAdopted: 0,
      filesChecked: 300,
      shoots: [{ id: 'Iceland', files: 300, filesCopied: 300 }],
      findings: [],
      warnings: [],
      leftOut: [],
    })
  },
  'verify/run': () =>
    Promise.resolve({
      ok: false,
      exitCode: 11,
      summary: 'One of 300 copies is damaged. Nothing is lost: the original is good.',
      checked: 300,
      good: 299,
      bytesRead: 9000000000,
      readBack: { direct: 300, cached: 0 },
      findings: [damaged],
    }),
  'shoots/list': () =>
    Promise.resolve({
      ...done('1 shoot.'),
      shoots: [
        {
          id: 'Pictures/2026/Iceland',
          files: 300,
          bytes: 9000000000,
          verdict: 'partly',
          places: [{ place: 'Studio SSD', files: 300, verified: 300, provenAt: '2026-11-23T08:00:00.000Z' }],
        },
      ],
    }),
  'status/get': () =>
    Promise.resolve({
      ok: false,
      exitCode: 10,
      summary: '1 shoot is not fully protected.',
      verdict: 'partly',
      helper: 'running',
      asOf: '2026-11-23T08:00:00.000Z',
      shoots: { protected: 0, partly: 1, atRisk: 0, unknown: 0 },
      notProtected: [{ id: 'Pictures/2026/Iceland', verdict: 'partly', missing: ['no copy off-site'] }],
      catalogs: [{ name: 'Weddings', path: '/Users/ansel/Pictures/Weddings.lrcat' }],
      places: [drive],
    }),
  'file/story': ({ shoot, file }) =>
    Promise.resolve({
      ...done('Pictures/2026/Iceland/IMG_0412.CR3: partly; missing a third copy, an off-site copy.'),
      shoot,
      file,
      bytes: 30000000,
      verdict: 'partly',
      missing: ['a third copy', 'an off-site copy'],
      score: [
        { rule: 'copies', wanted: 3, have: 2, isMet: false, provenAt: '2026-11-23T08:00:00.000Z', how: 'cached' },
        { rule: 'media', wanted: 2, have: 2, isMet: true, provenAt: '2026-11-23T08:00:00.000Z', how: 'cached' },
        { rule: 'off-site', wanted: 1, have: 0, isMet: false },
        { rule: 'extra', wanted: 1, have: 0, isMet: false },
      ],
      provenAt: '2026-11-23T08:00:00.000Z',
      versions: [
        {
          hash: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
          bytes: 30000000,
          modifiedAt: '2026-11-20T17:31:02.000Z',
          firstSeenAt: '2026-11-23T08:00:00.000Z',
          copies: [
            {
              place: 'Studio SSD',
              state: 'verified',
              path: 'IMG_0412.CR3',
              provenAt: '2026-11-23T08:00:00.000Z',
              how: 'direct',
              bestBefore: '2027-02-21T08:00:00.000Z',
              isFresh: true,
              isOffSite: false,
            },
          ],
        },
      ],
    }),
  'status/accept': () =>
    Promise.resolve(
      done(
        'The hold of 2026-11-23 is released (412 originals gone, 0 changed). Retention goes by its windows again; nothing was removed now.',
      ),
    ),
  'rebuild/run': () =>
    Promise.resolve({
      ...done('The journal knows 1 shoot again.'),
      place: 'Studio SSD',
      shoots: 1,
      files: 300,
      versions: 300,
      findings: [],
    }),
  'doctor/run': () =>
    Promise.resolve({
      ...done('All is well.'),
      checks: [{ name: 'journal', state: 'good', detail: 'opens and agrees with Studio SSD' }],
      leftOut: [],
    }),
  'place/add': () => Promise.resolve({ ...done('Studio SSD is a place for copies now.'), place: drive }),
  'place/list': () => Promise.resolve({ ...done('1 place.'), places: [drive] }),
  'place/rename': ({ name }) => Promise.resolve({ ...done(`It is called ${name} now.`), place: { ...drive, name } }),
  'studio/status': () =>
    Promise.resolve({
      ...done('The one computer is protected.'),
      machines: [
        {
          folder: 'studio-mac-1f2e3d4c',
          host: 'Studio-Mac.local',
          verdict: 'protected',
          asOf: '2026-11-23T08:05:00.000Z',
          validUntil: '2026-12-21T08:00:00.000Z',
          shoots: { protected: 212, partly: 0, atRisk: 0, unknown: 0 },
          files: 84112,
          bytes: 2400301910016,
          notices: [],
        },
      ],
    }),
  'place/remove': ({ place }) =>
    Promise.reject(
      new SafelightError('PLACE_UNKNOWN', {
        message: `There is no place called "${place}".`,
        remedy: 'Run "safelight place list" for their names.',
      }),
    ),
  'helper/stop': () => Promise.resolve(done('The Safelight helper is stopping.')),
  'restore/plan': () =>
    Promise.resolve({
      ...done('2 of 300 files (30.0 MB) would come back to /Users/ansel/Pictures/2026/Iceland: 2 from "Studio SSD".'),
      shoot: 'Pictures/2026/Iceland',
      files: 300,
      bytes: 30001200,
      missing: 2,
      from: [{ place: 'Studio SSD', files: 2 }],
      inTheWay: 0,
      toCompare: 298,
      outOfReach: 0,
      targets: [{ shoot: 'Pictures/2026/Iceland', folder: '/Users/ansel/Pictures/2026/Iceland', files: 300 }],
      findings: [],
      warnings: [],
    }),
  'restore/run': () =>
    Promise.resolve({
      ...done('2 files came back where Lightroom expects them, read back and proven, from Studio SSD.'),
      restored: ['/Users/ansel/Pictures/2026/Iceland/IMG_0412.CR3', '/Users/ansel/Pictures/2026/Iceland/IMG_0412.xmp'],
      filesRestored: 2,
      bytesRestored: 30001200,
      filesThere: 0,
      beside: [],
      from: [{ place: 'Studio SSD', files: 2 }],
      findings: [],
      warnings: [],
    }),
  'heal/run': () =>
    Promise.resolve({
      ...done(
        '1 copies were made again from good ones (30.0 MB) and read back; what was damaged is kept in Quarantine.',
      ),
      checked: 1,
      healed: 1,
      good: 0,
      bytesCopied: 30000000,
      copies: [
        {
          place: 'Studio SSD',
          shoot: 'Pictures/2026/Iceland',
          file: 'IMG_0412.CR3',
          was: 'damaged',
          from: 'Vault',
          quarantined: 'Quarantine/20261123T080000-000Z/IMG_0412.CR3',
        },
      ],
      findings: [],
      warnings: [],
    }),
  'card/check': () =>
    Promise.resolve({
      ok: false,
      exitCode: 10,
      summary: 'DO NOT FORMAT. 1 of 640 files on EOS_DIGITAL is not proven where it has to be: it was never imported.',
      answer: 'DO NOT FORMAT',
      verdict: 'not-safe',
      policy: 'confirmed',
      level: 'hold',
      folder: '/Volumes/EOS_DIGITAL',
      files: 640,
      bytes: 19200000000,
      safe: 639,
      unsafe: [
        {
          file: 'DCIM/100EOSR5/IMG_0412.CR3',
          kind: 'never-imported',
          why: 'it was never imported: no place knows these bytes',
        },
      ],
      leftOut: [{ file: 'DCIM/EOSMISC/M0100.CTG', why: 'the camera’s own book-keeping' }],
      shoots: [{ id: 'Pictures/2026/Iceland', files: 639 }],
      sameAs: [],
      readBack: { direct: 640, cached: 0 },
      isQuick: false,
      warnings: [],
    }),
  'drill/run': () =>
    Promise.resolve({
      ...done(
        'The drill went well: 300 files of Pictures/2026/Iceland came back from "Studio SSD" as they were first read, and 6 pictures and 1 video opened.',
      ),
      at: '2026-11-23T08:04:00.000Z',
      shoot: 'Pictures/2026/Iceland',
      place: 'Studio SSD',
      tookSeconds: 94,
      files: 300,
      bytes: 9000000000,
      identical: 300,
      opened: { raws: 5, pictures: 1, videos: 1, edits: 5, catalog: 'Weddings 2026-11-23 0904' },
      findings: [],
      notTried: [],
    }),
  'catalog/check': () =>
    Promise.resolve({
      ...done('Every file that was looked for is as it should be.'),
      files: 300,
      sidecars: 12,
      findings: [],
      offlineRoots: [],
      movedRoots: [],
      mend: [],
    }),
  'catalog/backup': () =>
    Promise.resolve({
      ...done('Weddings is backed up on "Studio SSD", read back and opened.'),
      judgement: 'good',
      reasons: [],
      takenAt: '2026-11-23T08:04:00.000Z',
      bytesWritten: 412000000,
      places: [{ place: 'Studio SSD', backup: '2026-11-23 0904', state: 'stored' }],
      wanted: 0,
      warnings: [],
    }),
  'catalog/list': () =>
    Promise.resolve({
      ...done('1 catalog, 1 backup.'),
      catalogs: [
        {
          name: 'Weddings',
          path: '/Users/ansel/Pictures/Weddings.lrcat',
          backups: [
            {
              place: 'Studio SSD',
              backup: '2026-11-23 0904',
              takenAt: '2026-11-23T08:04:00.000Z',
              judgement: 'good',
              reasons: [],
              files: 300,
              set: 'complete',
              unproven: 0,
            },
          ],
        },
      ],
    }),
  'catalog/restore': () =>
    Promise.resolve({
      ...done(
        'The backup of 2026-11-23 0904 is restored to /Users/ansel/Restored/Weddings.lrcat, opened and found good.',
      ),
      catalog: '/Users/ansel/Restored/Weddings.lrcat',
      backup: '2026-11-23 0904',
      place: 'Studio SSD',
      judgement: 'good',
      restored: ['/Users/ansel/Restored/Weddings.lrcat'],
      alreadyThere: [],
      movedAway: [],
    }),
  'prune/run': () =>
    Promise.resolve({
      ...done('1 catalog backup of 2 would be removed. Nothing was.'),
      dryRun: true,
      plan: [
        {
          place: 'Studio SSD',
          catalog: 'Weddings',
          backup: '2026-11-23 0904',
          action: 'keep',
          why: 'the last good one',
        },
        {
          place: 'Studio SSD',
          catalog: 'Weddings',
          backup: '2026-10-02 1130',
          action: 'remove',
          why: 'newer ones of its period are kept',
        },
      ],
      removed: 0,
      bytes: 398000000,
      heldBack: [],
    }),
  'files/find': () =>
    Promise.resolve({
      ...done('1 file with names that begin with "IMG_0412".'),
      files: [
        {
          shoot: 'Pictures/2026/Iceland',
          file: 'IMG_0412.CR3',
          bytes: 30000000,
          modifiedAt: '2026-11-20T10:02:00.000Z',
          hash: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262',
        },
      ],
      isCut: false,
    }),
  'activity/watch': () =>
    Promise.resolve({
      jobs: [
        {
          id: 3,
          title: 'Copying and verifying new photos',
          startedAt: '2026-11-23T08:00:00.000Z',
          progress: {
            stage: 'copy',
            filesDone: 120,
            filesTotal: 300,
            bytesDone: 3600000000,
            bytesTotal: 9000000000,
            bytesPerSecond: 410000000,
            secondsLeft: 14,
          },
        },
      ],
      change: 12,
    }),
  'setup/keep': () =>
    Promise.resolve(done('Earlier contents, and copies of photos that you remove, are kept for ever.')),
  'setup/look': () =>
    Promise.resolve({
      drives: [
        {
          path: '/Volumes/Studio SSD',
          name: 'Studio SSD',
          freeBytes: 1500301910016,
          totalBytes: 2000398934016,
          fileSystem: 'apfs',
        },
      ],
      catalogs: ['/Users/ansel/Pictures/Lightroom/Lightroom Catalog-v13.lrcat'],
      plugin: 'absent',
      service: 'absent',
    }),
  'setup/install': () =>
    Promise.resolve({
      ok: true,
      exitCode: 0,
      summary: 'All of it is done.',
      steps: [
        {
          what: 'Starting at login',
          ok: true,
          detail: 'A launchd agent was made: /Users/ansel/Library/LaunchAgents/org.safelight.helper.plist.',
        },
      ],
    }),
  'setup/prove': () =>
    Promise.resolve({
      ok: true,
      exitCode: 0,
      summary: 'Proven on this drive in 4.2 seconds: copied, damaged, found, healed, restored.',
      steps: [{ title: 'The damage is found by reading every copy', ok: true, detail: '' }],
      seconds: 4.2,
    }),
  'setup/sheet': () => Promise.resolve({ text: 'SAFELIGHT: HOW TO GET THE PHOTOGRAPHS BACK\n' }),
  'page/open': () =>
    Promise.resolve({
      url: 'http://127.0.0.1:50123/open?code=5f0e5d1c9e0c2f3a5f0e5d1c9e0c2f3a5f0e5d1c9e0c2f3a5f0e5d1c9e0c2f3a',
    }),
}
