// Set-up (placeholder)
import { Section } from './parts.js'
import type { Store } from './state.js'

export function SetUp(_props: { store: Store }) {
  return (
    <Section id="set-up" title="Set up">
      <p>…</p>
    </Section>
  )
}
