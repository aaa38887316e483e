// Text that comes from a file, a socket or another program, and may be anything.

/** @returns undefined, which no JSON stands for, when it is none */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
