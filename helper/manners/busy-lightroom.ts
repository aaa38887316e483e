// Whether Lightroom has work of its own, as its plugin says: then upkeep waits. What it said holds for a while and no longer, so that one which
// crashes in the middle of its work holds up nothing.

export class BusyLightroom {
  #untilMs = Number.NEGATIVE_INFINITY

  /** @param nowMs  of a clock that is never set back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** It is busy, and will be for so long unless it says so again. */
  note(seconds: number): void {
    this.#untilMs = Math.max(this.#untilMs, this.nowMs() + seconds * 1000)
  }

  /** As WaitReasons asks for it. */
  reason(): string | undefined {
    return this.nowMs() < this.#untilMs ? 'Lightroom is busy' : undefined
  }
}
