// How much of a long list is read in one go.

/** The first files until the limit is reached, in their order; at least one, however large, or nothing would ever go on. Pure. */
export function sliceOf<F extends { readonly sizeBytes: number }>(files: readonly F[], bytes: number): F[] {
  let left = bytes
  const end = files.findIndex(({ sizeBytes }, index) => {
    left -= sizeBytes
    return left < 0 && index > 0
  })
  return end < 0 ? [...files] : files.slice(0, end)
}
