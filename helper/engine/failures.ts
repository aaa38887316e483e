// From the system's error codes to the few ways in which a copy can fail.
import { describeError, systemCode } from '../errors.js'
import type { Failure, FailureKind } from './jobs.js'

export type Trouble = Readonly<Record<string, FailureKind>>

/** @param otherwise  for codes that the table does not name */
export function failureOf(error: unknown, table: Trouble, otherwise: FailureKind): Failure {
  return { kind: table[systemCode(error)] ?? otherwise, message: describeError(error) }
}

export const SOURCE_TROUBLE: Trouble = {
  ENOENT: 'source-vanished',
  ENOTDIR: 'source-vanished',
  ENODEV: 'source-vanished',
  ENXIO: 'source-vanished',
}

export const PLACE_TROUBLE: Trouble = {
  ENOSPC: 'place-full',
  EDQUOT: 'place-full',
  EROFS: 'place-read-only',
  EACCES: 'place-read-only',
  EPERM: 'place-read-only',
  ENOENT: 'place-away',
  ENOTDIR: 'place-away',
  ENODEV: 'place-away',
  ENXIO: 'place-away',
  ESTALE: 'place-away',
  EEXIST: 'name-taken',
  ELOOP: 'link-in-the-way',
  EINVAL: 'name-not-storable',
  EILSEQ: 'name-not-storable',
  ENAMETOOLONG: 'name-not-storable',
}
