-- A catalog as a plugin sees it: photos that may not be read outside a task, costs that grow with the catalog, write gates, a selection.

local catalogs = {}
local active

local RAW_KEYS = {}
for key in ('path uuid fileFormat fileSize isVirtualCopy masterPhoto countVirtualCopies virtualCopies isVideo durationInSeconds dateTimeOriginalISO8601 dateTimeISO8601 lastEditTime editCount smartPreviewInfo stackInFolderMembers rating pickStatus bitDepth isExported'):gmatch('%S+') do RAW_KEYS[key] = true end
local FORMATTED_KEYS = {}
for key in ('fileName preservedFileName copyName folderName fileType cameraModel cameraSerialNumber lens'):gmatch('%S+') do FORMATTED_KEYS[key] = true end

-- Seconds of a frozen user interface, from the fact sheet; the clock moves by them inside a slice.
local COST = { enumerate = 2e-6, batch = 3e-5, single = 3e-4, find = 2e-3 }
local function charge(seconds)
  if host.options.costs ~= false then host.now = host.now + seconds end
end

local facts = setmetatable({}, { __mode = 'k' })

local Photo = {}
Photo.__index = Photo

local function rawOf(photo, key)
  if not RAW_KEYS[key] then
    host.fault(36, 'unknown metadata key ' .. tostring(key))
    error('unknown key: ' .. tostring(key), 0)
  end
  local fact = facts[photo]
  if key == 'fileSize' and fact.path then
    local size = tonumber(js.fileSize(fact.path))
    if size < 0 then return fact.smartPreviewSize end
    return size
  end
  return fact[key]
end

function Photo:getRawMetadata(key)
  host.waits('getRawMetadata')
  charge(COST.single)
  return rawOf(self, key)
end

function Photo:getFormattedMetadata(key)
  host.waits('getFormattedMetadata')
  charge(COST.single)
  if not FORMATTED_KEYS[key] then
    host.fault(36, 'unknown metadata key ' .. tostring(key))
    error('unknown key: ' .. tostring(key), 0)
  end
  return facts[self].path:match('([^/]*)$')
end

function Photo:checkPhotoAvailability()
  host.waits('checkPhotoAvailability')
  return js.exists(facts[self].path) ~= ''
end

local function inGate(what)
  if not active.gate then
    host.fault(38, what .. ' outside a write gate')
    error(what .. ': must be called inside a write access call', 0)
  end
end

function Photo:setRawMetadata(key, value)
  inGate('setRawMetadata')
  facts[self][key] = value
end

-- ------------------------------------------------------------------ fields of the plugin (rules 48 and 49)

local function fieldOf(id, what)
  local field = host.fields and host.fields[id]
  if not field then
    host.fault(48, what .. ' of the field "' .. tostring(id) .. '", which no LrMetadataProvider declares')
    error(what .. ': unknown field ' .. tostring(id), 0)
  end
  return field
end

local function ourPlugin(plugin, what)
  if type(plugin) ~= 'table' or plugin.id ~= host.info.LrToolkitIdentifier then error(what .. ': _PLUGIN is required', 0) end
end

function Photo:setPropertyForPlugin(plugin, id, value)
  inGate('setPropertyForPlugin')
  ourPlugin(plugin, 'setPropertyForPlugin')
  local field = fieldOf(id, 'setPropertyForPlugin')
  if value ~= nil and type(value) ~= 'string' then
    host.fault(49, 'a ' .. type(value) .. ' for the field ' .. id)
    error('setPropertyForPlugin: a string or nil is required', 0)
  end
  if field.dataType == 'enum' and value ~= nil then
    local known = false
    for _, each in ipairs(field.values) do known = known or each.value == value end
    if not known then host.fault(49, 'not a value of the enum ' .. id .. ': ' .. value) error('setPropertyForPlugin: unknown value', 0) end
  end
  if active.gateKind ~= 'private' then host.fault(49, 'a field of a plugin written in a gate that leaves an undo step') end
  local own = facts[self].own or {}
  facts[self].own = own
  own[id] = value
  host.fieldWrites = (host.fieldWrites or 0) + 1
end

function Photo:getPropertyForPlugin(plugin, id)
  host.waits('getPropertyForPlugin')
  charge(COST.single)
  ourPlugin(plugin, 'getPropertyForPlugin')
  fieldOf(id, 'getPropertyForPlugin')
  return (facts[self].own or {})[id]
end

local Catalog = {}
Catalog.__index = Catalog

function Catalog:batchGetPropertyForPlugin(photos, plugin, ids)
  host.mustYield('batchGetPropertyForPlugin')
  ourPlugin(plugin, 'batchGetPropertyForPlugin')
  local result = {}
  for _, photo in ipairs(photos) do
    charge(COST.batch)
    local row = {}
    for _, id in ipairs(ids) do
      fieldOf(id, 'batchGetPropertyForPlugin')
      row[id] = (facts[photo].own or {})[id]
    end
    result[photo] = row
  end
  return result
end

function Catalog:findPhotosWithProperty(pluginId, id)
  host.waits('findPhotosWithProperty')
  local found = {}
  for _, photo in ipairs(self.photos) do
    if pluginId == host.info.LrToolkitIdentifier and (facts[photo].own or {})[id] ~= nil then found[#found + 1] = photo end
  end
  return found
end

function Catalog:getPath() return self.path end

function Catalog:getAllPhotos()
  host.waits('getAllPhotos')
  local all = {}
  for index, photo in ipairs(self.photos) do all[index] = photo end
  charge(#all * COST.enumerate)
  return all
end

-- Not documented as task-only, and yields in practice: strict.
local function strictTask(what)
  host.mustYield(what)
end

function Catalog:batchGetRawMetadata(photos, keys)
  strictTask('batchGetRawMetadata')
  local result = {}
  for _, photo in ipairs(photos) do
    charge(COST.batch)
    if facts[photo] and not facts[photo].removed and host.now >= (facts[photo].silentUntil or 0) then
      local row = {}
      for _, key in ipairs(keys) do row[key] = rawOf(photo, key) end
      result[photo] = row
    end
  end
  return result
end

function Catalog:getTargetPhoto()
  strictTask('getTargetPhoto')
  return self.selection[1]
end

function Catalog:getTargetPhotos()
  strictTask('getTargetPhotos')
  local source = #self.selection > 0 and self.selection or self.photos
  local all = {}
  for index, photo in ipairs(source) do all[index] = photo end
  return all
end

function Catalog:getMultipleSelectedOrAllPhotos() return self:getTargetPhotos() end

function Catalog:findPhotoByPath(path)
  host.waits('findPhotoByPath')
  charge(COST.find)
  return self.byPath[path]
end

function Catalog:findPhotoByUuid(uuid)
  host.waits('findPhotoByUuid')
  for _, photo in ipairs(self.photos) do if facts[photo].uuid == uuid then return photo end end
end

function Catalog:findPhotos() host.waits('findPhotos') return {} end
local Folder = {}
Folder.__index = Folder

function Folder:getPath() strictTask('LrFolder:getPath') return self.path end

-- The roots the test named, else the folders of the photos that lie below no other.
function Catalog:getFolders()
  strictTask('getFolders')
  local paths = host.roots
  if not paths then
    local known, all = {}, {}
    for _, photo in ipairs(self.photos) do
      local folder = facts[photo].path:match('^(.*)[/\\]')
      if folder and not known[folder] then known[folder] = true all[#all + 1] = folder end
    end
    paths = {}
    for _, folder in ipairs(all) do
      local parent, below = folder, false
      repeat
        parent = parent:match('^(.*)[/\\]')
        below = below or (parent ~= nil and known[parent] == true)
      until parent == nil
      if not below then paths[#paths + 1] = folder end
    end
  end
  local folders = {}
  for index, path in ipairs(paths) do folders[index] = setmetatable({ path = path }, Folder) end
  return folders
end
function Catalog:getActiveSources() return {} end
function Catalog:setActiveSources() host.fault(40, 'setActiveSources disturbs the photographer') end
function Catalog:setSelectedPhotos() host.fault(40, 'setSelectedPhotos disturbs the photographer') end
function Catalog:getPropertyForPlugin() strictTask('getPropertyForPlugin') end
function Catalog:setPropertyForPlugin() inGate('setPropertyForPlugin') end

function Catalog:addPhoto(path)
  inGate('addPhoto')
  if js.exists(path) ~= 'file' then error('addPhoto: file not found: ' .. path, 0) end
  if self.byPath[path] then error('addPhoto: already in the catalog: ' .. path, 0) end
  return host.addPhoto(path, 'RAW', false, false)
end

local function gate(kind, self, name, fn, parameters)
  host.mustYield('withWriteAccessDo')
  if host.inSchemaUpdate then
    host.fault(50, 'a write gate in updateFromEarlierSchemaVersion, which is inside one')
    error("could not execute action '" .. name .. "'. It was blocked by another write access call", 0)
  end
  if self.gate then
    host.fault(38, 'a write gate inside another')
    error("could not execute action '" .. name .. "'. It was blocked by another write access call", 0)
  end
  if host.now < (self.busyUntil or 0) then
    local timeout = parameters and parameters.timeout
    if not timeout then
      host.fault(38, 'a write gate without a timeout, while Lightroom is busy')
      error("could not execute action '" .. name .. "'. It was blocked by another write access call, and no timeout parameters were provided.", 0)
    end
    local deadline = host.now + timeout
    while host.now < self.busyUntil and host.now < deadline do host.suspend('withWriteAccessDo', 0.5) end
    if host.now < self.busyUntil then return 'aborted' end
  end
  self.gate, self.gateKind = name, kind
  js.gate(name)
  local ok, problem = host.namespaces.LrTasks().pcall(fn, self)
  self.gate, self.gateKind = nil, nil
  if not ok then error(problem, 0) end
  return 'executed'
end
Catalog.withWriteAccessDo = function(...) return gate('undoable', ...) end
Catalog.withPrivateWriteAccessDo = function(self, fn, parameters) return gate('private', self, 'private', fn, parameters) end
Catalog.withProlongedWriteAccessDo = function(...) return gate('prolonged', ...) end

-- What Lightroom does with LrMetadataProvider when it loads a plugin or opens a catalog: the declared fields are kept in the catalog under
-- their schema version, and looked at again only when that has changed.
local KINDS_OF_FIELD = { string = true, enum = true, url = true }
function host.loadFields(provider)
  local problems = {}
  local function want(condition, message) if not condition then problems[#problems + 1] = message end end
  want(type(provider) == 'table', 'the metadata provider returns a table')
  if type(provider) ~= 'table' then provider = {} end
  want(type(provider.metadataFieldsForPhotos) == 'table', 'metadataFieldsForPhotos is a list')
  want(type(provider.schemaVersion) == 'number', 'schemaVersion is a number')
  local fields, shape = {}, {}
  for _, field in ipairs(provider.metadataFieldsForPhotos or {}) do
    local id = tostring(field.id)
    want(type(field.id) == 'string' and id:match('^[%a_][%w_]*$'), 'the field id ' .. id .. ' is letters, digits and underscores')
    want(not fields[id], 'the field id ' .. id .. ' is declared once')
    want(field.dataType == nil or KINDS_OF_FIELD[field.dataType], 'dataType of ' .. id .. ' is string, enum or url')
    want(field.dataType ~= 'enum' or type(field.values) == 'table', 'the enum ' .. id .. ' has values')
    want(not field.browsable or field.searchable, 'the browsable field ' .. id .. ' is searchable')
    want(not (field.searchable or field.title == nil) or field.title ~= nil, 'the searchable field ' .. id .. ' has a title')
    fields[id] = field
    shape[#shape + 1] = table.concat({ id, tostring(field.dataType), tostring(field.searchable), tostring(field.browsable), tostring(field.version) }, ' ')
  end
  if #problems > 0 then
    host.fields = nil
    return host.fault(48, 'the metadata provider: ' .. table.concat(problems, '; '))
  end
  table.sort(shape)
  shape = table.concat(shape, '\n')
  local before = active.schema
  if before and before.version == provider.schemaVersion and before.shape ~= shape then
    host.fault(48, 'the fields have changed and schemaVersion has not: Lightroom does not look again')
    return
  end
  if before and before.version < provider.schemaVersion and provider.updateFromEarlierSchemaVersion then
    local catalog, version = active, before.version
    host.startTask('updateFromEarlierSchemaVersion', function()
      catalog.gate, catalog.gateKind, host.inSchemaUpdate = 'schema update', 'private', true
      local ok, problem = host.namespaces.LrTasks().pcall(provider.updateFromEarlierSchemaVersion, catalog, version)
      catalog.gate, catalog.gateKind, host.inSchemaUpdate = nil, nil, nil
      if not ok then host.fault(50, 'updateFromEarlierSchemaVersion failed: ' .. tostring(problem)) end
    end)
  end
  active.schema = { version = provider.schemaVersion, shape = shape }
  host.fields = fields
end

-- A filter or smart collection on a field of the plugin: how many photos it finds, or -1 when Lightroom would not offer the field.
function host.countByField(id, text)
  local field = host.fields and host.fields[id]
  if not field or not field.searchable then return -1 end
  local count = 0
  for _, photo in ipairs(active.photos) do
    local value = (facts[photo].own or {})[id]
    if value and value:find(text, 1, true) then count = count + 1 end
  end
  return count
end

-- Counts up with every photo, so that a test reads them all as `path<tab>field<tab>field` lines.
function host.fieldLines(...)
  local lines = {}
  for _, photo in ipairs(active.photos) do
    local parts = { facts[photo].path }
    for _, id in ipairs({ ... }) do parts[#parts + 1] = (facts[photo].own or {})[id] or '' end
    lines[#lines + 1] = table.concat(parts, '\t')
  end
  return host.out(table.concat(lines, '\n'))
end

setmetatable(Catalog, { __index = function(_, member)
  if type(member) == 'string' and member ~= 'gate' and member ~= 'gateKind' and member ~= 'schema' and member ~= 'busyUntil' then host.fault(7, 'LrCatalog has no ' .. member) end
  return nil
end })

host.namespaces.LrApplication = function()
  return {
    activeCatalog = function()
      return active
    end,
    versionString = function() return 'Lightroom Classic 14.5' end,
    backupAtNextShutdown = function(id)
      if id ~= host.info.LrToolkitIdentifier then host.fault(7, 'backupAtNextShutdown takes the id of the plugin') end
      host.ownBackups = (host.ownBackups or 0) + 1
    end,
  }
end

-- ------------------------------------------------------------------ what the test does to it

function host.openCatalog(path)
  local catalog = catalogs[path]
  if not catalog then
    catalog = setmetatable({ path = path, photos = {}, byPath = {}, selection = {}, nextId = 101 }, Catalog)
    catalogs[path] = catalog
  end
  active = catalog
end

function host.addPhoto(path, format, isVideo, isVirtualCopy)
  local id = active.nextId
  active.nextId = id + 1
  local photo = setmetatable({ localIdentifier = id }, Photo)
  facts[photo] = {
    path = path, uuid = string.format('00000000-0000-4000-8000-%012d', id), fileFormat = format, isVideo = isVideo,
    isVirtualCopy = isVirtualCopy, smartPreviewSize = 1234,
  }
  active.photos[#active.photos + 1] = photo
  if not isVirtualCopy then active.byPath[path] = photo end
  return photo
end

function host.addPhotoId(path, format, isVideo, isVirtualCopy)
  return host.addPhoto(path, format, isVideo, isVirtualCopy).localIdentifier
end

-- A large catalog at once; the files do not exist.
function host.addMany(count, folder)
  for index = 1, count do host.addPhoto(folder .. '/IMG_' .. index .. '.CR3', 'RAW', false, false) end
  return active.nextId - 1
end

function host.select(count)
  active.selection = {}
  for index = 1, math.min(count, #active.photos) do active.selection[index] = active.photos[index] end
end

function host.silence(seconds)
  facts[active.photos[#active.photos]].silentUntil = host.now + seconds
end

function host.photoCount() return #active.photos end
function host.keepBusy(seconds) active.busyUntil = host.now + seconds end
function host.isInCatalog(path) return active.byPath[path] ~= nil end

-- Above about 5,000 selected photos Lightroom enables every item.
function host.isMenuEnabled(when)
  local selected = #active.selection
  if not when or selected > 5000 then return true end
  if when == 'photosAvailable' then return #active.photos > 0 end
  return selected > 0
end
