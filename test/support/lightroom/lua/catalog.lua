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

local Catalog = {}
Catalog.__index = Catalog

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

local function gate(self, name, fn, parameters)
  host.mustYield('withWriteAccessDo')
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
  self.gate = name
  js.gate(name)
  local ok, problem = host.namespaces.LrTasks().pcall(fn, self)
  self.gate = nil
  if not ok then error(problem, 0) end
  return 'executed'
end
Catalog.withWriteAccessDo = gate
Catalog.withPrivateWriteAccessDo = gate
Catalog.withProlongedWriteAccessDo = gate

setmetatable(Catalog, { __index = function(_, member)
  if type(member) == 'string' and member ~= 'gate' and member ~= 'busyUntil' then host.fault(7, 'LrCatalog has no ' .. member) end
  return nil
end })

host.namespaces.LrApplication = function()
  return {
    activeCatalog = function()
      return active
    end,
    versionString = function() return 'Lightroom Classic 14.5' end,
    backupAtNextShutdown = function() end,
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
