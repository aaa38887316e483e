// The host itself under test: for each rule a small plugin that breaks it, and is caught. What is no fault but a behaviour (a queue, a timeout, a
// cost) is shown by a plugin that writes down what it saw. Long, because every rule of the host is a case.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { LightroomHost, type HostOptions } from '../support/lightroom/host.js'
import { RULES } from '../support/lightroom/rules.js'

const INFO = `return { LrSdkVersion = 13, LrToolkitIdentifier = 'test.plugin', LrPluginName = 'Test', LrInitPlugin = 'Init.lua', LrForceInitPlugin = true,
  LrShutdownApp = 'Exit.lua', LrPluginInfoProvider = 'Manager.lua', LrExportMenuItems = { { title = 'Menu', file = 'Menu.lua' } } }`
const EXIT = 'return { LrShutdownFunction = function(done, progress) progress(1, "") done() end }'
const TASKS = "local LrTasks = import 'LrTasks' "
const inTask = (body: string): string => `${TASKS} LrTasks.startAsyncTask(function() ${body} end)`
/** Keeps notes through the log. */
const NOTES =
  "local log = import 'LrLogger'('t') log:enable('logfile') local function note(t) log:info(tostring(t)) end "

type Files = Record<string, string>

describe('the Lightroom host', () => {
  let folder: string
  let host: LightroomHost | undefined
  const broken = new Set<number>()

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'safelight-rules-'))
  })
  afterEach(() => {
    host?.kill()
    host = undefined
    rmSync(folder, { recursive: true, force: true })
  })

  async function start(files: Files, options: Partial<HostOptions> = {}): Promise<LightroomHost> {
    const plugin = path.join(folder, 'Test.lrplugin')
    mkdirSync(plugin, { recursive: true })
    const all: Files = {
      'Info.lua': INFO,
      'Init.lua': '',
      'Menu.lua': '',
      'Exit.lua': EXIT,
      'Manager.lua': 'return {}',
      ...files,
    }
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(path.dirname(path.join(plugin, name)), { recursive: true })
      writeFileSync(path.join(plugin, name), text)
    }
    host = await LightroomHost.start({ plugin, home: folder, catalog: path.join(folder, 'a.lrcat'), ...options })
    return host
  }

  function caught(rule: number, message?: RegExp): void {
    const faults = host!.faults.filter((fault) => fault.rule === rule)
    assert.ok(faults.length > 0, `rule ${rule} was not noticed; faults: ${JSON.stringify(host!.faults)}`)
    if (message) assert.match(faults.map((fault) => fault.message).join('\n'), message)
    broken.add(rule)
  }

  const notes = (): string[] => host!.log.map((line) => line.replace('info ', ''))

  /** Shown as a behaviour instead of a fault. */
  function shown(rule: number): void {
    broken.add(rule)
  }

  const violations: readonly (readonly [rule: number, name: string, init: string, message: RegExp])[] = [
    [1, 'collectgarbage', 'local x = collectgarbage', /collectgarbage/],
    [1, 'xpcall', 'if xpcall then end', /xpcall/],
    [1, 'package', 'local p = package', /package/],
    [2, 'coroutine.create', 'local c = coroutine.create', /coroutine\.create/],
    [3, 'debug.traceback', 'local t = debug.traceback', /debug\.traceback/],
    [4, 'os.getenv', 'local e = os.getenv', /os\.getenv/],
    [5, 'a dotted require', "require 'src.log'", /src\.log/],
    [5, 'a path in require', "require 'src/log'", /src\/log/],
    [6, 'a script that is not there', "require 'Nowhere'", /Nowhere\.lua/],
    [7, 'an unknown import', "import 'LrSomething'", /LrSomething/],
    [7, 'an invented member', "local f = import('LrFileUtils').writeFile", /LrFileUtils\.writeFile/],
    [
      7,
      'an invented catalog method',
      inTask("local c = import('LrApplication').activeCatalog() c:getPreviousImport()"),
      /getPreviousImport/,
    ],
    [7, 'an invented view', "import('LrView').osFactory():html_view {}", /html_view/],
    [11, 'sleep in pcall', inTask('pcall(function() LrTasks.sleep(1) end)'), /inside pcall/],
    [
      11,
      'a catalog read in pcall',
      inTask("pcall(function() import('LrApplication').activeCatalog():getAllPhotos() end)"),
      /getAllPhotos/,
    ],
    [16, 'a yield in the init script', `${TASKS} LrTasks.sleep(1)`, /outside a task|disabled/],
    [16, 'an error in the init script', 'error("no")', /disabled/],
    [16, 'a dialog in the init script', "import('LrDialogs').message('hello')", /dialog in the init script/],
    [
      27,
      'bind without a context',
      "import('LrSocket').bind { plugin = _PLUGIN, port = 0, mode = 'receive' }",
      /functionContext/,
    ],
    [
      27,
      'bind without a mode',
      "import('LrFunctionContext').callWithContext('x', function(c) import('LrSocket').bind { functionContext = c, plugin = _PLUGIN, port = 0 } end)",
      /mode/,
    ],
    [
      31,
      'send before a client',
      "import('LrFunctionContext').callWithContext('x', function(c) import('LrSocket').bind({ functionContext = c, plugin = _PLUGIN, port = 0, mode = 'send' }):send('x') end)",
      /not connected/,
    ],
    [
      33,
      'reconnect after close',
      "import('LrFunctionContext').callWithContext('x', function(c) local s = import('LrSocket').bind { functionContext = c, plugin = _PLUGIN, port = 0, mode = 'send' } s:close() s:reconnect() end)",
      /after close/,
    ],
    [
      38,
      'a nested gate',
      inTask(
        "local c = import('LrApplication').activeCatalog() c:withWriteAccessDo('a', function() c:withWriteAccessDo('b', function() end, { timeout = 1 }) end, { timeout = 1 })",
      ),
      /inside another/,
    ],
    [
      38,
      'addPhoto outside a gate',
      inTask("import('LrApplication').activeCatalog():addPhoto('/x')"),
      /outside a write gate/,
    ],
    [
      40,
      'a changed selection',
      inTask("import('LrApplication').activeCatalog():setSelectedPhotos(nil, {})"),
      /setSelectedPhotos/,
    ],
    [40, 'changed sources', inTask("import('LrApplication').activeCatalog():setActiveSources({})"), /setActiveSources/],
    [46, 'a function in the preferences', "import('LrPrefs').prefsForPlugin().x = print", /type function/],
    [47, 'a property table without a context', "import('LrBinding').makePropertyTable()", /context/],
  ]
  for (const [rule, name, init, message] of violations)
    it(`catches ${name} (rule ${rule})`, async () => {
      await start({ 'Init.lua': init })
      await host!.pass(5)
      caught(rule, message)
    })

  it('sees no file that came after the plugin was loaded, not even after Reload (rule 6)', async () => {
    await start({ 'Menu.lua': "require 'Added'" })
    writeFileSync(path.join(folder, 'Test.lrplugin', 'Added.lua'), 'return 1')
    host!.reload()
    assert.equal(host!.pressMenu('Menu'), 'failed')
    caught(6, /Added\.lua/)
  })

  it('catches a script with a byte order mark, and syntax above 5.1 (rule 9)', async () => {
    await start({ 'Init.lua': '\ufeffreturn 1' })
    caught(9, /byte order mark/)
    host!.kill()
    await start({ 'Init.lua': 'goto done ::done::' })
    caught(9)
    host!.kill()
    await start({ 'Init.lua': 'local a = 7 // 2' })
    caught(9)
  })

  it('catches an Info.lua that imports, promises missing files, or forces init without a menu (rule 8)', async () => {
    for (const info of [
      "import 'LrTasks' return {}",
      "require 'x' return {}",
      'return 5',
      'return { LrSdkVersion = 13, LrToolkitIdentifier = "x" }',
      INFO.replace("'Menu.lua'", "'Gone.lua'"),
      INFO.replace("{ { title = 'Menu', file = 'Menu.lua' } }", '{}'),
      INFO.replace('LrExportMenuItems', 'LrFileMenuItems'),
    ]) {
      await start({ 'Info.lua': info })
      caught(8)
      host!.kill()
    }
  })

  it('catches task-only calls in a menu script, in init and in a context that is no task (rule 10)', async () => {
    const read = "import('LrApplication').activeCatalog():getAllPhotos()"
    for (const menu of [
      read,
      `import('LrFunctionContext').callWithContext('x', function() ${read} end)`,
      `${TASKS} LrTasks.execute('true')`,
    ]) {
      await start({ 'Menu.lua': menu })
      assert.equal(host!.pressMenu('Menu'), 'failed')
      caught(10, /outside a task/)
      host!.kill()
    }
  })

  it('catches a yield in a metamethod, a comparator, a gsub callback, an observer, a transform and a section builder (rule 12)', async () => {
    const inLua = [
      'local t = setmetatable({}, { __index = function() LrTasks.sleep(1) end }) local x = t.y',
      'table.sort({ 2, 1 }, function(a, b) LrTasks.sleep(1) return a < b end)',
      "string.gsub('a', 'a', function() LrTasks.sleep(1) end)",
      'for x in function() LrTasks.sleep(1) end do end',
    ]
    for (const body of inLua) {
      await start({ 'Init.lua': inTask(body) })
      await host!.pass(1)
      assert.match(host!.faults.map(({ message }) => message).join(), /yield across/, body)
      host!.kill()
    }
    const context = (body: string): string =>
      `import('LrFunctionContext').postAsyncTaskWithContext('x', function(c) local p = import('LrBinding').makePropertyTable(c) ${body} end)`
    await start({ 'Init.lua': TASKS + context("p:addObserver('a', function() LrTasks.sleep(1) end) p.a = 1") })
    await host!.pass(1)
    caught(12, /observer/)
    host!.kill()
    await start({
      'Init.lua': TASKS,
      'Manager.lua': `${TASKS} return { sectionsForTopOfDialog = function() LrTasks.sleep(1) return {} end }`,
    })
    host!.openPluginManager()
    caught(12, /section builder/)
    host!.kill()
    await start({
      'Init.lua':
        TASKS +
        context(`p.a = 1 local f = import('LrView').osFactory()
      import('LrDialogs').presentModalDialog { title = 't', contents = f:column { bind_to_object = p, f:static_text { title = import('LrView').bind { key = 'a', transform = function() LrTasks.sleep(1) end } } } }`),
    })
    await host!.pass(1)
    caught(12, /transform/)
  })

  it('lets LrTasks.pcall and context calls yield, as Lightroom does (rule 13)', async () => {
    await start({
      'Init.lua':
        NOTES +
        inTask(`
        note(LrTasks.pcall(function() LrTasks.sleep(1) return 'slept' end))
        local ok, problem = LrTasks.pcall(function() LrTasks.sleep(1) error('told', 0) end)
        note(tostring(ok) .. ' ' .. tostring(problem))
        note(import('LrFunctionContext').callWithContext('x', function() LrTasks.sleep(1) return 'in context' end))`),
    })
    await host!.pass(5)
    assert.deepEqual(notes(), ['true', 'false told', 'in context'])
    assert.deepEqual(host!.faults, [])
    shown(13)
  })

  it('queues tasks instead of running them inline (rule 14)', async () => {
    await start({ 'Init.lua': `${NOTES} ${inTask("note('task')")} note('init')` })
    await host!.pass(1)
    assert.deepEqual(notes(), ['init', 'task'])
    shown(14)
  })

  it('can cancel bare tasks of the init script (rule 15)', async () => {
    await start({ 'Init.lua': `${NOTES} ${inTask("note('lived')")}` }, { rules: { cancelBareTasks: true } })
    await host!.pass(1)
    caught(15)
    assert.deepEqual(notes(), [])
  })

  it('runs the info provider again at every showing (rule 17)', async () => {
    await start({
      'Manager.lua': `${NOTES} note('loaded') return { sectionsForTopOfDialog = function() return {} end }`,
    })
    host!.openPluginManager()
    host!.openPluginManager()
    assert.deepEqual(notes(), ['loaded', 'loaded'])
    shown(17)
  })

  it('Reload cancels contexts, runs their cleanup and starts with a new environment (rule 18)', async () => {
    await start({
      'Init.lua': `${NOTES} note(_G.kept) _G.kept = 'old' ${TASKS}
        import('LrFunctionContext').postAsyncTaskWithContext('x', function(c) c:addCleanupHandler(function() note('cleanup') end) while true do LrTasks.sleep(1) end end)`,
    })
    await host!.pass(2)
    host!.reload()
    await host!.pass(2)
    assert.deepEqual(notes(), ['nil', 'cleanup', 'nil'])
    shown(18)
  })

  it('can give a menu script an environment of its own (rule 19)', async () => {
    await start(
      { 'Init.lua': '_G.here = true', 'Menu.lua': `${NOTES} note(_G.here)` },
      { rules: { separateMenus: true } },
    )
    host!.pressMenu('Menu')
    assert.deepEqual(notes(), ['nil'])
    shown(19)
  })

  it('catches a shutdown script without its table (rule 20)', async () => {
    await start({ 'Exit.lua': 'return nil' })
    await host!.quit()
    caught(20)
  })

  it('catches a shutdown function with an implicit self (rule 21)', async () => {
    await start({
      'Exit.lua': 'return { LrShutdownFunction = function(self, done, progress) progress(1, "") done() end }',
    })
    await host!.quit()
    caught(21)
  })

  it('catches a shutdown that is never done, and one that is done twice (rule 22)', async () => {
    await start({ 'Exit.lua': 'return { LrShutdownFunction = function() end }' })
    await host!.quit()
    caught(22, /did not call done/)
    host = undefined
    await start({ 'Exit.lua': 'return { LrShutdownFunction = function(done) done() done() end }' })
    await host!.quit()
    caught(22, /twice/)
  })

  it('catches dialogs, files, preferences and closing of sockets at exit (rule 23)', async () => {
    for (const body of [
      "import('LrDialogs').message('bye')",
      "import('LrFileUtils').readFile('/etc/hosts')",
      "import('LrPrefs').prefsForPlugin().x = 1",
      '_G.socket:close()',
    ]) {
      await start({
        'Init.lua': `${TASKS} import('LrFunctionContext').postAsyncTaskWithContext('x', function(c) _G.socket = import('LrSocket').bind { functionContext = c, plugin = _PLUGIN, port = 0, mode = 'send' } while true do LrTasks.sleep(1) end end)`,
        'Exit.lua': `return { LrShutdownFunction = function(done, progress) pcall(function() ${body} end) done() end }`,
      })
      await host!.pass(1)
      await host!.quit()
      caught(23)
      host = undefined
    }
  })

  it('catches a yield in LrShutdownPlugin (rule 24)', async () => {
    await start({
      'Info.lua': INFO.replace('LrShutdownApp', "LrShutdownPlugin = 'Unload.lua', LrShutdownApp"),
      'Unload.lua': `${TASKS} LrTasks.sleep(1)`,
    })
    host!.reload()
    caught(24)
  })

  it('kills without a hook (rule 25)', async () => {
    await start({ 'Exit.lua': `${NOTES} note('hook') ${EXIT}` })
    host!.kill()
    assert.deepEqual(notes(), [])
    shown(25)
  })

  const LISTEN = (mode: string, more = ''): string => `${NOTES} ${TASKS}
    import('LrFunctionContext').postAsyncTaskWithContext('x', function(c)
      _G.socket = import('LrSocket').bind { functionContext = c, plugin = _PLUGIN, port = _G.wanted or 0, mode = '${mode}',
        onConnecting = function(s, port) note('port ' .. port) end, onConnected = function() note('connected') _G.connected = true end,
        onMessage = function(s, m) note('line ' .. #m) _G.last = m end,
        onClosed = function() note('closed') end, onError = function(s, e) note(e) ${more} end }
      while true do LrTasks.sleep(1) end
    end)`

  async function dial(): Promise<net.Socket> {
    const portOf = (): number =>
      Number(
        notes()
          .findLast((line) => line.startsWith('port '))
          ?.slice(5) ?? 0,
      )
    await host!.waitFor(() => portOf() > 0)
    const socket = net.connect(portOf(), '127.0.0.1')
    host!.attach(socket)
    socket.on('error', () => socket.destroy())
    await host!.waitFor(() => !socket.connecting)
    return socket
  }

  it('hangs the quit when a client stays connected (rule 26)', async () => {
    await start({ 'Init.lua': LISTEN('send') }, { hangMs: 200 })
    const socket = await dial()
    await host!.waitFor(() => notes().includes('connected'))
    await host!.quit()
    caught(26)
    socket.destroy()
  })

  it('closes sockets with their context (rule 27)', async () => {
    await start({
      'Init.lua': `${NOTES} import('LrFunctionContext').postAsyncTaskWithContext('x', function(c) import('LrSocket').bind { functionContext = c, plugin = _PLUGIN, port = 0, mode = 'receive', onConnecting = function() note('listening') end } end)`,
    })
    await host!.pass(5)
    assert.deepEqual(notes(), [])
  })

  it('gives up listening after ten seconds unless re-armed (rule 28)', async () => {
    await start({ 'Init.lua': LISTEN('receive') })
    await host!.pass(25)
    assert.deepEqual(notes().slice(1), ['timeout'])
    host!.kill()
    await start({ 'Init.lua': LISTEN('receive', 's:reconnect()') })
    await host!.pass(25)
    assert.equal(notes().filter((line) => line === 'timeout').length, 2)
    shown(28)
  })

  it('takes one client a port and leaves the second unread (rule 29)', async () => {
    await start({ 'Init.lua': LISTEN('receive') })
    const first = await dial()
    await host!.waitFor(() => notes().includes('connected'))
    const second = await dial()
    second.write('unread\n')
    await host!.pass(5)
    assert.ok(!notes().some((line) => line.startsWith('line')))
    first.write('read\n')
    await host!.waitFor(() => notes().includes('line 4'))
    first.destroy()
    second.destroy()
    shown(29)
  })

  it('does not tell the sending side that its client went (rule 30)', async () => {
    await start({
      'Init.lua': `${LISTEN('send')} ${inTask("while true do LrTasks.sleep(1) if _G.connected then _G.socket:send('x\\n') end end")}`,
    })
    const socket = await dial()
    await host!.waitFor(() => notes().includes('connected'))
    socket.destroy()
    await host!.pass(20)
    assert.ok(!notes().includes('closed'))
    assert.deepEqual(host!.faults, [])
    shown(30)
  })

  it('splits at newlines, keeps bytes as they are, and takes lines of 16 MiB (rule 32)', async () => {
    await start({
      'Init.lua': `${LISTEN('receive')} ${inTask("while not _G.last do LrTasks.sleep(0.1) end local b = {} for i = 1, #_G.last do b[i] = _G.last:byte(i) end note(table.concat(b, ' '))")}`,
    })
    const socket = await dial()
    await host!.waitFor(() => notes().includes('connected'))
    socket.write(Uint8Array.from([0, 1, 127, 128, 191, 192, 194, 255, 13, 10]))
    await host!.waitFor(() => notes().includes('0 1 127 128 191 192 194 255 13'))
    socket.write(Buffer.concat([Buffer.alloc(16 * 1024 * 1024, 0xe9), Buffer.from('\nab')]))
    await host!.waitFor(() => notes().includes(`line ${16 * 1024 * 1024}`))
    socket.write('c\n')
    await host!.waitFor(() => notes().includes('line 3'))
    socket.destroy()
    shown(32)
  })

  it('lets no time leap over bytes that are still under way, however slow the machine', async () => {
    await start({ 'Init.lua': LISTEN('receive') })
    const socket = await dial()
    await host!.waitFor(() => notes().includes('connected'))
    socket.cork()
    socket.write('late\n')
    setTimeout(() => socket.uncork(), 100)
    await host!.waitFor(() => notes().includes('line 4'), 1)
    socket.destroy()
  })

  it('catches reconnecting the other socket in onClosed (rule 33)', async () => {
    await start({
      'Init.lua': `${NOTES} ${TASKS} import('LrFunctionContext').postAsyncTaskWithContext('x', function(c)
        local other = import('LrSocket').bind { functionContext = c, plugin = _PLUGIN, port = 0, mode = 'send' }
        import('LrSocket').bind { functionContext = c, plugin = _PLUGIN, port = 0, mode = 'receive', onConnecting = function(s, port) note('port ' .. port) end,
          onConnected = function() note('connected') end, onClosed = function() other:reconnect() end }
        while true do LrTasks.sleep(1) end end)`,
    })
    const socket = await dial()
    await host!.waitFor(() => notes().includes('connected'))
    socket.destroy()
    await host!.pass(5)
    caught(33, /hangs/)
  })

  it('reports a busy port through onError (rule 34)', async () => {
    const busy = net.createServer()
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve))
    await start({ 'Init.lua': `_G.wanted = ${(busy.address() as net.AddressInfo).port} ${LISTEN('receive')}` })
    await host!.waitFor(() => notes().some((line) => line.startsWith('failed to open')))
    busy.close()
    shown(34)
  })

  it('can stand still for seconds (rule 35)', async () => {
    await start({
      'Init.lua': `${NOTES} ${inTask("local D = import 'LrDate' local from = D.currentTime() LrTasks.sleep(1) note(D.currentTime() - from >= 15)")}`,
    })
    await host!.pass(0.1)
    host!.freeze(15)
    await host!.pass(1)
    assert.deepEqual(notes(), ['true'])
    shown(35)
  })

  it('throws on unknown metadata keys and keys a batch by photo (rule 36)', async () => {
    await start({
      'Menu.lua':
        NOTES +
        inTask(`local c = import('LrApplication').activeCatalog() local photos = c:getAllPhotos()
        note(c:batchGetRawMetadata(photos, { 'path' })[photos[1]].path) photos[1]:getRawMetadata('importTime')`),
    })
    host!.import(['/a.CR3'])
    host!.pressMenu('Menu')
    await host!.pass(1)
    assert.equal(notes()[0], '/a.CR3')
    caught(36, /importTime/)
  })

  it('hands out everything when nothing is selected, and greys menus only up to 5,000 (rule 37)', async () => {
    await start({
      'Info.lua': INFO.replace("file = 'Menu.lua'", "file = 'Menu.lua', enabledWhen = 'photosSelected'"),
      'Menu.lua':
        NOTES +
        inTask(
          "local c = import('LrApplication').activeCatalog() note(tostring(c:getTargetPhoto() == nil) .. ' ' .. #c:getTargetPhotos())",
        ),
      'Init.lua':
        NOTES +
        inTask(
          "LrTasks.sleep(2) local c = import('LrApplication').activeCatalog() note(tostring(c:getTargetPhoto() == nil) .. ' ' .. #c:getTargetPhotos())",
        ),
    })
    host!.importMany(6000, '/x')
    assert.equal(host!.pressMenu('Menu'), 'greyed')
    await host!.pass(3)
    host!.select(5001)
    assert.equal(host!.pressMenu('Menu'), 'ran')
    await host!.pass(1)
    assert.deepEqual(notes(), ['true 6000', 'false 5001'])
    shown(37)
  })

  it('raises on a busy gate without a timeout, and aborts with one (rule 38)', async () => {
    await start({
      'Menu.lua':
        NOTES +
        inTask(
          "local c = import('LrApplication').activeCatalog() note(c:withWriteAccessDo('a', function() end, { timeout = 5 })) c:withWriteAccessDo('b', function() end)",
        ),
    })
    host!.keepCatalogBusy(100)
    host!.pressMenu('Menu')
    await host!.pass(20)
    assert.deepEqual(notes(), ['aborted'])
    caught(38, /without a timeout/)
  })

  it('lets enumeration and single reads cost their time (rule 39)', async () => {
    await start({
      'Menu.lua':
        NOTES +
        inTask(`local D = import 'LrDate' local c = import('LrApplication').activeCatalog() local from = D.currentTime() local photos = c:getAllPhotos()
        note(D.currentTime() - from >= 0.19) from = D.currentTime() for i = 1, 100 do photos[i]:getRawMetadata('path') end note(D.currentTime() - from >= 0.029)`),
    })
    host!.importMany(100_000, '/x')
    host!.pressMenu('Menu')
    await host!.pass(5)
    assert.deepEqual(notes(), ['true', 'true'])
    assert.ok(host!.work.longestFreezeSeconds >= 0.19)
    shown(39)
  })

  it('imports one by one, gives virtual copies ids, and offline photos the size of their preview (rule 41)', async () => {
    await start({
      'Menu.lua':
        NOTES +
        inTask(`local c = import('LrApplication').activeCatalog() for _, p in ipairs(c:getAllPhotos()) do
        note(p.localIdentifier .. ' ' .. tostring(p:getRawMetadata('isVirtualCopy')) .. ' ' .. p:getRawMetadata('fileSize')) end`),
    })
    const file = path.join(folder, 'a.CR3')
    writeFileSync(file, '12345')
    assert.deepEqual(host!.import([file, { path: file, isVirtualCopy: true }, '/away/b.CR3']), [101, 102, 103])
    host!.pressMenu('Menu')
    await host!.pass(5)
    assert.deepEqual(notes(), ['101 false 5', '102 true 5', '103 false 1234'])
    shown(41)
  })

  it("multiplies a mac's exit code, and strips quotes as cmd.exe does (rule 42)", async () => {
    await start({ 'Init.lua': NOTES + inTask("note(LrTasks.execute('exit 3'))") })
    await host!.waitFor(() => notes().length > 0)
    assert.deepEqual(notes(), ['768'])
    host!.kill()
    await start({ 'Init.lua': inTask(`LrTasks.execute('"C:\\\\a b\\\\node.exe" "x y"')`) }, { platform: 'windows' })
    await host!.pass(1)
    caught(42)
  })

  it('fails io.open on a Windows path that is not ASCII (rule 43)', async () => {
    await start({ 'Init.lua': "io.open('C:/Users/Zo\\195\\171/x.json')" }, { platform: 'windows' })
    caught(43)
  })

  it('refuses to copy or move onto a file (rule 44)', async () => {
    writeFileSync(path.join(folder, 'a'), '1')
    writeFileSync(path.join(folder, 'b'), '2')
    for (const verb of ['copy', 'move']) {
      await start({ 'Init.lua': `import('LrFileUtils').${verb}('${folder}/a', '${folder}/b')` })
      caught(44, new RegExp(verb))
      host!.kill()
    }
    assert.equal(readFileSync(path.join(folder, 'b'), 'utf8'), '2')
  })

  it('prints large numbers with an exponent and counts time from 2001 (rule 45)', async () => {
    await start({ 'Init.lua': `${NOTES} note(1e15) note(123456789012345) note(import('LrDate').currentTime() < 1e9)` })
    assert.deepEqual(notes(), ['1e+15', '1.2345678901234e+14', 'true'])
    shown(45)
  })

  it('keeps preferences across restarts, and forgets nested changes (rule 46)', async () => {
    const init = `${NOTES} local p = import('LrPrefs').prefsForPlugin() note((p.t and p.t.deep or 'none') .. ' ' .. tostring(next(p)))
      if not p.t then p.t = { deep = 'first' } p.t.deep = 'nested' end`
    await start({ 'Init.lua': init })
    host!.kill()
    await start({ 'Init.lua': init })
    assert.deepEqual(notes(), ['first nil'])
    shown(46)
  })

  it('runs observers in the assignment and only on a change (rule 47)', async () => {
    await start({
      'Init.lua': `${NOTES} import('LrFunctionContext').postAsyncTaskWithContext('x', function(c) local p = import('LrBinding').makePropertyTable(c)
        p:addObserver('a', function(t, k, v) note(k .. '=' .. v) end) p.a = 1 note('after') p.a = 1 p.a = 2 end)`,
    })
    await host!.pass(1)
    assert.deepEqual(notes(), ['a=1', 'after', 'a=2'])
    shown(47)
  })

  const FIELDS = (fields: string, version = 1, more = ''): Files => ({
    'Info.lua': INFO.replace('LrInitPlugin', "LrMetadataProvider = 'Fields.lua', LrInitPlugin"),
    'Fields.lua': `return { metadataFieldsForPhotos = { ${fields} }, schemaVersion = ${version} ${more} }`,
  })
  const FIELD = "{ id = 'state', title = 'State', dataType = 'string', searchable = true, browsable = true }"

  it('catches fields that are named or declared wrongly, and a change without another schemaVersion (rule 48)', async () => {
    for (const fields of [
      "{ id = 'not good', title = 'x' }",
      "{ id = '1st', title = 'x' }",
      "{ id = 'a', dataType = 'number' }",
      "{ id = 'a', dataType = 'enum', title = 'x' }",
      "{ id = 'a', title = 'x', browsable = true }",
      "{ id = 'a', searchable = true }",
      "{ id = 'a' }, { id = 'a' }",
    ]) {
      await start(FIELDS(fields))
      caught(48)
      host!.kill()
    }
    await start(FIELDS(FIELD))
    assert.deepEqual(host!.faults, [])
    writeFileSync(
      path.join(folder, 'Test.lrplugin', 'Fields.lua'),
      FIELDS("{ id = 'other', title = 'x' }")['Fields.lua'] ?? '',
    )
    host!.reload()
    caught(48)
    host!.kill()
    await start({
      ...FIELDS(FIELD),
      'Init.lua': inTask("import('LrApplication').activeCatalog():batchGetPropertyForPlugin({}, _PLUGIN, { 'state' })"),
    })
    host!.import(['/photos/1.CR3'])
    await host!.pass(1)
    assert.deepEqual(host!.faults, [])
  })

  it('catches fields written outside a gate, with an undo step, undeclared or of another kind (rules 38, 48 and 49)', async () => {
    const writing = (gate: string, id: string, value: string): Files => ({
      ...FIELDS(FIELD),
      'Init.lua':
        inTask(`LrTasks.sleep(1) local c = import('LrApplication').activeCatalog() local photo = c:getAllPhotos()[1]
        local function write() photo:setPropertyForPlugin(_PLUGIN, '${id}', ${value}) end ${gate}`),
    })
    const PRIVATE = 'c:withPrivateWriteAccessDo(write, { timeout = 1 })'
    for (const [gate, id, value, rule] of [
      ['write()', 'state', "'x'", 38],
      ["c:withWriteAccessDo('x', write, { timeout = 1 })", 'state', "'x'", 49],
      [PRIVATE, 'state', '5', 49],
      [PRIVATE, 'unknown', "'x'", 48],
    ] as const) {
      await start(writing(gate, id, value))
      host!.import(['/photos/1.CR3'])
      await host!.pass(5)
      caught(rule)
      host!.kill()
    }
    await start(writing(PRIVATE, 'state', "'é safe'"))
    host!.import(['/photos/1.CR3'])
    await host!.pass(5)
    assert.deepEqual(host!.faults, [])
    assert.equal(host!.countByField('state', 'safe'), 1)
    assert.equal(host!.fields('state').get('/photos/1.CR3')?.state, 'é safe')
    assert.equal(host!.countByField('unknown', 'safe'), undefined)
  })

  it('catches a write gate in updateFromEarlierSchemaVersion (rule 50)', async () => {
    await start(FIELDS(FIELD))
    const update =
      ', updateFromEarlierSchemaVersion = function(catalog) catalog:withPrivateWriteAccessDo(function() end, { timeout = 1 }) end'
    writeFileSync(path.join(folder, 'Test.lrplugin', 'Fields.lua'), FIELDS(FIELD, 2, update)['Fields.lua'] ?? '')
    host!.reload()
    await host!.pass(1)
    caught(50)
  })

  it('stops a task that never gives way', async () => {
    await start({ 'Init.lua': inTask('while true do end') })
    await host!.pass(1)
    assert.match(host!.faults[0]?.message ?? '', /ran without giving way/)
  })

  after(() => {
    const untested = RULES.filter(({ number }) => !broken.has(number)).map(({ number }) => number)
    assert.deepEqual(untested, [], 'rules that no test broke or showed')
  })
})
