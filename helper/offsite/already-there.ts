// Whether what is to be sent lies in the bucket already: a re-run, or a reply that was lost. And what becomes of a name that the store called
// free and that is not.
import { SafelightError } from '../errors.js'
import { judgeObject } from './confirm.js'
import type { ObjectFacts } from './object-store.js'
import type { TransferResult } from './send-parts.js'
import type { UploadDeps, UploadRequest } from './upload.js'

export function askAbout(
  { key }: Pick<UploadRequest, 'key'>,
  { store, profile }: Pick<UploadDeps, 'store' | 'profile'>,
  signal: AbortSignal | undefined,
): Promise<ObjectFacts | undefined> {
  return store.head({ key, withChecksums: profile.answersChecksums }, signal)
}

/** The newest version is the one that was meant. */
export function isThere(request: UploadRequest, found: ObjectFacts | undefined): TransferResult | undefined {
  if (judgeObject(found, request, { etagIsMd5: false }).kind !== 'same') return undefined
  return {
    ...(found?.versionId === undefined ? {} : { versionId: found.versionId }),
    sentParts: 0,
    reusedParts: 0,
    wasThere: true,
  }
}

export async function alreadyThere(
  request: UploadRequest,
  deps: UploadDeps,
  signal: AbortSignal | undefined,
): Promise<TransferResult | undefined> {
  return isThere(request, await askAbout(request, deps, signal))
}

/** Something lies under a name that the store had called free: our own bytes, whose reply was lost, or something that is not overwritten.
 *  @throws OFFSITE_UNCONFIRMED */
export async function requireThere(
  request: UploadRequest,
  deps: UploadDeps,
  signal: AbortSignal | undefined,
): Promise<TransferResult> {
  // What is known to be wrong says of itself that it is right.
  const there = request.isToBeSentAgain ? undefined : await alreadyThere(request, deps, signal)
  if (there) return there
  throw nameIsTaken(deps.store.name, request.key)
}

export function nameIsTaken(store: string, key: string): SafelightError {
  return new SafelightError('OFFSITE_UNCONFIRMED', {
    message: `${key} was not sent: ${store} said that nothing of that name was there, and then had something.`,
    remedy: 'Nothing was overwritten. Safelight sends it again, and keeps what lies there under Versions first.',
  })
}
