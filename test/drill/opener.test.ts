// Decoders are other people's code, fed with files that may be broken: whatever one does, the drill goes on.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { systemFiles } from '../../helper/files/durable.js'
import { Opener } from '../../helper/drill/decode.js'
import { openNew } from '../../helper/drill/open-new.js'
import { makeJpeg } from '../support/pictures.js'
import { withDaemon } from '../support/daemon.js'
import { Studio } from '../restore/support.js'

const options = { program: new URL('./planted-decoder.js', import.meta.url), timeoutMs: 5000 }

describe('a decoder that hangs or crashes', function () {
  this.timeout(60_000)

  it('is killed or replaced, the file is not judged, and the next one is opened', async () => {
    const opener = new Opener(options)
    try {
      const said: string[] = []
      for (const file of ['/a.CR3', '/hang.CR3', '/b.CR3', '/crash.CR3', '/exit.CR3', '/c.CR3']) {
        const answer = await opener.open(file)
        said.push(answer.kind === 'failed' ? answer.why : answer.kind)
      }
      assert.deepEqual(said, [
        'opened',
        'it took too long',
        'opened',
        'the decoder fell over it (SIGSEGV)',
        'the decoder fell over it (3)',
        'opened',
      ])
    } finally {
      opener.close()
    }
  })

  it('is no proof that a new picture is broken: it is called unknown, and the others are opened', async () => {
    const studio = new Studio()
    try {
      const shoot = path.join(studio.pictures, 'Hike')
      fs.mkdirSync(shoot)
      const names = ['IMG_1.jpg', 'IMG_2 hang.jpg', 'IMG_3 crash.jpg', 'IMG_4.jpg']
      names.forEach((name, index) => fs.writeFileSync(path.join(shoot, name), makeJpeg(index + 1)))
      await studio.backUp('Hike')
      await withDaemon({ home: studio.home }, async ({ journal }) => {
        const deps = { files: systemFiles, journal, clock: Date.now, opener: options }
        const found = await openNew(deps, 60_000, new AbortController().signal)
        assert.deepEqual(found, { opened: 2, broken: 0 })
        const rows = journal.all(
          'SELECT f.name, o.result FROM openings o JOIN files f ON f.version_id = o.version_id ORDER BY f.name',
        )
        assert.deepEqual(
          rows.map((row) => row['result']),
          ['opened', 'unknown', 'unknown', 'opened'],
        )
      })
    } finally {
      studio.remove()
    }
  })
})
