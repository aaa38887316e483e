// The sheet of paper that brings the photographs back when this computer and Safelight are gone: which places there are, how each is known, and
// the commands, first with Safelight and then with nothing but the tools that every system has. No secret stands on it.
import type { Place } from '../../shared/methods.js'

export interface SheetFacts {
  readonly places: readonly Place[]
  /** ISO 8601 UTC. */
  readonly printedAt: string
  readonly version: string
}

/** Plain text, at most 90 columns. Pure. */
export function recoverySheet({ places, printedAt, version }: SheetFacts): string {
  return [
    'SAFELIGHT: HOW TO GET THE PHOTOGRAPHS BACK',
    `Printed ${printedAt.slice(0, 10)} by Safelight ${version}. Keep it away from the computer.`,
    '',
    'WHERE THE COPIES ARE',
    ...places.flatMap(placeLines),
    '',
    'WITH SAFELIGHT (on any computer with Node 20 or the Safelight archive)',
    ...places.flatMap((place) => [
      `  safelight rebuild --from ${quoted(place.path)}${endpointOf(place)}${keyOf(place)}`,
    ]),
    '  safelight restore --all --to FOLDER',
    '',
    'WITHOUT SAFELIGHT, FROM A DRIVE',
    '  Copy the folder Safelight/Photos; the photographs lie in it under their own names.',
    '  cp -Rp "DRIVE/Safelight/Photos/." FOLDER',
    '  Check a shoot: go into its folder and run   b3sum --check safelight.b3',
    '  A catalog: take the newest folder below Safelight/Catalogs/NAME and run   gunzip NAME.lrcat.gz',
    ...(places.some(({ kind }) => kind === 'bucket')
      ? [
          '',
          'WITHOUT SAFELIGHT, FROM A BUCKET',
          '  Any S3 program does; the key is with your provider, not on this sheet.',
          ...places
            .filter(({ kind }) => kind === 'bucket')
            .map((place) => `  aws s3 sync ${place.path} FOLDER${endpointOf(place, '--endpoint-url')}`),
        ]
      : []),
    '',
    'Every drive has the same in HOW-TO-RESTORE.txt.',
    '',
  ].join('\n')
}

function placeLines({ id, name, kind, path }: Place): string[] {
  return [`  ${name} (${kind === 'bucket' ? 'bucket' : 'drive'})`, `    was at ${path}`, `    is known by the id ${id}`]
}

function endpointOf(place: Place, option = '--endpoint'): string {
  const endpoint = place.bucket?.endpoint
  return endpoint === undefined ? '' : ` ${option} ${endpoint}`
}

function keyOf({ bucket }: Place): string {
  return bucket?.encrypted === true ? ' --recovery-key FILE   (FILE: the printed line AGE-SECRET-KEY-1…)' : ''
}

function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `"${path.replaceAll(/(["$`\\])/g, '\\$1')}"`
}
