// A program that commits to a journal as fast as it can, and says after each commit which it was, until somebody kills it.
import fs from 'node:fs'
import { Journal } from '../../helper/journal/journal.js'
import { getMeta, setMeta } from '../../helper/journal/meta.js'

const journal = Journal.open(process.argv[2] ?? '')
for (let commit = Number(getMeta(journal, 'counter') ?? 0) + 1; ; commit++) {
  journal.transaction(() => {
    for (let row = 0; row < 20; row++) setMeta(journal, `row ${commit} ${row}`, 'x'.repeat(500))
    setMeta(journal, 'counter', String(commit))
  })
  fs.writeSync(1, `${commit}\n`)
}
