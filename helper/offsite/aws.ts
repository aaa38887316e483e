// The S3 client of the AWS SDK, loaded when it is first used: half a second that only those pay who have a bucket.
import { createRequire } from 'node:module'
import type * as S3 from '@aws-sdk/client-s3'

let loaded: typeof S3 | undefined

/** The package, name by name. */
export const sdk: typeof S3 = new Proxy({} as typeof S3, {
  get(_, name): unknown {
    loaded ??= createRequire(import.meta.url)('@aws-sdk/client-s3') as typeof S3
    return Reflect.get(loaded, name)
  },
})
