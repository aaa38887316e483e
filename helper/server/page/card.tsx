// May this card be formatted? The question that is asked in a hurry, with a plain yes or no and every file that stands against it.
import { useState } from 'preact/hooks'
import type { Job } from './job.js'
import { cardJob } from './jobs.js'
import { Section } from './parts.js'
import type { Store } from './state.js'

export function Card({ store, onJob }: { store: Store; onJob: (job: Job) => void }) {
  const [folder, setFolder] = useState('')
  return (
    <Section id="card" title="May this card be formatted?">
      <form
        class="inline"
        onSubmit={(event) => {
          event.preventDefault()
          if (folder.trim() !== '') onJob(cardJob(store, folder.trim()))
        }}
      >
        <label>
          The card’s folder
          <input
            type="text"
            value={folder}
            placeholder="/Volumes/EOS_DIGITAL, or E:\"
            required
            onInput={({ currentTarget }) => setFolder(currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Check the card
        </button>
      </form>
    </Section>
  )
}
