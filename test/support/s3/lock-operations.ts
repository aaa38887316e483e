// Object Lock and cold storage of the double: retention, legal hold, restore.
import type { Call, Handler } from './object-rules.js'
import type { Bucket, Version } from './state.js'
import { S3Error, textsOf, toXml } from './xml.js'

export const LOCK_OPERATIONS: Readonly<Record<string, Handler>> = {
  PutObjectRetention(call, bucket, world) {
    const version = lockable(call, bucket)
    const body = call.body.toString()
    const mode = textsOf(body, 'Mode')[0] ?? ''
    const untilMs = Date.parse(textsOf(body, 'RetainUntilDate')[0] ?? '')
    if (!(untilMs > world.nowMs))
      throw new S3Error(400, 'InvalidArgument', 'The retain until date must be in the future!')
    const old = version.lock
    const isActive = old !== undefined && old.untilMs > world.nowMs
    const shortens = isActive && (untilMs < old.untilMs || (old.mode === 'COMPLIANCE' && mode !== 'COMPLIANCE'))
    const bypass = call.headers['x-amz-bypass-governance-retention'] === 'true' && old?.mode === 'GOVERNANCE'
    if (shortens && !bypass)
      throw new S3Error(403, 'AccessDenied', 'Access Denied because object protected by object lock.')
    version.lock = { mode, untilMs }
    return { status: 200 }
  },

  GetObjectRetention(call, bucket) {
    const { lock } = lockable(call, bucket)
    if (!lock)
      throw new S3Error(
        404,
        'NoSuchObjectLockConfiguration',
        'The specified object does not have a ObjectLock configuration',
      )
    return {
      status: 200,
      body: toXml('Retention', [
        ['Mode', lock.mode],
        ['RetainUntilDate', new Date(lock.untilMs).toISOString()],
      ]),
    }
  },

  PutObjectLegalHold(call, bucket) {
    lockable(call, bucket).legalHold = textsOf(call.body.toString(), 'Status')[0] === 'ON'
    return { status: 200 }
  },

  GetObjectLegalHold(call, bucket) {
    return { status: 200, body: toXml('LegalHold', [['Status', lockable(call, bucket).legalHold ? 'ON' : 'OFF']]) }
  },

  /** Readable after an hour of the double's clock, which a test moves. */
  RestoreObject(call, bucket, world) {
    const version = versionOf(call, bucket)
    if (!['GLACIER', 'DEEP_ARCHIVE'].includes(version.storageClass))
      throw new S3Error(403, 'InvalidObjectState', 'Restore is not allowed for the object’s current storage class')
    const days = Number(textsOf(call.body.toString(), 'Days')[0] ?? '1')
    const { restore } = version
    if (restore && world.nowMs < restore.readyMs)
      throw new S3Error(409, 'RestoreAlreadyInProgress', 'Object restore is already in progress')
    const isReadable = restore !== undefined && world.nowMs < restore.untilMs
    const readyMs = isReadable ? restore.readyMs : world.nowMs + 3_600_000
    version.restore = { readyMs, untilMs: Math.max(readyMs, world.nowMs) + days * 86_400_000 }
    return { status: isReadable ? 200 : 202 }
  },
}

function lockable(call: Call, bucket: Bucket): Version {
  if (!bucket.objectLock) throw new S3Error(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration')
  return versionOf(call, bucket)
}

function versionOf(call: Call, bucket: Bucket): Version {
  const versions = bucket.objects.get(call.key) ?? []
  const versionId = call.query.get('versionId')
  const version = versionId === null ? versions.at(-1) : versions.find((candidate) => candidate.versionId === versionId)
  if (!version || version.isMarker)
    throw new S3Error(404, versionId === null ? 'NoSuchKey' : 'NoSuchVersion', 'The specified key does not exist.')
  return version
}
