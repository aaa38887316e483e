// How the helper behaves towards the computer and whoever sits at it: what the systems say of their batteries, as captured; what keeps them
// awake; when upkeep and notifications wait, and that copying does not. Long, because its cases share one helper.
import assert from 'node:assert/strict'
import path from 'node:path'
import { execa } from 'execa'
import fs from 'fs-extra'
import { Daemon } from '../../helper/daemon.js'
import { Awake, awakeTools, type AwakeTool } from '../../helper/manners/awake.js'
import {
  askBattery,
  batteryOfLinux,
  batteryOfMac,
  batteryOfWindows,
  type Battery,
  type PowerSupply,
} from '../../helper/manners/battery.js'
import { isWithin } from '../../helper/manners/hours.js'
import { BusyLightroom } from '../../helper/manners/busy-lightroom.js'
import { usualReasons, WaitReasons } from '../../helper/manners/wait-reasons.js'
import { QUEUE_TIMES } from '../../helper/ingest/queue.js'
import { listWanted } from '../../helper/journal/wanted.js'
import { foldersAsDisks } from '../support/daemon.js'
import { scratch, type Scratch } from '../support/tree.js'

describe('what the systems say of their batteries', () => {
  const ON_MAINS = "Now drawing from 'AC Power'\n"
  const CAPTURED: readonly (readonly [string, Battery | undefined, Battery | undefined])[] = [
    [
      'a MacBook on its battery',
      batteryOfMac(
        "Now drawing from 'Battery Power'\n -InternalBattery-0 (id=4653155)\t76%; discharging; 4:10 remaining present: true\n",
      ),
      { isDischarging: true, percent: 76 },
    ],
    [
      'a MacBook that is charged',
      batteryOfMac(`${ON_MAINS} -InternalBattery-0 (id=23789667)\t100%; charged; 0:00 remaining present: true\n`),
      { isDischarging: false, percent: 100 },
    ],
    [
      'a MacBook that has just been plugged in',
      batteryOfMac(`${ON_MAINS} -InternalBattery-0 (id=4653155)\t9%; AC attached; not charging present: true\n`),
      { isDischarging: false, percent: 9 },
    ],
    ['a Mac mini', batteryOfMac(ON_MAINS), undefined],
    [
      'a Mac mini behind a UPS',
      batteryOfMac(`${ON_MAINS} -Smart-UPS 750 (id=52428800)\t100%; charging present: true\n`),
      undefined,
    ],
    ['an answer nobody expects', batteryOfMac('pmset: unknown option\n'), undefined],
    [
      'a Windows laptop on its battery',
      batteryOfWindows('{"BatteryStatus":1,"EstimatedChargeRemaining":64}\r\n'),
      { isDischarging: true, percent: 64 },
    ],
    [
      'a Windows laptop on mains',
      batteryOfWindows('{"BatteryStatus":2,"EstimatedChargeRemaining":97}\r\n'),
      { isDischarging: false, percent: 97 },
    ],
    [
      'a Windows laptop with two batteries',
      batteryOfWindows(
        '[{"BatteryStatus":2,"EstimatedChargeRemaining":100},{"BatteryStatus":1,"EstimatedChargeRemaining":20}]\r\n',
      ),
      { isDischarging: true, percent: 60 },
    ],
    ['a Windows desktop', batteryOfWindows(''), undefined],
    ['a Windows without CIM', batteryOfWindows('Get-CimInstance : Invalid class\r\n'), undefined],
    [
      'a Linux laptop on its battery, with the battery of a mouse',
      batteryOfLinux([
        { type: 'Mains', online: '0' },
        { type: 'Battery', status: 'Discharging', capacity: '41' },
        { type: 'Battery', scope: 'Device', status: 'Discharging', capacity: '5' },
      ]),
      { isDischarging: true, percent: 41 },
    ],
    [
      'a Linux laptop on mains whose battery is kept from charging',
      batteryOfLinux([
        { type: 'USB', online: '1' },
        { type: 'Battery', status: 'Not charging', capacity: '80' },
      ]),
      { isDischarging: false, percent: 80 },
    ],
    ['a Linux desktop', batteryOfLinux([{ type: 'Mains', online: '1' } satisfies PowerSupply]), undefined],
    ['a Linux in a container', batteryOfLinux([]), undefined],
  ]
  for (const [name, said, expected] of CAPTURED)
    it(`${name}: ${expected === undefined ? 'no battery' : `${expected.percent} %, ${expected.isDischarging ? 'discharging' : 'on mains'}`}`, () =>
      assert.deepEqual(said, expected))

  it('is asked of this very computer without failing, and of one that has no such tool', async () => {
    await askBattery()
    assert.equal(await askBattery('darwin'), undefined)
    assert.equal(await askBattery('win32'), undefined)
    assert.equal(await askBattery('aix'), undefined)
  })
})

describe('when upkeep waits', () => {
  const NOON = new Date(2026, 5, 1, 12).getTime()
  const reason = async (
    config: { readonly quietHours?: readonly string[]; readonly upkeepBatteryPercent?: number },
    battery?: Battery,
  ): Promise<string | undefined> => {
    const reasons = new WaitReasons(() => undefined)
    const settings = {
      quietHours: [...(config.quietHours ?? [])],
      upkeepBatteryPercent: config.upkeepBatteryPercent ?? 50,
    }
    reasons.add(...usualReasons({ config: () => settings, clock: () => NOON, battery: () => Promise.resolve(battery) }))
    return reasons.first()
  }

  it('is in quiet hours, past midnight too', async () => {
    assert.equal(await reason({ quietHours: ['11:00-13:00'] }), 'these are quiet hours')
    assert.equal(await reason({ quietHours: ['22:00-07:00'] }), undefined)
    for (const [hour, within] of [
      [23, true],
      [6, true],
      [7, false],
      [21, false],
    ] as const)
      assert.equal(isWithin(['22:00-07:00'], new Date(2026, 5, 1, hour)), within, String(hour))
  })

  it('is on a battery below the limit, which can be lifted', async () => {
    assert.match((await reason({}, { isDischarging: true, percent: 49 })) ?? '', /on its battery, which is at 49 %/)
    assert.equal(await reason({}, { isDischarging: true, percent: 50 }), undefined)
    assert.equal(await reason({}, { isDischarging: false, percent: 5 }), undefined)
    assert.equal(await reason({ upkeepBatteryPercent: 0 }, { isDischarging: true, percent: 5 }), undefined)
    assert.equal(await reason({}), undefined, 'no battery')
  })

  it('is what Lightroom said of itself, for as long as it said', () => {
    let now = 0
    const lightroom = new BusyLightroom(() => now)
    assert.equal(lightroom.reason(), undefined)
    lightroom.note(60)
    now = 50_000
    lightroom.note(5)
    now = 59_999
    assert.equal(lightroom.reason(), 'Lightroom is busy')
    now = 60_000
    assert.equal(lightroom.reason(), undefined)
  })

  it('is also whatever else somebody knows, as long as it lasts', async () => {
    let isBusy = true
    const reasons = new WaitReasons(() => 'loaded')
    reasons.add(() => (isBusy ? 'Lightroom is busy' : undefined))
    assert.equal(await reasons.first(), 'Lightroom is busy')
    isBusy = false
    assert.equal(await reasons.first(), undefined)
    assert.equal(await reasons.firstForHeavyWork(), 'loaded')
  })
})

describe('what keeps the computer awake', () => {
  it('is the system’s own tool, which ends with this process', () => {
    assert.deepEqual(awakeTools('darwin', 4711), [{ tool: 'caffeinate', args: ['-i', '-w', '4711'] }])
    const [windows] = awakeTools('win32', 1)
    assert.match(
      windows?.args.at(-1) ?? '',
      /SetThreadExecutionState\(\[uint32\]"0x80000001"\)[^]*\[Console\]::In\.ReadToEnd\(\)$/,
    )
    assert.deepEqual(
      awakeTools('linux', 1).map(({ args: [what, ...rest] }) => [what, rest.at(-1)]),
      [
        ['--what=idle:sleep', 'cat'],
        ['--what=idle', 'cat'],
      ],
    )
    assert.deepEqual(awakeTools('aix', 1), [])
  })

  it('runs once however much is copied, from a while after the first to the end of the last, and the next where one is refused', async () => {
    const held: string[] = []
    let release: (() => void) | undefined
    const hold = ({ tool }: AwakeTool) => {
      held.push(tool)
      if (tool === 'refused') return { ended: Promise.resolve(false), stop: () => undefined }
      const ended = new Promise<boolean>((resolve) => (release = () => resolve(true)))
      return { ended, stop: () => [held.push('free'), release?.()] }
    }
    const tools = ['refused', 'allowed'].map((tool) => ({ tool, args: [] }))
    const awake = new Awake({ tools, hold, afterMs: 1 })
    const isHeld = async (): Promise<void> => {
      while (release === undefined) await new Promise((resolve) => setImmediate(resolve))
    }
    await awake.during(() => awake.during(isHeld))
    assert.deepEqual(held, ['refused', 'allowed', 'free'])
    await new Awake({ tools, hold, afterMs: 60_000 }).during(() => Promise.resolve())
    assert.deepEqual(held.length, 3, 'what is done at once needs no tool')
    await assert.rejects(
      awake.during(() => Promise.reject(new Error('the drive is gone'))),
      /the drive is gone/,
    )
  })

  it('is let go although the process is killed: the real tool of this shape ends when our end of its input is closed', async () => {
    const script = `
      import { Awake } from ${JSON.stringify(new URL('../../helper/manners/awake.js', import.meta.url).href)}
      const awake = new Awake({ tools: [{ tool: 'sh', args: ['-c', 'echo $$ > "$0"; exec cat', process.argv[1]] }], afterMs: 1 })
      await awake.during(() => new Promise(() => setInterval(() => {}, 1000)))`
    const here = scratch()
    try {
      fs.ensureDirSync(here.root)
      const file = path.join(here.root, 'pid')
      const process_ = execa(process.execPath, ['--input-type=module', '-e', script, file], { reject: false })
      while (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') === '')
        await new Promise((resolve) => setImmediate(resolve))
      const pid = Number(fs.readFileSync(file, 'utf8'))
      assert.ok(isAlive(pid))
      process_.kill('SIGKILL')
      await process_
      while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve))
    } finally {
      here.remove()
    }
  })

  it('may be missing: copying goes on', async () => {
    const awake = new Awake({ tools: [{ tool: 'safelight-no-such-tool', args: [] }], afterMs: 0 })
    const done = await awake.during(() => new Promise((resolve) => setTimeout(() => resolve('copied'), 50)))
    assert.equal(done, 'copied')
  })
})

function isAlive(pid: number): boolean {
  // What has ended and was not waited for yet is no longer alive.
  const stat = `/proc/${pid}/stat`
  return fs.existsSync(stat) && !/\) Z /.test(fs.readFileSync(stat, 'utf8'))
}

describe('the helper’s manners', () => {
  let here: Scratch
  beforeEach(() => (here = scratch()))
  afterEach(() => here.remove())

  it('let upkeep wait for a reason, never the copying of what is new, which keeps the computer awake', async () => {
    const file = path.join(here.tree('internal/Weddings', { 'IMG_1.CR3': null }), 'IMG_1.CR3')
    here.folder('drive')
    let reason: string | undefined = 'the computer runs on its battery'
    const waiting = new WaitReasons(() => undefined)
    waiting.add(() => reason)
    let times = 0
    const awake = new Awake({ tools: [], afterMs: 0 })
    const during = awake.during.bind(awake)
    awake.during = (act) => {
      times += 1
      return during(act)
    }
    const daemon = await Daemon.open({
      home: here.home,
      command: 'test',
      helper: 'running',
      volumes: foldersAsDisks(here.root),
      waiting,
      awake,
    })
    const onFault = (error: unknown): never => {
      throw error
    }
    try {
      await daemon.handlers['place/add']?.({ path: here.at('drive') }, context)
      const before = times
      const queue = daemon.startQueue(QUEUE_TIMES, onFault)
      const upkeep = await daemon.startRehearsals(60_000, onFault)
      await importPhoto(daemon, file)
      await queue.idle()
      assert.deepEqual(listWanted(daemon.journal), [], 'copied and proven although upkeep waits')
      assert.ok(times > before, 'and the computer was kept awake for it')
      await upkeep.look()
      assert.equal(openings(daemon), 0, 'upkeep waits')
      reason = undefined
      await upkeep.look()
      assert.equal(openings(daemon), 1, 'and goes on when there is no reason any more')
      await upkeep.close()
      await queue.close()
    } finally {
      daemon.close()
    }
  })

  it('let upkeep wait while Lightroom says that it is busy, and no longer', async () => {
    const file = path.join(here.tree('internal/Weddings', { 'IMG_1.CR3': null }), 'IMG_1.CR3')
    const waiting = new WaitReasons(() => undefined)
    const options = { home: here.home, command: 'test', helper: 'running', waiting } as const
    const daemon = await Daemon.open({ ...options, volumes: foldersAsDisks(here.root) })
    const onFault = (error: unknown): never => {
      throw error
    }
    try {
      await daemon.handlers['place/add']?.({ path: here.folder('drive') }, context)
      const queue = daemon.startQueue(QUEUE_TIMES, onFault)
      await importPhoto(daemon, file)
      await queue.idle()
      const upkeep = await daemon.startRehearsals(60_000, onFault)
      await daemon.handlers['lightroom/busy']?.({ seconds: 1 }, context)
      assert.equal(await waiting.first(), 'Lightroom is busy')
      while ((await waiting.first()) !== undefined) await upkeep.look()
      await upkeep.look()
      assert.equal(openings(daemon), 1)
      await upkeep.close()
      await queue.close()
    } finally {
      daemon.close()
    }
  })

  it('catch up after sleep: what the clock on the wall says is due is done at the next look, however long timers stood still', async () => {
    const file = path.join(here.tree('internal/Weddings', { 'IMG_1.CR3': null }), 'IMG_1.CR3')
    here.folder('drive')
    let nowMs = Date.parse('2026-06-01T12:00:00Z')
    const daemon = await Daemon.open({
      home: here.home,
      command: 'test',
      helper: 'running',
      volumes: foldersAsDisks(here.root),
      clock: () => nowMs,
    })
    const sidecar = here.at('drive/Safelight/Photos/internal/Weddings/IMG_1.xmp')
    try {
      await daemon.handlers['place/add']?.({ path: here.at('drive') }, context)
      const queue = daemon.startQueue({ ...QUEUE_TIMES, driveCheckMs: 5 }, (error) => {
        throw error
      })
      await importPhoto(daemon, file)
      await queue.idle()
      here.tree('internal/Weddings', { 'IMG_1.xmp': 'edits' })
      await queue.idle()
      assert.ok(!fs.existsSync(sidecar), 'nobody told of it, and nothing is due')
      nowMs += 8 * 60 * 60 * 1000
      while (!fs.existsSync(sidecar)) await new Promise((resolve) => setTimeout(resolve, 5))
      await queue.close()
    } finally {
      daemon.close()
    }
  })

  const context = {
    signal: new AbortController().signal,
    client: { kind: 'plugin', version: 'test' } as const,
    progress: () => undefined,
  }

  async function importPhoto(daemon: Daemon, file: string): Promise<void> {
    const photo = { id: 1, uuid: 'u', path: file, format: 'RAW', isVideo: false, isOffline: false } as const
    const told = { catalog: '/c/W.lrcat', roots: [here.at('internal')], photos: [photo] }
    await daemon.handlers['photos/imported']?.(told, context)
  }

  const openings = ({ journal }: Daemon): number => journal.all('SELECT 1 FROM openings').length
})
