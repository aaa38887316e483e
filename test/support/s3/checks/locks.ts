// Object Lock.
import * as s3 from '@aws-sdk/client-s3'
import {
  type Check,
  type CheckContext,
  TAIL,
  inAnHour,
  md5,
  put,
  remove,
  retain,
  text,
  upload,
  word,
} from './common.js'

export const LOCK_CHECKS: readonly Check[] = [
  {
    id: 'lock configuration is told',
    needs: 'lock',
    aws: 'Enabled',
    run: async (context) =>
      String(
        (await context.client.send(new s3.GetObjectLockConfigurationCommand({ Bucket: context.locked })))
          .ObjectLockConfiguration?.ObjectLockEnabled,
      ),
  },
  {
    id: 'no lock configuration is told',
    aws: 'ObjectLockConfigurationNotFoundError',
    run: (context) =>
      word(async () =>
        String(
          (await context.client.send(new s3.GetObjectLockConfigurationCommand({ Bucket: context.plain })))
            .ObjectLockConfiguration?.ObjectLockEnabled,
        ),
      ),
  },
  {
    id: 'a lock is kept and told',
    needs: 'lock',
    aws: 'COMPLIANCE same',
    run: async (context) => {
      const until = inAnHour()
      await put(context, context.locked, 'kept', {
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: until,
        ContentMD5: md5(text),
      })
      const head = await context.client.send(new s3.HeadObjectCommand({ Bucket: context.locked, Key: 'kept' }))
      return `${head.ObjectLockMode} ${head.ObjectLockRetainUntilDate?.getTime() === until.getTime() ? 'same' : 'other'}`
    },
  },
  {
    id: 'a lock without MD5 or checksum',
    needs: 'lock',
    aws: 'InvalidRequest',
    except: { ceph16: '200' },
    run: (context) =>
      word(async () =>
        String(
          (
            await put(context, context.locked, 'no-md5', {
              ObjectLockMode: 'GOVERNANCE',
              ObjectLockRetainUntilDate: inAnHour(),
            })
          ).$metadata.httpStatusCode,
        ),
      ),
  },
  {
    id: 'a lock on a bucket without',
    aws: 'InvalidRequest',
    run: (context) =>
      word(async () =>
        String(
          (
            await put(context, context.plain, 'unlockable', {
              ObjectLockMode: 'GOVERNANCE',
              ObjectLockRetainUntilDate: inAnHour(),
              ContentMD5: md5(text),
            })
          ).ETag,
        ),
      ),
  },
  {
    id: 'a lock that ended before it began',
    needs: 'lock',
    aws: 'InvalidArgument',
    run: (context) =>
      word(async () =>
        String(
          (
            await put(context, context.locked, 'past', {
              ObjectLockMode: 'GOVERNANCE',
              ObjectLockRetainUntilDate: new Date(Date.now() - 60_000),
              ContentMD5: md5(text),
            })
          ).ETag,
        ),
      ),
  },
  {
    id: 'deleting a version under compliance',
    needs: 'lock',
    aws: 'AccessDenied',
    run: (context) =>
      lockedThen(context, 'COMPLIANCE', (key, version) => remove(context, context.locked, key, version)),
  },
  {
    id: '… with the governance bypass',
    needs: 'lock',
    aws: 'AccessDenied',
    run: (context) =>
      lockedThen(context, 'COMPLIANCE', (key, version) => remove(context, context.locked, key, version, true)),
  },
  {
    id: 'deleting a version under governance',
    needs: 'lock',
    aws: 'AccessDenied',
    run: (context) =>
      lockedThen(context, 'GOVERNANCE', (key, version) => remove(context, context.locked, key, version)),
  },
  {
    id: '… with the bypass',
    needs: 'lock',
    aws: '204',
    run: (context) =>
      lockedThen(context, 'GOVERNANCE', (key, version) => remove(context, context.locked, key, version, true)),
  },
  {
    id: 'a marker over a locked object',
    needs: 'lock',
    aws: '204',
    run: (context) => lockedThen(context, 'COMPLIANCE', (key) => remove(context, context.locked, key)),
  },
  {
    id: 'compliance lengthened',
    needs: 'lock',
    aws: '200',
    run: (context) =>
      lockedThen(context, 'COMPLIANCE', (key, version) =>
        retain(context, key, version, 'COMPLIANCE', new Date(inAnHour().getTime() + 60_000)),
      ),
  },
  {
    id: 'compliance shortened',
    needs: 'lock',
    aws: 'AccessDenied',
    run: (context) =>
      lockedThen(context, 'COMPLIANCE', (key, version) =>
        retain(context, key, version, 'COMPLIANCE', new Date(Date.now() + 60_000)),
      ),
  },
  {
    id: 'governance shortened with the bypass',
    needs: 'lock',
    aws: '200',
    run: (context) =>
      lockedThen(context, 'GOVERNANCE', (key, version) =>
        retain(context, key, version, 'GOVERNANCE', new Date(Date.now() + 60_000), true),
      ),
  },
  {
    id: 'lock of a multipart upload',
    needs: 'lock',
    aws: 'GOVERNANCE',
    except: { ceph16: 'undefined' },
    run: async (context) => {
      await (
        await upload(context, context.locked, 'multi', [TAIL], {
          ObjectLockMode: 'GOVERNANCE',
          ObjectLockRetainUntilDate: inAnHour(),
        })
      ).complete()
      return String(
        (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.locked, Key: 'multi' }))).ObjectLockMode,
      )
    },
  },
  {
    id: 'lock set afterwards',
    needs: 'lock',
    aws: 'COMPLIANCE',
    run: async (context) => {
      const { VersionId } = await put(context, context.locked, 'later')
      await retain(context, 'later', VersionId, 'COMPLIANCE', inAnHour())
      return String(
        (await context.client.send(new s3.HeadObjectCommand({ Bucket: context.locked, Key: 'later' }))).ObjectLockMode,
      )
    },
  },
  {
    id: 'legal hold',
    needs: 'lock',
    aws: 'AccessDenied then 204',
    run: async (context) => {
      const { VersionId } = await put(context, context.locked, 'held')
      const hold = (Status: 'ON' | 'OFF') =>
        context.client.send(
          new s3.PutObjectLegalHoldCommand({ Bucket: context.locked, Key: 'held', VersionId, LegalHold: { Status } }),
        )
      await hold('ON')
      const first = await word(async () =>
        String((await remove(context, context.locked, 'held', VersionId)).$metadata.httpStatusCode),
      )
      await hold('OFF')
      return `${first} then ${(await remove(context, context.locked, 'held', VersionId)).$metadata.httpStatusCode}`
    },
  },
  {
    id: 'suspending versions on a locked bucket',
    needs: 'lock',
    aws: 'InvalidBucketState',
    run: (context) =>
      word(async () =>
        String(
          (
            await context.client.send(
              new s3.PutBucketVersioningCommand({
                Bucket: context.locked,
                VersioningConfiguration: { Status: 'Suspended' },
              }),
            )
          ).$metadata.httpStatusCode,
        ),
      ),
  },
]

async function lockedThen(
  context: CheckContext,
  mode: s3.ObjectLockMode,
  run: (
    key: string,
    versionId: string | undefined,
  ) => Promise<{ readonly $metadata: { readonly httpStatusCode?: number | undefined } }>,
): Promise<string> {
  const key = `locked-${mode}-${Math.random()}`
  const { VersionId } = await put(context, context.locked, key, {
    ObjectLockMode: mode,
    ObjectLockRetainUntilDate: inAnHour(),
    ContentMD5: md5(text),
  })
  return word(async () => String((await run(key, VersionId)).$metadata.httpStatusCode))
}
