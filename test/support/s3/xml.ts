// The little XML that S3 speaks: writing elements, reading the few that requests contain, and errors.

export class S3Error extends Error {
  override readonly name = 'S3Error'
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

export type Xml = string | number | boolean | undefined | readonly Element[]
export type Element = readonly [name: string, content: Xml]

export function toXml(root: string, content: readonly Element[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner(content)}</${root}>`
}

export function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner([
    ['Code', code],
    ['Message', message],
  ])}</Error>`
}

/** All texts of an element, wherever it stands. */
export function textsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => unescape(match[1] ?? ''))
}

/** The insides of every element of that name. */
export function elementsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map((match) => match[1] ?? '')
}

function inner(content: Xml): string {
  if (content === undefined) return ''
  if (typeof content !== 'object') return escape(String(content))
  return content
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${inner(value)}</${name}>`)
    .join('')
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function unescape(text: string): string {
  return text
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&apos;/g, "'")
    .replace(/&#(\d+);/g, (_, digits: string) => String.fromCodePoint(Number(digits)))
    .replace(/&#x([0-9a-fA-F]+);/g, (_, digits: string) => String.fromCodePoint(parseInt(digits, 16)))
    .replace(/&amp;/g, '&')
}
