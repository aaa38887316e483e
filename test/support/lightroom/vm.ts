// One real Lua 5.1 with the host's Lua part in it, and the passage of bytes between the two sides: Lua's strings are bytes, JavaScript's are not,
// so bytes cross as text of one character each (0 as U+0100, because a C string would end there).
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Lua } from 'wasmoon-lua5.1'

const sources = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../../test/support/lightroom/lua')

export type HostFunction = (...args: never[]) => string | number | boolean | undefined

export class LuaVm {
  private constructor(
    private readonly lua: Lua,
    private readonly entry: (name: string, ...args: unknown[]) => unknown,
  ) {}

  static async open(functions: Readonly<Record<string, HostFunction>>): Promise<LuaVm> {
    const lua = await Lua.create()
    lua.global.set('js', { ...functions })
    for (const file of ['runtime.lua', 'sdk.lua', 'catalog.lua']) {
      lua.global.loadString(readFileSync(path.join(sources, file), 'utf8'), `@${file}`)
      lua.global.runSync(0)
    }
    return new LuaVm(lua, lua.global.get('host_call') as (name: string, ...args: unknown[]) => unknown)
  }

  /** Calls a function of the Lua side's `host` table. */
  call(name: string, ...args: (string | number | boolean)[]): unknown {
    return this.entry(name, ...args)
  }

  run(text: string): unknown {
    return this.lua.doStringSync(text)
  }

  close(): void {
    this.lua.global.close()
  }
}

export function textFromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').replaceAll('\0', '\u0100')
}

export function bytesFromText(text: string): Buffer {
  return Buffer.from(text.replaceAll('\u0100', '\0'), 'latin1')
}
