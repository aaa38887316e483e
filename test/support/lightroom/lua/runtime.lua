-- The part of the Lightroom host that is Lua: tasks as coroutines, function contexts, the sandbox a plugin's scripts run in, and the rules that
-- go with them (the numbers are those of the rule list in host-rules.ts). js.* are functions of the Node side. Everything here is real Lua 5.1.

host = {
  faults = {}, tasks = {}, contexts = {}, current = nil, noYieldDepth = 0, now = 0, options = {}, waits = {},
  inShutdown = false, inUnload = false, inClosed = nil, sliceLimit = 200000000,
  instructions = 0, sliceMax = 0, sliceMaxTask = '', sliceMaxSeconds = 0, instructionsBy = {}, log = {}, starting = false,
}

local realPcall, realUnpack = pcall, unpack
local function pack(...) return { n = select('#', ...), ... } end
host.pack = pack

function host.fault(rule, message)
  js.fault(rule, message)
end

-- Bytes cross to Node as text in which every byte from 128 (and 0) is a two-byte character.
local toText, toBytes = {}, {}
for byte = 128, 255 do
  local two = string.char(byte < 192 and 0xC2 or 0xC3, byte < 192 and byte or byte - 64)
  toText[string.char(byte)] = two
  toBytes[two] = string.char(byte)
end
toText['\0'] = '\196\128'
toBytes['\196\128'] = '\0'
function host.out(bytes) return (bytes:gsub('[%z\128-\255]', toText)) end
function host.into(text) return (text:gsub('[\194-\196][\128-\191]', toBytes)) end

-- ------------------------------------------------------------------ tasks

local HOOK_STEP = 1000
local function count()
  host.instructions = host.instructions + HOOK_STEP
  if host.instructions - (host.sliceStart or 0) > host.sliceLimit then
    error('a task ran without giving way; Lightroom would have frozen')
  end
end

local function thread(fn)
  local co = coroutine.create(fn)
  debug.sethook(co, count, '', HOOK_STEP)
  return co
end

-- Only inside a task; across pcall or in a metamethod it fails as in Lightroom (rules 10, 11, 12).
function host.mustYield(what)
  if host.inUnload then
    host.fault(24, what .. ' in LrShutdownPlugin')
    error('AgEventLoop.yieldToScheduler called when yielding is not allowed', 0)
  end
  if not host.current then
    host.fault(host.inCallback and 12 or host.starting and 16 or 10, what .. ' outside a task' .. (host.inCallback and ' (' .. host.inCallback .. ')' or ''))
    error('We can only wait from within a task', 0)
  end
  if host.noYieldDepth > 0 then
    host.fault(11, what .. ' inside pcall')
    error('Yielding is not allowed within a C or metamethod call', 0)
  end
end

-- Suspends the task until the clock or the condition allows it to go on.
function host.suspend(what, seconds, condition)
  host.mustYield(what)
  local task = host.current
  task.wake = host.now + (seconds or 0)
  task.condition = condition
  host.yieldTo(what)
end

function host.yieldTo(what)
  local ok, message = true, nil
  coroutine.yield()
end

-- A call that yields in Lightroom: it really does here, so that a C boundary below it is found by Lua itself.
function host.waits(what)
  host.mustYield(what)
  host.current.wake = host.now
  host.current.condition = nil
  coroutine.yield()
end

function host.startTask(name, fn, context)
  local life = host.current and host.current.life or host.life
  local task = { name = name or 'task', wake = host.now, context = context, born = host.initScript, life = life }
  task.co = thread(fn)
  host.tasks[#host.tasks + 1] = task
  return task
end

-- Runs every task that is due, once. Returns how many ran, and when the next is due (-1: none).
function host.tick(now)
  host.now = now
  local due = {}
  for _, task in ipairs(host.tasks) do
    if not task.dead and ((task.condition and task.condition()) or (not task.condition and task.wake <= now)) then due[#due + 1] = task end
  end
  if host.options.shuffle then
    for i = #due, 2, -1 do
      local j = math.random(i)
      due[i], due[j] = due[j], due[i]
    end
  end
  for _, task in ipairs(due) do
    if not task.dead then host.resume(task) end
  end
  local alive = {}
  local nextWake = -1
  for _, task in ipairs(host.tasks) do
    if not task.dead then
      alive[#alive + 1] = task
      if task.condition then
        if task.condition() then nextWake = host.now end
      elseif nextWake < 0 or task.wake < nextWake then nextWake = task.wake end
    end
  end
  host.tasks = alive
  return #due .. ' ' .. string.format('%.17g', nextWake)
end

function host.resume(task)
  host.current = task
  host.noYieldDepth = 0
  host.sliceStart = host.instructions
  local clockStart = host.now
  local ok, problem = coroutine.resume(task.co)
  host.current = nil
  local spent = host.instructions - host.sliceStart
  host.instructionsBy[task.name] = (host.instructionsBy[task.name] or 0) + spent
  if spent > host.sliceMax then host.sliceMax, host.sliceMaxTask = spent, task.name end
  if host.now - clockStart > host.sliceMaxSeconds then host.sliceMaxSeconds = host.now - clockStart end
  if not ok then
    host.endTask(task, tostring(problem))
  elseif coroutine.status(task.co) == 'dead' then
    host.endTask(task)
  end
end

function host.endTask(task, problem)
  task.dead = true
  if problem and not task.quiet then host.fault(0, 'task "' .. task.name .. '": ' .. problem) end
  if task.context then host.endContext(task.context) end
end

-- ------------------------------------------------------------------ contexts

local Context = {}
Context.__index = Context
function Context:addCleanupHandler(handler) table.insert(self.handlers, 1, handler) end
function Context:addFailureHandler() end
function Context:addOperationTitleForError() end

function host.newContext(name)
  local context = setmetatable({ name = name, handlers = {}, sockets = {}, alive = true }, Context)
  host.contexts[context] = true
  return context
end

function host.endContext(context)
  if not context.alive then return end
  context.alive = false
  host.contexts[context] = nil
  local before, callback = host.current, host.inCallback
  host.current, host.inCallback = nil, 'a cleanup handler'
  for _, handler in ipairs(context.handlers) do
    local ok, problem = realPcall(handler, true)
    if not ok then host.fault(0, 'cleanup handler: ' .. tostring(problem)) end
  end
  host.current, host.inCallback = before, callback
  for _, socket in ipairs(context.sockets) do socket:__finish() end
end

-- Reload, disable, quit: Lightroom cancels what the plugin runs.
function host.cancelAll()
  for _, task in ipairs(host.tasks) do task.dead = true end
  host.tasks = {}
  local contexts = {}
  for context in pairs(host.contexts) do contexts[#contexts + 1] = context end
  for _, context in ipairs(contexts) do host.endContext(context) end
end

function host.dropNewest()
  for _, task in ipairs(host.tasks) do
    if task.life == host.life and not task.dead then
      task.dead = true
      if task.context then host.endContext(task.context) end
    end
  end
end

-- Calls something of the plugin from a place where nothing may yield: observers, callbacks, section builders.
function host.callback(kind, fn, ...)
  local current, callback = host.current, host.inCallback
  host.current, host.inCallback = nil, kind
  local results = pack(realPcall(fn, ...))
  host.current, host.inCallback = current, callback
  if not results[1] then
    host.fault(0, kind .. ': ' .. tostring(results[2]))
    return nil
  end
  return realUnpack(results, 2, results.n)
end

-- ------------------------------------------------------------------ sandbox

local function copyOf(source, names)
  local copy = {}
  for name in names:gmatch('%S+') do copy[name] = source[name] end
  return copy
end

function host.newEnvironment()
  local env = copyOf(_G, 'assert error ipairs next pairs rawequal rawget rawset select setmetatable tonumber tostring type unpack _VERSION print getmetatable')
  env._G = env
  env.string = copyOf(string, 'byte char dump find format gmatch gsub len lower match rep reverse sub upper')
  env.math = copyOf(math, 'abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max min modf pi pow rad random randomseed sin sinh sqrt tan tanh')
  env.table = copyOf(table, 'concat insert remove sort')
  env.os = { clock = os.clock, date = os.date, time = function(t) return t and os.time(t) or math.floor(host.now + 978307200) end, tmpname = os.tmpname }
  env.debug = { getinfo = debug.getinfo }
  env.coroutine = { running = coroutine.running, canYield = function() return host.current ~= nil and host.noYieldDepth == 0 end }
  env.io = host.io()
  -- Lua's own: nothing may yield inside.
  env.pcall = function(fn, ...)
    host.noYieldDepth = host.noYieldDepth + 1
    local depth = host.noYieldDepth
    local results = pack(realPcall(fn, ...))
    host.noYieldDepth = depth - 1
    return realUnpack(results, 1, results.n)
  end
  env.loadstring = function(text, name)
    local chunk, problem = loadstring(text, name)
    if chunk then setfenv(chunk, env) end
    return chunk, problem
  end
  env.load = env.loadstring
  env.loadfile = function(path)
    local text = js.readFile(path)
    if not text then return nil, 'cannot open ' .. tostring(path) end
    return env.loadstring(host.into(text), '@' .. path)
  end
  env.dofile = function(path) return assert(env.loadfile(path))() end
  env.LOC = function(text) return (text:gsub('^%$%$%$/[^=]*=', '')) end
  if host.options.platform == 'windows' then env.WIN_ENV = true else env.MAC_ENV = true end
  env._PLUGIN = { id = host.info.LrToolkitIdentifier, path = host.pluginFolder, enabled = true }
  env.import = host.import(env)
  local loaded = {}
  env.require = function(name)
    if type(name) ~= 'string' or not name:match('^[%w_]+$') and not name:match('^[%w_]+%.lua$') then
      host.fault(5, 'require ' .. tostring(name))
      error('Could not load toolkit script: ' .. tostring(name), 0)
    end
    local file = name:gsub('%.lua$', '') .. '.lua'
    if loaded[file] == nil then
      local value = host.loadScript(file, env)()
      loaded[file] = value == nil and true or value
    end
    return loaded[file]
  end
  -- Undefined globals are nil, as in Lightroom; the ones it lacks on purpose are noted when they are asked for.
  setmetatable(env, { __index = function(_, name)
    if host.missing[name] then host.fault(1, 'the global ' .. name) end
    return nil
  end })
  for _, lib in ipairs({ { env.os, 4, 'os' }, { env.debug, 3, 'debug' }, { env.coroutine, 2, 'coroutine' } }) do
    setmetatable(lib[1], { __index = function(_, name) host.fault(lib[2], lib[3] .. '.' .. tostring(name)) return nil end })
  end
  return env
end

host.missing = {}
for name in ('collectgarbage gcinfo getfenv setfenv module newproxy package xpcall'):gmatch('%S+') do host.missing[name] = true end

function host.loadScript(file, env)
  if not host.files[file] then
    host.fault(6, 'no script ' .. file .. ' among the files that were there when the plugin was loaded')
    error('No script by the name ' .. file, 0)
  end
  local text = host.into(js.readFile(host.pluginFolder .. '/' .. file) or '')
  if text:sub(1, 3) == '\239\187\191' then
    host.fault(9, file .. ' begins with a byte order mark')
    error(file .. ":1: unexpected symbol near '\239'", 0)
  end
  local chunk, problem = loadstring(text, '@' .. file)
  if not chunk then
    host.fault(9, problem)
    error('error loading toolkit script: ' .. problem, 0)
  end
  return setfenv(chunk, env)
end

-- ------------------------------------------------------------------ the plugin's life

local function isLiteralFile(value) return type(value) == 'string' and host.files[value] end

function host.loadInfo()
  local text = host.into(js.readFile(host.pluginFolder .. '/Info.lua') or '')
  if text:sub(1, 3) == '\239\187\191' then return host.fault(9, 'Info.lua begins with a byte order mark') end
  local chunk, problem = loadstring(text, '@Info.lua')
  if not chunk then return host.fault(9, problem) end
  local env = { string = string, LOC = function(t) return t end, WIN_ENV = host.options.platform == 'windows', MAC_ENV = host.options.platform ~= 'windows', _VERSION = _VERSION }
  setfenv(chunk, env)
  local ok, info = realPcall(chunk)
  if not ok then return host.fault(8, 'Info.lua: ' .. tostring(info)) end
  if type(info) ~= 'table' then return host.fault(8, 'Info.lua returns no table') end
  local problems = {}
  local function want(condition, message) if not condition then problems[#problems + 1] = message end end
  want(type(info.LrSdkVersion) == 'number', 'LrSdkVersion is a number')
  want(type(info.LrToolkitIdentifier) == 'string', 'LrToolkitIdentifier is a string')
  want(type(info.LrPluginName) == 'string', 'LrPluginName is a string')
  for _, key in ipairs({ 'LrInitPlugin', 'LrShutdownPlugin', 'LrShutdownApp', 'LrEnablePlugin', 'LrDisablePlugin', 'LrPluginInfoProvider', 'LrMetadataProvider' }) do
    want(info[key] == nil or isLiteralFile(info[key]), key .. ' names a file of the plugin')
  end
  local menus = 0
  for _, key in ipairs({ 'LrExportMenuItems', 'LrLibraryMenuItems', 'LrHelpMenuItems' }) do
    local items = info[key]
    if items then
      if items.title then items = { items } end
      for _, item in ipairs(items) do
        menus = menus + 1
        want(type(item.title) == 'string' and isLiteralFile(item.file), key .. ': every item has a title and a file of the plugin')
      end
      info[key] = items
    end
  end
  want(not info.LrForceInitPlugin or menus > 0, 'LrForceInitPlugin works only with a menu item')
  want(info.LrFileMenuItems == nil, 'there is no LrFileMenuItems')
  if #problems > 0 then return host.fault(8, 'Info.lua: ' .. table.concat(problems, '; ')) end
  host.info = info
  return info
end

function host.loadPlugin()
  host.enabled = false
  if not host.loadInfo() then return false end
  host.env = host.newEnvironment()
  host.fields = nil
  if host.info.LrMetadataProvider then
    local ok, provider = realPcall(function() return host.loadScript(host.info.LrMetadataProvider, host.newEnvironment())() end)
    if ok then host.loadFields(provider) else host.fault(48, 'the metadata provider failed: ' .. tostring(provider)) end
  end
  host.life = (host.life or 0) + 1
  host.enabled = true
  if host.info.LrInitPlugin and host.info.LrForceInitPlugin then
    host.initScript = true
    host.starting = true
    local ok, problem = realPcall(function() host.loadScript(host.info.LrInitPlugin, host.env)() end)
    host.starting = false
    host.initScript = nil
    if not ok then
      host.fault(16, 'the init script failed, the plugin is disabled: ' .. tostring(problem))
      host.enabled = false
      host.cancelAll()
      return false
    end
    if host.options.cancelBareTasks then
      for _, task in ipairs(host.tasks) do
        if task.born and task.bare then
          task.dead = true
          host.fault(15, 'a bare startAsyncTask of the init script was cancelled when it returned')
        end
      end
    end
  end
  return true
end

function host.runUnload()
  if not (host.info and host.info.LrShutdownPlugin) then return end
  host.inUnload = true
  local ok, problem = realPcall(function() host.loadScript(host.info.LrShutdownPlugin, host.env)() end)
  host.inUnload = false
  if not ok then host.fault(24, 'LrShutdownPlugin failed: ' .. tostring(problem)) end
end

function host.pressMenu(title)
  if not host.enabled then return 'disabled' end
  for _, key in ipairs({ 'LrExportMenuItems', 'LrLibraryMenuItems', 'LrHelpMenuItems' }) do
    for _, item in ipairs(host.info[key] or {}) do
      if item.title == title then
        if not host.isMenuEnabled(item.enabledWhen) then return 'greyed' end
        local env = host.options.separateMenus and host.newEnvironment() or host.env
        local ok, problem = realPcall(function() host.loadScript(item.file, env)() end)
        if not ok then
          host.fault(0, 'menu "' .. title .. '": ' .. tostring(problem))
          return 'failed'
        end
        return 'ran'
      end
    end
  end
  return 'unknown'
end

-- Calls the exit hook. What it did is told by host.exit.
function host.beginQuit()
  host.exit = { done = 0, progressAt = host.now }
  local file = host.enabled and host.info.LrShutdownApp
  if not file then host.exit.done = 1 return end
  host.inShutdown = true
  local ok, value = realPcall(function() return host.loadScript(file, host.env)() end)
  if not ok then
    host.fault(22, 'the shutdown script failed: ' .. tostring(value))
    return
  end
  if type(value) ~= 'table' or type(value.LrShutdownFunction) ~= 'function' then
    host.fault(20, 'the shutdown script returned no LrShutdownFunction: every quit waits ten seconds')
    return
  end
  local function done()
    host.exit.done = host.exit.done + 1
    if host.exit.done > 1 then host.fault(22, 'done was called twice') end
  end
  local function progress(portion, message)
    if type(portion) ~= 'number' then host.fault(21, 'progressFunction was called with ' .. type(portion) .. ' instead of a number') end
    host.exit.progressAt = host.now
    return false
  end
  host.inShutdownCall = true
  local ok2, problem = realPcall(value.LrShutdownFunction, done, progress)
  host.inShutdownCall = false
  if not ok2 then
    host.fault(tostring(problem):find('call') and 21 or 22, 'LrShutdownFunction failed: ' .. tostring(problem))
  end
end

function host.openManager()
  local file = host.info.LrPluginInfoProvider
  if not file then return false end
  host.manager = nil
  local provider = host.callback('Plug-in Manager', function() return host.loadScript(file, host.env)() end)
  if type(provider) ~= 'table' then return false end
  host.managerProperties = host.newPropertyTable(host.newContext('Plug-in Manager'))
  for _, key in ipairs({ 'sectionsForTopOfDialog', 'sectionsForBottomOfDialog' }) do
    if provider[key] then
      host.manager = host.callback('a section builder', provider[key], host.viewFactory(), host.managerProperties) or host.manager
    end
  end
  return host.manager ~= nil
end

function host.choose(key, isChosen) host.managerProperties[key] = isChosen == 1 end

function host_call(name, ...) return host[name](...) end
