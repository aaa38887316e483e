// Does something around each run of some methods, whoever asks for them.
import type { MethodName } from '../../shared/methods.js'
import type { Handlers } from '../server/handlers.js'

type AnyHandler = (params: unknown, context: unknown) => Promise<unknown>

/** @param around  gets the run, and gives what it gives */
export function around(
  methods: readonly MethodName[],
  handlers: Partial<Handlers>,
  around: (run: () => Promise<unknown>) => Promise<unknown>,
): Partial<Handlers> {
  const wrapped = methods.flatMap((method) => {
    const handler = handlers[method] as AnyHandler | undefined
    if (!handler) return []
    const run: AnyHandler = (params, context) => around(() => handler(params, context))
    return [[method, run] as const]
  })
  return { ...handlers, ...(Object.fromEntries(wrapped) as Partial<Handlers>) }
}

/** While these bring photos somewhere, the computer does not fall asleep by itself. Upkeep keeps nobody's computer awake. */
export const COPYING = [
  'backup/run',
  'place/add',
  'restore/run',
  'heal/run',
  'catalog/backup',
  'catalog/restore',
] as const
