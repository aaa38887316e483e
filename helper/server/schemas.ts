// The door: one strict schema per method for what a client sends, so that behind it every field has its type, its range and no
// company. Owns the limits of single fields; the limits of a message and a connection are the server's. A schema that says
// something other than shared/methods.ts does not compile.
import { z } from 'zod'
import { MAX_PATH_LENGTH } from './limits.js'
import { PHOTOS_PER_MESSAGE, type MethodName, type Params } from '../../shared/methods.js'

/** Longest shoot id, place name, search text or version. */
export const MAX_TEXT_LENGTH = 4096
/** Paths, shoots or files named in one request. */
export const MAX_LIST_LENGTH = 10_000
/** Root folders of one catalog; a library of twenty years has a few dozen. */
export const MAX_ROOTS = 1000
/** No number on the wire reaches this: Lua 5.1 prints it as `1e+14`. */
export const NUMBER_LIMIT = 1e14

const text = z.string().max(MAX_TEXT_LENGTH)
const pathText = z.string().min(1).max(MAX_PATH_LENGTH)
const count = z
  .number()
  .int()
  .min(0)
  .max(NUMBER_LIMIT - 1)
const nothing = z.record(z.string(), z.never())

const photos = z.strictObject({
  catalog: pathText,
  roots: z.array(pathText).max(MAX_ROOTS),
  photos: z
    .array(
      z.strictObject({
        id: count,
        uuid: z.string().max(128),
        path: pathText,
        format: z.string().max(64),
        isVideo: z.boolean(),
        isOffline: z.boolean(),
      }),
    )
    .max(PHOTOS_PER_MESSAGE),
})
const bucketFields = {
  endpoint: text.exactOptional(),
  region: z.string().max(64).exactOptional(),
  profile: z.string().max(128).exactOptional(),
  allowPlainHttp: z.boolean().exactOptional(),
}
const restore = z.strictObject({
  shoot: text.exactOptional(),
  files: z.array(pathText).max(MAX_LIST_LENGTH).exactOptional(),
  all: z.boolean().exactOptional(),
  to: pathText.exactOptional(),
  from: pathText.exactOptional(),
  asOf: z.string().max(64).exactOptional(),
  first: z.literal('picks').exactOptional(),
  thaw: z.boolean().exactOptional(),
})

/** What each method takes; unknown fields are refused. */
/** Whoever says it for longer has forgotten to say it again. */
const MAX_BUSY_SECONDS = 600

export const SCHEMAS = {
  'session/hello': z.strictObject({
    protocol: count,
    client: z.enum(['plugin', 'cli', 'page', 'bridge']),
    version: z.string().max(64),
    catalog: pathText.exactOptional(),
  }),
  'session/ping': z.strictObject({ sentAtMs: z.number().min(-NUMBER_LIMIT).max(NUMBER_LIMIT) }),
  'photos/imported': photos,
  'photos/protect': photos,
  'photos/states': z.strictObject({
    catalog: pathText,
    photos: z.array(z.strictObject({ id: count, path: pathText })).max(PHOTOS_PER_MESSAGE),
  }),
  'lightroom/exiting': z.strictObject({ catalog: pathText }),
  'lightroom/lost': z.strictObject({ catalog: pathText.exactOptional() }),
  'lightroom/busy': z.strictObject({ seconds: z.number().int().min(1).max(MAX_BUSY_SECONDS) }),
  'backup/run': z.strictObject({
    paths: z.array(pathText).max(MAX_LIST_LENGTH),
    to: z.array(pathText).max(MAX_LIST_LENGTH),
  }),
  'verify/run': z.strictObject({
    shoots: z.array(text).max(MAX_LIST_LENGTH),
    place: text.exactOptional(),
    all: z.boolean().exactOptional(),
  }),
  'shoots/list': z.strictObject({
    search: text.exactOptional(),
    offset: count.exactOptional(),
    limit: count.exactOptional(),
    shoot: text.exactOptional(),
    onlyOpen: z.boolean().exactOptional(),
  }),
  'file/story': z.strictObject({ shoot: text, file: pathText }),
  'status/accept': z.strictObject({ what: z.enum(['hold', 'clock']) }),
  'status/get': z.strictObject({ shoot: text.exactOptional() }),
  'rebuild/run': z.strictObject({
    from: pathText,
    rehash: z.boolean().exactOptional(),
    recoveryKey: z.string().max(4096).exactOptional(),
    bucket: z.strictObject(bucketFields).exactOptional(),
  }),
  'doctor/run': z.strictObject({ bucket: z.strictObject({ ...bucketFields, url: text }).exactOptional() }),
  'place/add': z.strictObject({
    path: pathText,
    name: text.exactOptional(),
    fill: z.boolean().exactOptional(),
    location: z.enum(['', 'off-site']).exactOptional(),
    role: z.enum(['drive', 'card', 'gallery']).exactOptional(),
    bucket: z
      .strictObject({
        ...bucketFields,
        lockDays: count.exactOptional(),
        lockMode: z.enum(['governance', 'compliance']).exactOptional(),
        storageClass: z.string().max(64).exactOptional(),
        limit: count.exactOptional(),
        quota: count.exactOptional(),
        encrypt: z.boolean().exactOptional(),
        hideNames: z.boolean().exactOptional(),
        yes: z.boolean().exactOptional(),
      })
      .exactOptional(),
  }),
  'place/list': nothing,
  'place/rename': z.strictObject({ place: text, name: text }),
  'studio/status': z.strictObject({ bucket: z.strictObject({ ...bucketFields, url: text }).exactOptional() }),
  'place/remove': z.strictObject({ place: text }),
  'helper/stop': nothing,
  'restore/plan': restore,
  'restore/run': restore,
  'heal/run': z.strictObject({
    shoots: z.array(text).max(MAX_LIST_LENGTH),
    dryRun: z.boolean().exactOptional(),
    originals: z.boolean().exactOptional(),
  }),
  'card/check': z.strictObject({
    path: pathText,
    policy: z.enum(['local-only', 'in-flight', 'confirmed', 'confirmed-locked']).exactOptional(),
    quick: z.boolean().exactOptional(),
  }),
  'drill/run': z.strictObject({ shoot: text.exactOptional(), place: text.exactOptional() }),
  'catalog/check': z.strictObject({
    catalog: pathText,
    places: z.boolean().exactOptional(),
    shoot: text.exactOptional(),
    read: z.boolean().exactOptional(),
    seconds: z.number().positive().max(NUMBER_LIMIT).exactOptional(),
    bytes: z.number().nonnegative().max(NUMBER_LIMIT).exactOptional(),
    after: z.number().int().nonnegative().max(NUMBER_LIMIT).exactOptional(),
  }),
  'catalog/backup': z.strictObject({ catalog: pathText, accept: z.boolean().exactOptional() }),
  'catalog/list': nothing,
  'catalog/restore': z.strictObject({ name: text, asOf: z.iso.datetime().exactOptional(), to: pathText }),
  'prune/run': z.strictObject({ dryRun: z.boolean().exactOptional() }),
  'files/find': z.strictObject({ text: z.string().min(1).max(256) }),
  'activity/watch': z.strictObject({ seen: count }),
  'setup/look': nothing,
  'setup/keep': z.strictObject({ days: z.int().min(0).max(36_500) }),
  'setup/install': z.strictObject({ plugin: z.boolean(), service: z.boolean() }),
  'setup/prove': z.strictObject({ path: pathText }),
  'setup/sheet': nothing,
  'page/open': nothing,
  'job/cancel': z.strictObject({ request: z.union([z.number(), z.string().max(128)]) }),
} satisfies Doors

type Doors = { readonly [M in MethodName]: z.ZodType<Params<M>> }
const DOORS: Doors = SCHEMAS

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(SCHEMAS, name)
}

/** Checks what came for `method`. On failure says which field is wrong, never repeating the value. */
export function parseParams<M extends MethodName>(
  method: M,
  params: unknown,
): { readonly ok: true; readonly params: Params<M> } | { readonly ok: false; readonly why: string } {
  const outcome = DOORS[method].safeParse(params)
  if (outcome.success) return { ok: true, params: outcome.data }
  const [first] = outcome.error.issues
  const where = first?.path.slice(0, 6).map(String).join('.') ?? ''
  return { ok: false, why: `${where === '' ? 'params' : where.slice(0, 100)}: ${wordsOf(first)}` }
}

/** zod's words, without the names of unknown keys: they are the sender's text and may be long. */
function wordsOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'not as the protocol says'
  if (issue.code === 'unrecognized_keys') return 'a field that this method does not have'
  return issue.message.slice(0, 200)
}

// `satisfies` lets a schema be narrower than its type (a forgotten optional field, say). This asks for the very same shape: both ways
// assignable, as they stand and with every field present.
type Plain<T> = T extends readonly (infer E)[]
  ? Plain<E>[]
  : T extends object
    ? { -readonly [K in keyof T]: Plain<T[K]> }
    : T
type Full<T> = T extends (infer E)[] ? Full<E>[] : T extends object ? { [K in keyof T]-?: Full<T[K]> } : T
type Both<T> = [Plain<T>, Full<Plain<T>>]
type Same<A, B> = Both<A> extends Both<B> ? (Both<B> extends Both<A> ? true : false) : false
type Disagreeing = {
  [M in MethodName]: Same<z.output<(typeof SCHEMAS)[M]>, Params<M>> extends true ? never : M
}[MethodName]
/** Does not compile when a schema and its type differ; the error names the method. */
export const SCHEMAS_AGREE_WITH_METHODS: [Disagreeing] extends [never] ? true : Disagreeing = true
