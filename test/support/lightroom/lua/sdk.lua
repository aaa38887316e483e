-- The namespaces of the SDK: only documented members exist, so an invented one is nil, and each behaves as the fact sheet says.

local pack = host.pack
local namespaces = {}

function host.import(env)
  return function(name)
    local make = namespaces[name]
    if not make then
      host.fault(7, 'import ' .. tostring(name))
      error('Could not import ' .. tostring(name), 0)
    end
    local space = make(env)
    if type(space) ~= 'table' or getmetatable(space) then return space end
    return setmetatable(space, { __index = function(_, member)
      host.fault(7, name .. '.' .. tostring(member) .. ' does not exist')
      return nil
    end })
  end
end

-- ------------------------------------------------------------------ tasks and contexts

-- Across resumes, so that what is called may yield.
local function yieldSafePcall(fn, ...)
  if not host.current then return pcall(fn, ...) end
  local co = coroutine.create(fn)
  debug.sethook(co, debug.gethook(host.current.co), '', 1000)
  local args = pack(...)
  local depth = host.noYieldDepth
  while true do
    local results = pack(coroutine.resume(co, unpack(args, 1, args.n)))
    if not results[1] then
      host.noYieldDepth = depth
      return false, results[2]
    end
    if coroutine.status(co) == 'dead' then return unpack(results, 1, results.n) end
    args = pack(coroutine.yield())
  end
end

local function run(context, fn, ...)
  local results = pack(yieldSafePcall(fn, context, ...))
  host.endContext(context)
  return results
end

namespaces.LrTasks = function()
  return {
    startAsyncTask = function(fn, name)
      local task = host.startTask(name or 'startAsyncTask', fn)
      task.bare = true
    end,
    startAsyncTaskWithoutErrorHandler = function(fn, name)
      local task = host.startTask(name or 'startAsyncTask', fn)
      task.bare, task.quiet = true, true
    end,
    sleep = function(seconds) host.suspend('LrTasks.sleep', seconds) end,
    yield = function() host.waits('LrTasks.yield') end,
    canYield = function() return host.current ~= nil and host.noYieldDepth == 0 end,
    pcall = yieldSafePcall,
    execute = function(command)
      host.mustYield('LrTasks.execute')
      local id = js.execute(command)
      host.suspend('LrTasks.execute', 0, function() return js.executeDone(id) end)
      return js.executeStatus(id)
    end,
  }
end

namespaces.LrFunctionContext = function()
  return {
    callWithContext = function(name, fn, ...)
      local results = run(host.newContext(name), fn, ...)
      if not results[1] then error(results[2], 0) end
      return unpack(results, 2, results.n)
    end,
    pcallWithContext = function(name, fn, ...)
      local results = run(host.newContext(name), fn, ...)
      return unpack(results, 1, results.n)
    end,
    postAsyncTaskWithContext = function(name, fn)
      local context = host.newContext(name)
      host.startTask(name, function() fn(context) end, context)
    end,
  }
end

-- ------------------------------------------------------------------ sockets

local sockets = {}
local Socket = {}
Socket.__index = Socket

function Socket:send(text)
  if not self.everConnected or self.closed then
    host.fault(31, 'send on a socket that is not connected')
    if host.options.raiseOnSend then error('socket is not connected', 0) end
    return
  end
  js.socketSend(self.id, host.out(text))
end

function Socket:reconnect()
  if self.closed then
    host.fault(33, 'reconnect after close')
    error('cannot reconnect a closed socket', 0)
  end
  if host.inClosed and host.inClosed ~= self then host.fault(33, "reconnect from the other socket's onClosed hangs Lightroom") end
  self.everConnected = false
  js.socketListen(self.id)
end

function Socket:close()
  if host.inShutdownCall then host.fault(23, 'socket:close during shutdown') end
  self:__finish()
end

function Socket:type() return self.mode end

function Socket:__finish()
  if self.closed then return end
  self.closed = true
  js.socketClose(self.id)
end

namespaces.LrSocket = function()
  return {
    bind = function(parameters)
      local context = parameters.functionContext
      if type(context) ~= 'table' or not context.alive then
        host.fault(27, 'LrSocket.bind needs a living functionContext')
        error('LrSocket.bind: functionContext is required', 0)
      end
      if type(parameters.plugin) ~= 'table' or (parameters.mode ~= 'send' and parameters.mode ~= 'receive') or type(parameters.port) ~= 'number' then
        host.fault(27, 'LrSocket.bind needs plugin, port and mode')
        error('LrSocket.bind: plugin, port and mode are required', 0)
      end
      local socket = setmetatable({ mode = parameters.mode, parameters = parameters }, Socket)
      socket.id = js.socketNew(parameters.mode, parameters.port)
      sockets[socket.id] = socket
      context.sockets[#context.sockets + 1] = socket
      js.socketListen(socket.id)
      return socket
    end,
  }
end

function host.socketEvent(id, event, value)
  local socket = sockets[id]
  if not socket or (socket.closed and not host.options.lateCallbacks) then return end
  local p = socket.parameters
  if event == 'connecting' and p.onConnecting then host.callback('onConnecting', p.onConnecting, socket, value)
  elseif event == 'connected' then
    socket.everConnected = true
    if p.onConnected then host.callback('onConnected', p.onConnected, socket, value) end
  elseif event == 'message' and p.onMessage then host.callback('onMessage', p.onMessage, socket, host.into(value))
  elseif event == 'closed' and p.onClosed then
    host.inClosed = socket
    host.callback('onClosed', p.onClosed, socket)
    host.inClosed = nil
  elseif event == 'error' and p.onError then host.callback('onError', p.onError, socket, value)
  end
end

-- ------------------------------------------------------------------ files, paths, time

function host.io()
  local function open(path, mode)
    mode = mode or 'r'
    if host.options.platform == 'windows' and path:find('[\128-\255]') then
      host.fault(43, 'io.open of a path that is not ASCII fails on Windows')
      return nil, path .. ': No such file or directory'
    end
    if mode:find('[wa]') then
      local parts = {}
      return { write = function(_, ...) for _, part in ipairs({ ... }) do parts[#parts + 1] = tostring(part) end end,
        close = function() js.writeFile(path, host.out(table.concat(parts))) end }
    end
    local text = js.readFile(path)
    if not text then return nil, path .. ': No such file or directory' end
    return { read = function() return host.into(text) end, close = function() end,
      lines = function() return host.into(text):gmatch('([^\n]*)\n?') end }
  end
  return { open = open, popen = function() error('popen is not simulated', 0) end }
end

-- Iterators must be run to their end: one left early is noted when the next begins or the task ends.
local function wholeIterator(items)
  local index = 0
  host.openIterators = (host.openIterators or 0) + 1
  return function()
    index = index + 1
    if items[index] == nil then host.openIterators = host.openIterators - 1 end
    return items[index]
  end
end

local function listOf(text)
  local items = {}
  for item in (text or ''):gmatch('[^\n]+') do items[#items + 1] = item end
  return items
end

namespaces.LrFileUtils = function()
  local function strict()
    if host.inShutdownCall then host.fault(23, 'file access during shutdown') end
  end
  return {
    exists = function(path)
      strict()
      local kind = js.exists(path)
      if kind == '' then return false end
      return kind
    end,
    readFile = function(path)
      strict()
      local text = js.readFile(path)
      return text and host.into(text) or nil
    end,
    fileAttributes = function(path)
      strict()
      local size = tonumber(js.fileSize(path))
      if size < 0 then return {} end
      return { fileSize = size, fileModificationDate = tonumber(js.fileTime(path)) - 978307200 }
    end,
    copy = function(from, to)
      if js.exists(to) ~= '' then host.fault(44, 'copy onto an existing file') return false end
      return js.copyFile(from, to)
    end,
    move = function(from, to)
      if js.exists(to) ~= '' then host.fault(44, 'move onto an existing file') return false end
      return js.moveFile(from, to)
    end,
    delete = function(path) return js.deleteFile(path) end,
    createAllDirectories = function(path) return js.createFolder(path) end,
    files = function(path) return wholeIterator(listOf(js.listFiles(path))) end,
    directoryEntries = function(path) return wholeIterator(listOf(js.listFiles(path))) end,
    recursiveFiles = function(path) return wholeIterator(listOf(js.listFiles(path))) end,
    volumeAttributes = function() return {} end,
  }
end

namespaces.LrPathUtils = function()
  return {
    child = function(folder, name) return (folder:gsub('/$', '')) .. '/' .. name end,
    parent = function(path) return path:match('^(.+)/[^/]*$') end,
    leafName = function(path) return path:match('([^/]*)$') end,
    extension = function(path) return path:match('%.([^./]*)$') or '' end,
    removeExtension = function(path) return (path:gsub('%.[^./]*$', '')) end,
    addExtension = function(path, extension) return path .. '.' .. extension end,
    replaceExtension = function(path, extension) return (path:gsub('%.[^./]*$', '')) .. '.' .. extension end,
    isAbsolute = function(path) return path:sub(1, 1) == '/' end,
    makeAbsolute = function(path, base) return path:sub(1, 1) == '/' and path or base .. '/' .. path end,
    standardizePath = function(path) return path end,
    getStandardFilePath = function(name) return host.standardPaths[name] end,
  }
end

namespaces.LrDate = function()
  return {
    currentTime = function() return host.now end,
    timeToPosixDate = function(time) return time + 978307200 end,
    timeFromPosixDate = function(time) return time - 978307200 end,
    timeToW3CDate = function(time) return os.date('!%Y-%m-%dT%H:%M:%S', time + 978307200) end,
    timeToIsoDate = function(time) return os.date('!%Y-%m-%d', time + 978307200) end,
    timeZone = function() return 0, false end,
  }
end

namespaces.LrLogger = function()
  return function(name)
    local logger = { enabled = false }
    function logger:enable() self.enabled = true end
    function logger:disable() self.enabled = false end
    for level in ('trace debug info warn error fatal tracef debugf infof warnf errorf fatalf'):gmatch('%S+') do
      logger[level] = function(self, text) if self.enabled then js.log(level .. ' ' .. tostring(text)) end end
    end
    return logger
  end
end

namespaces.LrHttp = function()
  return { openUrlInBrowser = function(url) js.openUrl(url) end,
    get = function() host.waits('LrHttp.get') return nil, { error = { errorCode = 'cannotConnect' } } end }
end

namespaces.LrErrors = function()
  return { throwUserError = function(message) error(message, 0) end }
end

-- ------------------------------------------------------------------ preferences

local function literal(value)
  local kind = type(value)
  if kind == 'number' then return string.format('%.17g', value) end
  if kind == 'boolean' then return tostring(value) end
  if kind == 'string' then return (string.format('%q', value):gsub('\\\n', '\\n'):gsub('\r', '\\r'):gsub('%z', '\\0')) end
  if kind == 'table' then
    local parts = {}
    for key, item in pairs(value) do parts[#parts + 1] = '[' .. literal(key) .. ']=' .. literal(item) end
    return '{' .. table.concat(parts, ',') .. '}'
  end
  host.fault(46, 'a preference of type ' .. kind)
  error('LrPrefs: cannot store a ' .. kind, 0)
end

local saved, live = {}, {}
function host.loadPrefs(text)
  saved = text == '' and {} or assert(loadstring('return ' .. text))()
  live = {}
  for key, value in pairs(saved) do live[key] = assert(loadstring('return ' .. literal(value)))() end
end

-- An empty table in front of the values, so that pairs() finds nothing, as with the real thing.
local prefsTable = setmetatable({}, {
  __index = function(_, key)
    if key == 'pairs' then return function() return pairs(live) end end
    return live[key]
  end,
  __newindex = function(_, key, value)
    if host.inShutdownCall then host.fault(23, 'preferences written during shutdown') end
    local kept = literal(value ~= nil and value or false)
    live[key] = value
    if value == nil then saved[key] = nil else saved[key] = assert(loadstring('return ' .. kept))() end
    js.savePrefs(literal(saved))
  end,
})

namespaces.LrPrefs = function()
  return { prefsForPlugin = function() return prefsTable end }
end

-- ------------------------------------------------------------------ UI

function host.newPropertyTable(context)
  local values, observers = {}, {}
  local properties = {}
  function properties.addObserver(_, key, fn) observers[key] = observers[key] or {} table.insert(observers[key], fn) end
  return setmetatable(properties, {
    __index = function(_, key)
      if key == '__values' then return values end
      return values[key]
    end,
    __newindex = function(self, key, value)
      if values[key] == value then return end
      values[key] = value
      for _, fn in ipairs(observers[key] or {}) do host.callback('a property observer', fn, self, key, value) end
    end,
  })
end

namespaces.LrBinding = function()
  return {
    makePropertyTable = function(context)
      if type(context) ~= 'table' or not context.alive then
        host.fault(47, 'makePropertyTable needs a context')
        error('LrBinding.makePropertyTable: a function context is required', 0)
      end
      return host.newPropertyTable(context)
    end,
  }
end

local KINDS = {}
for kind in ('row column view group_box tab_view tab_view_item scrolled_view spacer separator static_text edit_field password_field checkbox radio_button popup_menu combo_box slider push_button picture catalog_photo simple_list'):gmatch('%S+') do KINDS[kind] = true end

function host.viewFactory()
  return setmetatable({}, { __index = function(_, kind)
    if not KINDS[kind] then
      host.fault(7, 'LrView has no ' .. tostring(kind))
      return nil
    end
    return function(_, properties) return { viewKind = kind, properties = properties } end
  end })
end

namespaces.LrView = function()
  return {
    osFactory = host.viewFactory,
    bind = function(key) return { boundKey = type(key) == 'table' and key.key or key, transform = type(key) == 'table' and key.transform or nil } end,
    share = function(key) return { sharedKey = key } end,
  }
end

local function valueOf(value, object)
  if type(value) ~= 'table' or not value.boundKey then return value end
  local bound = object and object[value.boundKey]
  if value.transform then return host.callback('a view transform', value.transform, bound) end
  return bound
end

-- What a person sees of a tree of views: one line per text, list item and field.
function host.render(node, object, lines)
  local properties = node.properties or node
  object = properties.bind_to_object or object
  for _, key in ipairs({ 'title', 'synopsis' }) do
    local text = valueOf(properties[key], object)
    if type(text) == 'string' and key == 'title' then lines[#lines + 1] = text end
  end
  if node.viewKind == 'simple_list' or node.viewKind == 'popup_menu' then
    for _, item in ipairs(valueOf(properties.items, object) or {}) do
      lines[#lines + 1] = '[' .. tostring(item.value) .. '] ' .. tostring(item.title)
    end
  end
  for _, child in ipairs(properties) do host.render(child, object, lines) end
  return lines
end

-- The property table that a dialog's controls are bound to.
local function boundObject(node)
  local properties = node.properties or node
  if properties.bind_to_object then return properties.bind_to_object end
  for _, child in ipairs(properties) do
    local found = type(child) == 'table' and boundObject(child)
    if found then return found end
  end
end

-- Asks the test. `<button>` and then lines `key=value` (typed into a field) or `key[]=value` (chosen in a list).
local function answer(kind, title, text, style, object, node)
  if host.inShutdown then
    host.fault(23, 'LrDialogs during shutdown')
    error('LrDialogs is not available during shutdown', 0)
  end
  if host.starting then host.fault(16, 'a dialog in the init script') end
  local button = 'ok'
  for round = 1, 20 do
    local shown = node and table.concat(host.render(node, nil, {}), '\n') or text
    local reply = js.dialog(kind, title, shown or '', style or '', round)
    local again = false
    local first = true
    for line in (reply .. '\n'):gmatch('([^\n]*)\n') do
      if first then button, first = line, false
      else
        local key, list, value = line:match('^([^=%[]+)(%[?%]?)=(.*)$')
        if key and object then
          if list == '[]' then object[key] = { value } else object[key] = value end
          again = true
        end
      end
    end
    if button ~= 'look' then break end
  end
  return button
end

namespaces.LrDialogs = function()
  return {
    message = function(message, info, style) answer('message', message, info or '', style) end,
    confirm = function(message, info) return answer('confirm', message, info or '') end,
    messageWithDoNotShow = function(p) answer('message', p.message, p.info or '') end,
    promptForActionWithDoNotShow = function(p) return answer('confirm', p.message, p.info or '') end,
    showError = function(message) answer('message', message, '', 'critical') end,
    showBezel = function(text)
      if host.inShutdown then
        host.fault(23, 'LrDialogs during shutdown')
        error('LrDialogs is not available during shutdown', 0)
      end
      js.bezel(text)
    end,
    presentModalDialog = function(p)
      host.mustYield('LrDialogs.presentModalDialog')
      return answer('modal', p.title, '', '', boundObject(p.contents), p.contents)
    end,
    runOpenPanel = function() return nil end,
    runSavePanel = function() return nil end,
  }
end

namespaces.LrProgressScope = function()
  return function(p)
    local id = js.progressNew(p.title or '')
    local scope = {}
    function scope:setPortionComplete(done, total) js.progressSet(id, done, total or 1) end
    function scope:setCaption(text) js.progressCaption(id, text) end
    function scope:setIndeterminate() end
    function scope:setCancelable() end
    function scope:isCanceled() return js.progressCanceled(id) end
    function scope:done() js.progressDone(id) end
    function scope:attachToFunctionContext() end
    if p.functionContext then p.functionContext:addCleanupHandler(function() js.progressDone(id) end) end
    return scope
  end
end

host.namespaces = namespaces
