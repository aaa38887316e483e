// What several operations of the double share: how a version begins, what conditions, quotas and locks forbid, how it ends.
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { DoubleProfile } from './profiles.js'
import { addVersion, newest, type Bucket, type DoubleState, type Lock, type Version } from './state.js'
import { S3Error } from './xml.js'

export interface Call {
  readonly method: string
  readonly operation: string
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
  /** Of a HEAD, which has none to measure. */
  readonly contentLength?: number
}

export interface World {
  readonly state: DoubleState
  readonly profile: DoubleProfile
  readonly nowMs: number
}

export type Handler = (call: Call, bucket: Bucket, world: World) => Reply

/** Everything about a version that is decided when it is begun. */
export function templateOf(call: Call, bucket: Bucket, { profile, nowMs }: World) {
  const storageClass = String(call.headers['x-amz-storage-class'] ?? 'STANDARD')
  if (!profile.storageClasses.includes(storageClass))
    throw new S3Error(400, profile.unknownStorageClass, 'The storage class you specified is not valid')
  const metadata = Object.fromEntries(
    Object.entries(call.headers)
      .filter(([name]) => name.startsWith('x-amz-meta-'))
      .map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)]),
  )
  const { lock, legalHold } = requestedLock(call, bucket, profile, nowMs)
  return {
    isMarker: false,
    metadata,
    contentType: call.headers['content-type'] ?? 'binary/octet-stream',
    checksumType: 'FULL_OBJECT' as const,
    storageClass,
    lock,
    legalHold,
    restore: undefined,
  }
}

export function checkCondition(call: Call, bucket: Bucket, habit: 'obeyed' | 'ignored' | '501'): void {
  const current = newest(bucket, call.key)
  const exists = current !== undefined && !current.isMarker
  const ifMatch = call.headers['if-match']
  if (typeof ifMatch === 'string' && habit === 'obeyed' && (!exists || ifMatch.replaceAll('"', '') !== current.etag))
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
  if (call.headers['if-none-match'] !== '*' || habit === 'ignored') return
  if (habit === '501') throw new S3Error(501, 'NotImplemented', 'If-None-Match is not implemented')
  if (exists)
    throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
}

export function checkQuota(call: Call, { state }: World): void {
  if (state.bytesStored() + call.body.length > state.quotaBytes)
    throw new S3Error(403, 'QuotaExceeded', 'The quota is exceeded')
}

export function newVersionId(bucket: Bucket): string {
  return bucket.versioning === 'Enabled' ? randomUUID().replaceAll('-', '') : 'null'
}

export function versionHeader({ versionId }: Version): Record<string, string> {
  return versionId === 'null' ? {} : { 'x-amz-version-id': versionId }
}

export function findVersion(bucket: Bucket, key: string, versionId: string | null | undefined): Version | undefined {
  if (versionId === null || versionId === undefined) return newest(bucket, key)
  return bucket.objects.get(key)?.find((version) => version.versionId === versionId)
}

/** @returns the headers of the reply */
export function removeVersion(
  call: Call,
  bucket: Bucket,
  world: World,
  key: string,
  versionId: string | null,
): Record<string, string> {
  const versions = bucket.objects.get(key) ?? []
  if (versionId === null && bucket.versioning === 'Enabled') {
    const marker: Version = {
      versionId: newVersionId(bucket),
      isMarker: true,
      file: '',
      size: 0,
      etag: '',
      modifiedMs: world.nowMs,
      metadata: {},
      contentType: '',
      checksums: {},
      checksumType: 'FULL_OBJECT',
      storageClass: 'STANDARD',
      lock: undefined,
      legalHold: false,
      restore: undefined,
    }
    addVersion(bucket, key, marker)
    return { 'x-amz-delete-marker': 'true', ...versionHeader(marker) }
  }
  const doomed = versions.find((version) => version.versionId === (versionId ?? 'null'))
  if (!doomed) return {}
  const bypass = call.headers['x-amz-bypass-governance-retention'] === 'true'
  if (lockedUntil(doomed, bypass) > world.nowMs)
    throw new S3Error(403, 'AccessDenied', 'Access Denied because object protected by object lock.')
  const left = versions.filter((version) => version !== doomed)
  if (left.length > 0) bucket.objects.set(key, left)
  else bucket.objects.delete(key)
  return { ...versionHeader(doomed), ...(doomed.isMarker ? { 'x-amz-delete-marker': 'true' } : {}) }
}

/** What a PUT or the beginning of an upload asks for, or the bucket's default. */
export function requestedLock(
  call: Call,
  bucket: Bucket,
  profile: DoubleProfile,
  nowMs: number,
): { lock: Lock | undefined; legalHold: boolean } {
  const mode = call.headers['x-amz-object-lock-mode']
  const until = call.headers['x-amz-object-lock-retain-until-date']
  const legalHold = call.headers['x-amz-object-lock-legal-hold'] === 'ON'
  if (mode === undefined && !legalHold)
    return {
      lock: bucket.defaultRetention && {
        mode: bucket.defaultRetention.mode,
        untilMs: nowMs + bucket.defaultRetention.days * 86_400_000,
      },
      legalHold,
    }
  if (!bucket.objectLock) throw new S3Error(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration')
  const hasChecksum = Object.keys(call.headers).some(
    (name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'),
  )
  if (profile.lockedPutNeedsMd5 && call.operation === 'PutObject' && !hasChecksum)
    throw new S3Error(
      400,
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    )
  if (call.operation === 'CreateMultipartUpload' && profile.dropsLockOfMultipart)
    return { lock: undefined, legalHold: false }
  const untilMs = Date.parse(String(until))
  if (mode !== undefined && !(untilMs > nowMs))
    throw new S3Error(400, 'InvalidArgument', 'The retain until date must be in the future!')
  return { lock: mode === undefined ? undefined : { mode: String(mode), untilMs }, legalHold }
}

/** @returns the time until which this version cannot be destroyed; `Infinity` under a legal hold */
export function lockedUntil(version: Version, bypassGovernance: boolean): number {
  if (version.legalHold) return Infinity
  if (!version.lock || (bypassGovernance && version.lock.mode === 'GOVERNANCE')) return 0
  return version.lock.untilMs
}

export function encoderFor(call: Call): (key: string) => string {
  return call.query.get('encoding-type') === 'url'
    ? (key) => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')
    : (key) => key
}
