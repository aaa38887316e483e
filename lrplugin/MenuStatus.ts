// "Backup Status…": what is protected, what is not and why, as of now; red in words when the helper does not answer.
import { ask } from './ask.js'
import { statusLines, verdictWords } from '../shared/words.js'
import { menuTask, sayAtLength, sayError } from './say.js'
import { watchLines } from './watch-words.js'

menuTask('Backup Status', () => {
  const answer = ask('status/get', {}, { silenceSeconds: 60 })
  if (!answer.ok) {
    sayError(answer.error)
    return
  }
  const status = answer.result
  const headline = `All photos together: ${verdictWords(status.verdict)}. ${status.summary}`
  sayAtLength('Safelight: Backup Status', headline, [...statusLines(status), ...watchLines()])
})
