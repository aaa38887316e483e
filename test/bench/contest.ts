// A contest: Safelight and its peers do the same work by turns, A B C A B C, so that all of them meet the same load of the machine. What
// counts is the ratio within one round, and of the rounds the median.
import { aside, measure, median, type Run } from './measure.js'

export interface Contender {
  readonly name: string
  /** Shell words, not timed: the state to start from. */
  readonly before: string
  /** Shell words, timed. */
  readonly parts: readonly string[]
  /** Shell words between the parts, not timed. */
  readonly between?: string
}

export interface Result {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMb: number
  /** Median over the rounds of the first contender's time by this one's. */
  readonly ratio: number
  readonly lowest: number
  readonly highest: number
}

/** @returns by name; the first contender is the one that the others are compared with */
export function contest(
  folder: string,
  rounds: number,
  contenders: readonly Contender[],
  say: (text: string) => void,
): Map<string, Result> {
  const runs = new Map<string, Run[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const { name, before, parts, between } of contenders) {
      aside(folder, before)
      const run = measure(folder, parts, between)
      runs.get(name)?.push(run)
      say(
        `  ${round}/${rounds} ${name}: ${run.seconds.toFixed(2)} s, CPU ${run.cpuSeconds.toFixed(2)} s${run.peakMb > 0 ? `, ${run.peakMb.toFixed(0)} MB` : ''}`,
      )
    }
  }
  const first = runs.get(contenders[0]?.name ?? '') ?? []
  return new Map([...runs].map(([name, list]) => [name, resultOf(first, list)]))
}

function resultOf(first: readonly Run[], list: readonly Run[]): Result {
  const ratios = list.map((run, index) => (first[index]?.seconds ?? Number.NaN) / run.seconds)
  return {
    seconds: median(list.map((run) => run.seconds)),
    cpuSeconds: median(list.map((run) => run.cpuSeconds)),
    peakMb: Math.max(0, ...list.map((run) => run.peakMb)),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  }
}
