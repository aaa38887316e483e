// Faults that a test plans and that must be hit: a queue per kind of request. The double asks before it answers; what is left at the end
// is a test that did not test what it says.

export type Fault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly code: string
      readonly headers?: Record<string, string>
    }
  /** The connection is reset after so many bytes of the request's body. */
  | { readonly kind: 'reset-after'; readonly bytes: number }
  /** Nothing is answered; the connection stays open. */
  | { readonly kind: 'freeze' }
  /** The request is carried out and the connection closed before the reply. */
  | { readonly kind: 'lose-reply' }
  /** Status 200, and an error in the body (CompleteMultipartUpload does that). */
  | { readonly kind: 'error-in-200'; readonly code: string }
  /** The request is carried out and never answered; the connection stays open. */
  | { readonly kind: 'hold-reply' }
  /** The reply's body ends after so many bytes. */
  | { readonly kind: 'cut-reply'; readonly bytes: number }
  /** Another web server answers, as a hotel's login page does. */
  | { readonly kind: 'captive-portal' }
  /** The bytes of the body are altered before they are looked at. */
  | { readonly kind: 'flip-bit' }
  /** The reply names another ETag and other checksums than those of what is stored. */
  | { readonly kind: 'wrong-checksums' }
  /** A listing that has not heard yet of what is there. */
  | { readonly kind: 'stale-list' }

/** Names of operations as AWS's documentation has them. */
export type Operation = string

export class FaultPlan {
  /** Asked for each request for which nothing is planned; who decides by name, not by number, decides the same in every run. */
  decide: ((operation: Operation, key: string) => Fault | undefined) | undefined
  readonly #planned: { readonly operation: Operation; readonly fault: Fault; left: number }[] = []

  /** @param times  how many requests of that kind meet it */
  plan(operation: Operation, fault: Fault, times = 1): void {
    this.#planned.push({ operation, fault, left: times })
  }

  /** The fault for this request, if one is planned. */
  next(operation: Operation, key: string): Fault | undefined {
    const entry = this.#planned.find((planned) => planned.left > 0 && [operation, '*'].includes(planned.operation))
    if (!entry) return this.decide?.(operation, key)
    entry.left -= 1
    return entry.fault
  }

  clear(): void {
    this.#planned.length = 0
  }

  /** @throws when a planned fault was never met */
  assertAllHit(): void {
    const left = this.#planned.filter((planned) => planned.left > 0)
    if (left.length > 0)
      throw new Error(
        `faults never met: ${left.map(({ operation, fault }) => `${operation} ${fault.kind}`).join(', ')}`,
      )
  }
}
