// What the plugin costs a Lightroom with a large catalog in which nothing happens, counted in the host: Lua instructions are the same on every
// machine and under every load, processor time is not.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { LightroomHost } from '../support/lightroom/host.js'
import { LinePeer } from '../support/lightroom/peer.js'
import { PLUGIN } from '../support/lightroom/plugin.js'
import type { Session } from './support.js'

/** Lua 5.1 on a slow machine. */
export const INSTRUCTIONS_PER_SECOND = 100_000_000

export interface IdleWork {
  /** Of one core of that machine; 0.01 is one percent. */
  readonly shareOfCore: number
  /** The longest time in which Lightroom could not do anything else, on that machine. */
  readonly longestSliceMs: number
  /** Processor time of this process per second of Lightroom's, the counting and the host itself included. */
  readonly hostShareOfCore: number
}

/** Ten minutes of Lightroom with `photos` that were all handed over in an earlier session. */
export async function idleWork(session: Session, photos: number): Promise<IdleWork> {
  const imported = (params: Record<string, unknown>) => ({
    accepted: (params['photos'] as unknown[]).length,
    refused: [],
    cursor: 1e9,
  })
  await session.connect({ 'photos/imported': imported })
  writeFileSync(
    path.join(session.home, 'lightroom-preferences.lua'),
    `{cursors={[${JSON.stringify(session.catalog)}]=${photos * 10}}}`,
  )
  session.host.kill()
  session.host = await LightroomHost.start({ plugin: PLUGIN, home: session.home, catalog: session.catalog })
  session.host.importMany(photos, '/Volumes/Archive')
  session.peer = new LinePeer({})
  await session.peer.dial(session.host)
  await session.host.pass(60)
  const [before, from, cpu] = [session.host.work.instructions, session.host.seconds, process.cpuUsage()]
  await session.host.pass(600)
  const { user, system } = process.cpuUsage(cpu)
  const seconds = session.host.seconds - from
  const { instructions, longestSlice } = session.host.work
  return {
    shareOfCore: (instructions - before) / seconds / INSTRUCTIONS_PER_SECOND,
    longestSliceMs: (longestSlice / INSTRUCTIONS_PER_SECOND) * 1000,
    hostShareOfCore: (user + system) / 1e6 / seconds,
  }
}
