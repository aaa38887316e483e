// The bucket's own rule for unfinished uploads, over S3. A bucket's rules can only be replaced all together, so a rule is set only where
// there are none: those that somebody else made may say more than this client understands.
import type * as s3 from '@aws-sdk/client-s3'
import { sdk } from './aws.js'
import type * as contract from './object-store.js'
import { outcome } from './s3-attempts.js'
import type { S3Connection } from './s3-connection.js'

type LifecycleMethods = Pick<contract.ObjectStore, 'unfinishedUploadsExpire' | 'expireUnfinishedUploads'>

const RULE_ID = 'safelight-unfinished-uploads'

export function lifecycleMethods({ bucket, client, run, abortable }: S3Connection): LifecycleMethods {
  return {
    unfinishedUploadsExpire: (prefix, signal) =>
      outcome<contract.UploadExpiry, 'not-found' | 'refused' | 'forbidden'>(
        async () => {
          const { Rules = [] } = await run('asking for the bucket’s lifecycle rules', signal, () =>
            client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: bucket }), abortable(signal)),
          )
          const days = Rules.flatMap((rule) => daysBelow(rule, prefix))
          return days.length > 0
            ? { kind: 'after', days: Math.min(...days) }
            : { kind: 'never', hasOtherRules: Rules.length > 0 }
        },
        {
          'not-found': () => ({ kind: 'never', hasOtherRules: false }),
          refused: () => ({ kind: 'unknown' }),
          forbidden: () => ({ kind: 'unknown' }),
        },
      ),

    expireUnfinishedUploads: (prefix, days, signal) =>
      outcome<'set' | 'refused', 'refused' | 'forbidden'>(
        () =>
          run('setting the bucket’s rule for unfinished uploads', signal, async () => {
            await client.send(
              new sdk.PutBucketLifecycleConfigurationCommand({
                Bucket: bucket,
                LifecycleConfiguration: {
                  Rules: [
                    {
                      ID: RULE_ID,
                      Status: 'Enabled',
                      Filter: { Prefix: prefix },
                      AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
                    },
                  ],
                },
              }),
              abortable(signal),
            )
            return 'set' as const
          }),
        { refused: () => 'refused', forbidden: () => 'refused' },
      ),
  }
}

/** A rule that is for tagged objects only, or for some sizes, says nothing about unfinished uploads in general. */
function daysBelow(rule: s3.LifecycleRule, prefix: string): number[] {
  const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation
  const { Filter } = rule
  const isNarrower =
    Filter !== undefined &&
    (Filter.Tag ?? Filter.And ?? Filter.ObjectSizeGreaterThan ?? Filter.ObjectSizeLessThan) !== undefined
  const isOfPrefix = prefix.startsWith(Filter?.Prefix ?? ruleWidePrefix(rule))
  return rule.Status === 'Enabled' && days !== undefined && !isNarrower && isOfPrefix ? [days] : []
}

/** As rules were written before they had filters; some stores still write them so. */
function ruleWidePrefix(rule: s3.LifecycleRule): string {
  return (rule as { readonly Prefix?: string }).Prefix ?? ''
}
