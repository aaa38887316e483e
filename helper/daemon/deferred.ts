// Methods whose modules are loaded when one of them is first called.
import type { MethodName } from '../../shared/methods.js'
import type { Handler, Handlers } from '../server/handlers.js'

/** @param make  called once, by the first call of any of the methods */
export function deferred<M extends MethodName>(
  methods: readonly M[],
  make: () => Promise<Pick<Handlers, M>>,
): Pick<Handlers, M> {
  const made = once(make)
  const entry = <N extends M>(method: N): readonly [N, Handler<N>] => [
    method,
    async (params, context) => {
      const handlers: { readonly [K in N]: Handler<K> } = await made()
      return handlers[method](params, context)
    },
  ]
  return Object.fromEntries(methods.map((method) => entry(method))) as unknown as Pick<Handlers, M>
}

/** Makes a thing when it is first asked for, and gives the same ever after. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
