// What can be started from the page, each as the dialog wants it: restore, verify, heal, a rehearsal, a card, a catalog. Asks the same
// methods as the command line and shows the same words.
import type { Job } from './job.js'
import type { Store } from './state.js'
import { countWords, sizeWords } from './words.js'

export function verifyJob({ wire }: Store, shoots: readonly string[]): Job {
  const what = shoots.length === 0 ? 'every shoot' : shoots.join(', ')
  return {
    title: `Verify ${what}`,
    about:
      'Reads the copies on every connected drive and compares each with the hash that was taken when the photo was first seen. Nothing is changed.',
    verb: 'Verify now',
    run: (options) => wire.call('verify/run', { shoots }, options),
  }
}

export function healJob({ wire }: Store, shoots: readonly string[]): Job {
  return {
    title: shoots.length === 0 ? 'Heal damaged and missing copies' : `Heal ${shoots.join(', ')}`,
    about:
      'Replaces copies that are damaged or missing with good ones. What was damaged is kept in Quarantine; originals are not touched.',
    verb: 'Heal now',
    plan: async (options) => {
      const { summary, copies, findings } = await wire.call('heal/run', { shoots, dryRun: true }, options)
      const lines = copies.map(
        ({ place, shoot, file, was, from }) => `${shoot}/${file} on ${place} is ${was}: again from ${from}`,
      )
      return { summary, lines: [...lines, ...findings.map(({ message }) => message)], isWork: copies.length > 0 }
    },
    run: (options) => wire.call('heal/run', { shoots }, options),
  }
}

/** @param to  an absolute folder; undefined: to where Lightroom expects the photos */
export function restoreJob({ wire }: Store, shoot: string, files: readonly string[], to: string | undefined): Job {
  const params = { shoot, ...(files.length === 0 ? {} : { files }), ...(to === undefined ? {} : { to }) }
  return {
    title: `Restore ${files.length === 0 ? shoot : files.join(', ')}`,
    about: `To ${to ?? 'where Lightroom expects them'}. Nothing is ever overwritten: what differs is put beside.`,
    verb: 'Restore now',
    plan: async (options) => {
      const { summary, targets, warnings, missing, inTheWay, toCompare, bytes } = await wire.call(
        'restore/plan',
        params,
        options,
      )
      const lines = targets.map((target) => `${countWords(target.files, 'file')} to ${target.folder}`)
      return {
        summary,
        lines: [...lines, ...(bytes > 0 ? [`${sizeWords(bytes)} to fetch`] : []), ...warnings],
        isWork: missing + inTheWay + toCompare > 0,
      }
    },
    run: (options) => wire.call('restore/run', params, options),
  }
}

export function catalogBackupJob({ wire }: Store, name: string, catalog: string): Job {
  return {
    title: `Back up the catalog ${name}`,
    about: 'Copies the catalog to every connected drive, reads it back and opens it. Lightroom must be closed.',
    verb: 'Back up now',
    run: (options) => wire.call('catalog/backup', { catalog }, options),
  }
}

export function catalogCheckJob({ wire }: Store, name: string, catalog: string): Job {
  return {
    title: `Check the catalog ${name}`,
    about: 'Looks for every file that the catalog names. Nothing is changed.',
    verb: 'Check now',
    run: async (options) => {
      const answer = await wire.call('catalog/check', { catalog }, options)
      const mend = answer.mend.map(({ message, mend: how }) => `${message} ${how}`)
      return { ...answer, findings: mend.length > 0 ? [] : answer.findings, warnings: mend }
    },
  }
}

export function drillJob({ wire }: Store, shoot: string): Job {
  return {
    title: `Rehearse a restore of ${shoot}`,
    about:
      'Fetches the shoot into a temporary folder, compares every byte and opens what came. Your photos are not touched.',
    verb: 'Rehearse now',
    run: async (options) => {
      const { ok, exitCode, summary } = await wire.call('drill/run', { shoot }, options)
      return { ok, exitCode, summary }
    },
  }
}

export function cardJob({ wire }: Store, path: string): Job {
  return {
    title: `May the card at ${path} be formatted?`,
    about: 'Every file on it is read and looked for among the proven copies. Nothing is written to the card.',
    verb: 'Check the card',
    run: async (options) => {
      const { ok, exitCode, summary, answer, unsafe } = await wire.call('card/check', { path }, options)
      return {
        ok,
        exitCode,
        summary: `${answer}. ${summary}`,
        warnings: unsafe.map(({ file, why }) => `${file}: ${why}`),
      }
    },
  }
}
