// A real Lua 5.1 that runs one module of ours, so that a test can ask Node and Lua the same and compare. Bytes cross as hexadecimal digits.
import { Buffer } from 'node:buffer'
import { Lua } from 'wasmoon-lua5.1'
import { translateModule } from '../../build/plugin.js'
import { PROJECT } from './lightroom/plugin.js'

export class LuaModule {
  private constructor(
    private readonly lua: Lua,
    private readonly entry: (hex: string) => string,
  ) {}

  /** @param module  e.g. `shared/json.ts`
   *  @param body  Lua that returns a function from bytes to bytes; `module` holds the exports */
  static async load(module: string, body: string): Promise<LuaModule> {
    const text = await translateModule(PROJECT, module)
    const lua = await Lua.create()
    lua.global.set('bundle', text)
    lua.global.set('body', `local module = ... ; ${body}`)
    lua.doStringSync(`
      local work = assert(loadstring(body))(assert(loadstring(bundle, '@module.lua'))())
      local digits = {}
      for byte = 0, 255 do digits[string.char(byte)] = string.format('%02x', byte) end
      function entry(hex)
        local bytes = hex:gsub('%x%x', function(two) return string.char(tonumber(two, 16)) end)
        return (work(bytes):gsub('.', digits):gsub('\\n', '0a'))
      end`)
    return new LuaModule(lua, lua.global.get('entry') as (hex: string) => string)
  }

  ask(bytes: Uint8Array | string): string {
    const hex = Buffer.from(bytes).toString('hex')
    return Buffer.from(this.entry(hex), 'hex').toString('utf8')
  }

  close(): void {
    this.lua.global.close()
  }
}
