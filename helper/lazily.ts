// Modules that are loaded when something of them is first wanted: a single command starts with what it needs and no more. A program that stays
// (the helper) loads them all when it starts, since the files it would load later may be another version's by then.

const known = new Set<() => Promise<unknown>>()

/** @param load  an `import()` of a literal name, which the architecture test and the bundler can read
 *  @returns loads it the first time, and answers with the same every time */
export function lazily<M>(load: () => Promise<M>): () => Promise<M> {
  let loaded: Promise<M> | undefined
  const get = (): Promise<M> => (loaded ??= load())
  known.add(get)
  return get
}

/** Loads everything that would be loaded later, and what that in turn would load later. */
export async function loadEverything(): Promise<void> {
  // A set that grows while it is gone through is gone through to its new end.
  for (const get of known) await get()
}
