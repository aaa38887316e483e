// "Open Safelight Page": asks the helper where its page is and opens it in the browser. Only a page on this very computer is opened.
import { ask } from './ask.js'
import { menuTask, say, sayError } from './say.js'

const LrHttp = lightroom('LrHttp')

menuTask('Open Safelight Page', () => {
  const answer = ask('page/open', {}, { silenceSeconds: 30 })
  if (!answer.ok) {
    sayError(answer.error)
    return
  }
  const { url } = answer.result
  if (typeof url === 'string' && url.startsWith('http://127.0.0.1:')) LrHttp.openUrlInBrowser(url)
  else say({ headline: 'Safelight has no page to show yet.', advice: 'Backup Status… tells the same in words.' })
})
