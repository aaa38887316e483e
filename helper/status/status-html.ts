// status.html as it lies on every drive and in the bucket: what was known when it was written, in a page that needs no script, no network and
// no Safelight. Says in large type of when it is, because on a shelf it grows old and cannot know it. Pure.
import { inWords } from '../files/in-words.js'
import type { ScoreDigit, Shoot, StatusResult } from '../../shared/methods.js'

/** More shoots than these make a page that an old computer opens slowly. */
const SHOOTS_SHOWN = 2000
const OPEN_SHOWN = 200

export function statusHtml(status: StatusResult, shoots: readonly Shoot[]): string {
  const { asOf, summary, verdict, next = [] } = status
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Safelight: status of ${day(asOf)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="name">Safelight</p>
<p class="date"><time datetime="${escape(asOf)}">${day(asOf)}</time> <small>${escape(asOf.slice(11, 16))} UTC</small></p>
<p class="age">This is what was known at that time. The page does not change by itself: the older it is, the less it says. What is true now is said by Safelight: <code>safelight status</code></p>
</header>
<main>
<section class="verdict ${verdict}" aria-label="Verdict">
<h1><span class="mark" aria-hidden="true">${MARKS[verdict]}</span> ${WORDS[verdict]}</h1>
<p>${escape(summary)}</p>
${status.validUntil === undefined ? '' : `<p>Good until ${day(status.validUntil)}, if nothing was proven anew by then.</p>\n`}${scoreLine(status.score ?? [])}
</section>
${section('What to do next', next.length === 0 ? '' : `<ol>${next.map((step) => `<li>${escape(step)}</li>`).join('')}</ol>`)}${section('What is not protected', openList(status))}${section('Shoots', shootTable(shoots))}${section('Catalogs', catalogTable(status))}${section('Places', placeTable(status))}<p class="foot">How to get pictures back without Safelight: <a href="HOW-TO-RESTORE.txt">HOW-TO-RESTORE.txt</a>, beside this page.</p>
</main>
</body>
</html>
`
}

/** What a page says, but for the moment of writing: a page that differs in nothing else need not be written again. */
export function withoutDate(status: StatusResult): unknown {
  const passing: ReadonlySet<string> = new Set([
    'asOf',
    'helper',
    'freeBytes',
    'lastSeenAt',
    'needed30DaysBytes',
    'forecast',
  ])
  return JSON.parse(JSON.stringify(status, (key, value: unknown) => (passing.has(key) ? undefined : value)))
}

const MARKS: Readonly<Record<StatusResult['verdict'], string>> = {
  protected: '✓',
  partly: '◐',
  'at-risk': '!',
  unknown: '?',
}

const WORDS: Readonly<Record<StatusResult['verdict'], string>> = {
  protected: 'Protected',
  partly: 'Not fully protected',
  'at-risk': 'At risk',
  unknown: 'Not known',
}

const DIGITS: Readonly<Record<ScoreDigit['rule'], string>> = {
  copies: 'copies',
  media: 'devices',
  'off-site': 'off-site',
  extra: 'locked or unplugged',
  errors: 'known errors',
}

function scoreLine(score: readonly ScoreDigit[]): string {
  const items = score.map(({ rule, wanted, have, isMet, provenAt, how }) => {
    const proof =
      rule === 'errors'
        ? provenAt === undefined
          ? 'never rehearsed'
          : `last rehearsed ${day(provenAt)}`
        : provenAt === undefined
          ? 'not proven'
          : `${day(provenAt)}${how === undefined ? '' : `, ${escape(how)}`}`
    return `<li class="${isMet ? 'met' : 'unmet'}"><b>${have ?? '?'}</b>${rule === 'errors' ? '' : ` of ${wanted}`} ${DIGITS[rule]}<br><small>${isMet ? '✓' : '✗'} ${proof}</small></li>`
  })
  return items.length === 0 ? '' : `<ul class="score">${items.join('')}</ul>`
}

function section(title: string, body: string): string {
  return body === '' ? '' : `<section>\n<h2>${title}</h2>\n${body}\n</section>\n`
}

function openList({ notProtected }: StatusResult): string {
  if (notProtected.length === 0) return ''
  const items = notProtected
    .slice(0, OPEN_SHOWN)
    .map(
      ({ id, verdict, missing }) =>
        `<li><b>${escape(id)}</b> <span class="tag ${verdict}">${MARKS[verdict]} ${WORDS[verdict]}</span><br>missing: ${escape(missing.join('; '))}</li>`,
    )
  const more = notProtected.length - items.length
  return `<ul class="open">${items.join('')}</ul>${more > 0 ? `<p>… and ${more} more.</p>` : ''}`
}

function shootTable(shoots: readonly Shoot[]): string {
  if (shoots.length === 0) return ''
  const shown = shoots.slice(0, SHOOTS_SHOWN)
  const places = [...new Set(shown.flatMap((shoot) => shoot.places.map(({ place }) => place)))]
  const head = ['Shoot', 'Files', 'Verdict', ...places.map((place) => (place === 'working' ? 'Originals' : place))]
  const rows = shown.map((shoot) => {
    const cells = places.map((name) => {
      const at = shoot.places.find(({ place }) => place === name)
      if (!at) return '<td class="none">none</td>'
      const proof = at.provenAt === undefined ? 'not proven' : day(at.provenAt)
      return `<td>${at.verified === shoot.files ? 'all' : `${at.verified} of ${shoot.files}`}<br><small>${proof}</small></td>`
    })
    return `<tr><th scope="row">${escape(shoot.id)}</th><td>${shoot.files}</td><td><span class="tag ${shoot.verdict}">${MARKS[shoot.verdict]} ${WORDS[shoot.verdict]}</span></td>${cells.join('')}</tr>`
  })
  const more = shoots.length - shown.length
  return `${table(head, rows)}${more > 0 ? `<p>… and ${more} more.</p>` : ''}<p><small>The date is the oldest proof of the copies there.</small></p>`
}

function catalogTable({ catalogs }: StatusResult): string {
  if (catalogs.length === 0) return ''
  const rows = catalogs.map(({ name, verdict = 'unknown', lastBackupAt, judgement, missing = [] }) => {
    const last = lastBackupAt === undefined ? 'none yet' : `${day(lastBackupAt)}, ${judgement ?? 'not judged'}`
    return `<tr><th scope="row">${escape(name)}</th><td><span class="tag ${verdict}">${MARKS[verdict]} ${WORDS[verdict]}</span></td><td>${escape(last)}</td><td>${escape(missing.join('; '))}</td></tr>`
  })
  return table(['Catalog', 'Verdict', 'Newest backup', 'Missing'], rows)
}

function placeTable({ places }: StatusResult): string {
  if (places.length === 0) return ''
  const rows = places.map(
    ({ name, role = 'drive', isOffSite = false, lastSeenAt, freeBytes, verified = 0, warnings }) => {
      const seen = lastSeenAt === undefined ? 'never' : day(lastSeenAt)
      const room = freeBytes === undefined ? '' : inWords(freeBytes)
      return `<tr><th scope="row">${escape(name)}</th><td>${role}${isOffSite ? ', off-site' : ''}</td><td>${verified}</td><td>${seen}</td><td>${room}</td><td>${escape(warnings.join('; '))}</td></tr>`
    },
  )
  return table(['Place', 'Kind', 'Files proven', 'Last seen', 'Room left', 'Mind'], rows)
}

function table(head: readonly string[], rows: readonly string[]): string {
  return `<div class="wide" tabindex="0" role="region" aria-label="Table: ${escape(head[0] ?? '')}"><table><thead><tr>${head.map((each) => `<th scope="col">${escape(each)}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
}

function day(iso: string): string {
  return escape(iso.slice(0, 10))
}

/** Names of shoots and drives come from anywhere. */
function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c1b1a; --soft: #5d5954; --paper: #faf8f5; --line: #dcd6ce; --card: #fff; --good: #1d6b3a; --half: #8a5a00; --bad: #a3211a; --dim: #4a4f57 }
@media (prefers-color-scheme: dark) { :root { --ink: #ece8e2; --soft: #a8a29a; --paper: #171615; --line: #3a3733; --card: #211f1d; --good: #7fce9a; --half: #e8b65a; --bad: #ff9086; --dim: #b4bac4 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 3rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", sans-serif }
p { margin: .4rem 0 } h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem } small, .foot { color: var(--soft) }
.name { font-weight: 600; letter-spacing: .08em; color: var(--soft) }
.date { font-size: clamp(2.6rem, 11vw, 5rem); font-weight: 700; line-height: 1.05; letter-spacing: -.02em; margin: .2rem 0 } .date small { font-size: .3em; font-weight: 400; letter-spacing: 0 }
.age { max-width: 46rem; color: var(--soft) } code { font-size: .95em; color: var(--ink) }
.verdict { margin-top: 1.25rem; padding: 1rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-left: .5rem solid var(--dim); border-radius: .4rem }
.verdict.protected { border-left-color: var(--good) } .verdict.partly { border-left-color: var(--half) } .verdict.at-risk { border-left-color: var(--bad) }
.protected h1, .tag.protected, .met b { color: var(--good) } .partly h1, .tag.partly { color: var(--half) } .at-risk h1, .tag.at-risk, .unmet b { color: var(--bad) } .tag.unknown { color: var(--dim) } .tag { white-space: nowrap }
.score { display: flex; flex-wrap: wrap; gap: .5rem 1.75rem; list-style: none; margin: .8rem 0 0; padding: 0 } .score b { font-size: 1.5rem }
ol, .open { padding-left: 1.4rem } li { margin: .35rem 0 }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; background: var(--card) } th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border: 1px solid var(--line) } thead th { font-weight: 600; color: var(--soft) } tbody th { font-weight: 600 } .none { color: var(--bad) }
a { color: inherit } .foot { margin-top: 2rem }
@media print { body { max-width: none } .verdict, table { background: none } }
`
