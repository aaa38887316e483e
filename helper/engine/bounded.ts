// Many small tasks, so many of them at once and no more.

/** Runs `act` for each item, at most `limit` at a time, in their order. After the first that throws no further one is begun, and those that
 *  are on the way come to their end before it is said.
 *  @param items  asked for one by one, so that they need not all exist at once
 *  @throws what the first of them threw */
export async function forEachBounded<T>(
  items: Iterable<T>,
  limit: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const thrown: unknown[] = []
  const work = async (): Promise<void> => {
    try {
      for (let next = iterator.next(); next.done !== true && thrown.length === 0; next = iterator.next())
        await act(next.value)
    } catch (error) {
      thrown.push(error)
    }
  }
  await Promise.all(Array.from({ length: limit }, work))
  if (thrown.length > 0) throw thrown[0]
}
