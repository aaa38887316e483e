// Names and reasons that come from anywhere, cut so that a notice stays short. Pure.
const NAME_WORDS = 3
export const REASON_WORDS = 5
const SHORT_LENGTH = 60

export function short(words: string, most = NAME_WORDS): string {
  const parts = words
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .split(/\s+/)
  const few = parts.slice(0, most).join(' ')
  const text = few.length > SHORT_LENGTH ? few.slice(0, SHORT_LENGTH) : few
  return parts.length > most || few.length > SHORT_LENGTH ? `${text}…` : text.replace(/[.,;:]+$/, '')
}
