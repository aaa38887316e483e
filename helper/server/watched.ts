// Long work that any client asks for is shown to everybody who watches: each such method is run as a piece of activity, its progress told
// twice. And the two methods of the page that look at what is going on.
import type { Activity } from '../status/activity.js'
import type { MethodName, Params } from '../../shared/methods.js'
import type { Handler, Handlers } from './handlers.js'

type Titles = { readonly [M in MethodName]?: (params: Params<M>) => string }

const TITLES: Titles = {
  'backup/run': ({ paths }) => `Copying and verifying ${listOf(paths, 'folders')}`,
  'verify/run': ({ shoots, place }) =>
    `Verifying ${listOf(shoots, 'shoots')}${place === undefined ? '' : ` on ${place}`}`,
  'restore/run': ({ shoot, to }) => `Restoring ${shoot ?? 'everything'}${to === undefined ? '' : ` to ${to}`}`,
  'heal/run': ({ shoots }) => `Healing ${listOf(shoots, 'shoots')}`,
  'rebuild/run': ({ from }) => `Reading what ${from} says`,
  'catalog/backup': ({ catalog }) => `Backing up the catalog ${nameOf(catalog)}`,
  'catalog/check': ({ catalog }) => `Checking the catalog ${nameOf(catalog)}`,
  'catalog/restore': ({ name }) => `Restoring the catalog ${name}`,
  'card/check': ({ path }) => `Reading the card ${path}`,
  'setup/prove': ({ path }) => `Proving on a sample that ${nameOf(path)} can be relied on`,
  'drill/run': ({ shoot }) => `Rehearsing a restore${shoot === undefined ? '' : ` of ${shoot}`}`,
}

export function watched(handlers: Partial<Handlers>, activity: Activity): Partial<Handlers> {
  const names = Object.keys(TITLES) as (keyof typeof TITLES)[]
  return {
    ...handlers,
    ...Object.fromEntries(names.flatMap((name) => watchedEntry(name, handlers, activity))),
    'activity/watch': ({ seen }, { signal }) => activity.after(seen, signal),
  }
}

function watchedEntry<M extends MethodName>(
  name: M,
  handlers: { readonly [K in M]?: Handler<K> },
  activity: Activity,
): readonly (readonly [M, Handler<M>])[] {
  const handler = handlers[name]
  const title: ((params: Params<M>) => string) | undefined = TITLES[name]
  if (handler === undefined || title === undefined) return []
  const run: Handler<M> = (params, context) =>
    activity.during(title(params), (tell) =>
      handler(params, {
        ...context,
        progress: (progress) => {
          tell(progress)
          context.progress(progress)
        },
      }),
    )
  return [[name, run]]
}

function listOf(names: readonly string[], many: string): string {
  if (names.length === 0) return `all ${many}`
  return names.length === 1 ? nameOf(names[0] ?? '') : `${names.length} ${many}`
}

function nameOf(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? path
}
