// Many small tasks, so many of them at once and no more.

/** Runs `act` for each item, at most `limit` at a time, in their order. After the first that throws no further one is begun.
 *  @param items  asked for one by one, so that they need not all exist at once */
export async function forEachBounded<T>(
  items: Iterable<T>,
  limit: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let hasFailed = false
  const work = async (): Promise<void> => {
    try {
      for (let next = iterator.next(); next.done !== true && !hasFailed; next = iterator.next()) await act(next.value)
    } catch (error) {
      hasFailed = true
      throw error
    }
  }
  await Promise.all(Array.from({ length: limit }, work))
}
