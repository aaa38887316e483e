// The process in which pictures are opened: takes one file at a time and says what came of it. Whatever a decoder does to it, the helper goes on.
import { openPicture, type Opening } from './open-picture.js'

export interface Asked {
  readonly file: string
}

/** `failed`: the decoder itself fell over; it is not to be used again. */
export type Said = Opening | { readonly kind: 'failed'; readonly why: string }

process.on('message', ({ file }: Asked) => {
  openPicture(file)
    .catch((error: unknown): Said => ({ kind: 'failed', why: error instanceof Error ? error.message : String(error) }))
    .then(
      (said) => process.send?.(said satisfies Said),
      () => process.exit(1),
    )
})
process.on('disconnect', () => process.exit(0))
