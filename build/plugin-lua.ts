// Checks one emitted Lua file with a real Lua 5.1: it must parse, be UTF-8 without a byte order mark, and read no global that Lightroom's
// sandbox lacks. Globals are read from the compiled bytecode, so nothing in strings, comments or clever spelling misleads it.
import { Lua } from 'wasmoon-lua5.1'
import { globalsOf } from './lua-bytecode.js'

/** What Lightroom gives a plugin's scripts. */
const SCRIPT_GLOBALS = new Set(
  [
    '_G _VERSION assert dofile error getmetatable ipairs load loadfile loadstring next pairs pcall print rawequal rawget rawset select',
    'setmetatable tonumber tostring type unpack import require LOC WIN_ENV MAC_ENV _PLUGIN',
    'coroutine debug io math os string table',
  ].flatMap((line) => line.split(' ')),
)

/** What it gives Info.lua. */
const MANIFEST_GLOBALS = new Set(['string', 'LOC', 'WIN_ENV', 'MAC_ENV', '_VERSION'])

/** Members that are missing although their library is there. */
const MISSING_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  'debug.traceback': ['traceback'],
  'os.getenv': ['getenv'],
}

/** @returns one line per finding; empty when Lightroom can load it */
export async function checkLua(name: string, text: string, kind: 'manifest' | 'script'): Promise<string[]> {
  if (text.startsWith('\ufeff')) return [`${name}: begins with a byte order mark`]
  const bytecode = await compile(name, text)
  if (typeof bytecode === 'string') return [`${name}: ${bytecode}`]
  const allowed = kind === 'manifest' ? MANIFEST_GLOBALS : SCRIPT_GLOBALS
  const { globals, constants } = globalsOf(bytecode)
  const foreign = [...globals].filter((global) => !allowed.has(global))
  const missing = Object.entries(MISSING_MEMBERS).filter(([, members]) =>
    members.some((member) => constants.has(member)),
  )
  return [
    ...foreign.map((global) => `${name}: uses the global "${global}", which Lightroom lacks`),
    ...missing.map(([member]) => `${name}: uses ${member}, which Lightroom lacks`),
  ]
}

/** @returns bytecode, or Lua's own complaint */
async function compile(name: string, text: string): Promise<Uint8Array | string> {
  const lua = await Lua.create()
  try {
    lua.global.set('source', text)
    lua.global.set('name', `@${name}`)
    const hex = (await lua.doString(`
      local chunk, complaint = loadstring(source, name)
      if not chunk then return "!" .. complaint end
      return (string.dump(chunk):gsub(".", function(c) return string.format("%02x", c:byte()) end))
    `)) as string
    return hex.startsWith('!') ? hex.slice(1) : Uint8Array.from(Buffer.from(hex, 'hex'))
  } finally {
    lua.global.close()
  }
}
