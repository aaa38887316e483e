// "Check Catalog's Files…": the helper compares what the catalog references with what lies on the disks and in the places.
import { findingLines } from '../shared/words.js'
import { ask } from './ask.js'
import { menuTask, say, sayAtLength, sayError, withProgress } from './say.js'

const LrApplication = lightroom('LrApplication')

menuTask("Check Catalog's Files", (context) => {
  const catalog = LrApplication.activeCatalog().getPath()
  withProgress("Safelight: checking the catalog's files", context, ({ onProgress, isCanceled }) => {
    const answer = ask('catalog/check', { catalog }, { silenceSeconds: 600, onProgress, isCanceled })
    if (!answer.ok) {
      sayError(answer.error)
      return
    }
    const { summary, findings, files } = answer.result
    if (findings.length === 0) say({ headline: `${files} files checked, nothing found.`, advice: summary })
    else sayAtLength("Safelight: Check Catalog's Files", `${files} files checked. ${summary}`, findingLines(findings))
  })
})
