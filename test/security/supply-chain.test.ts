// What Safelight is made of: packages come from the public registry alone, each held to its content, and none needs to run a script of its
// own to be installed. Where the registry answers, it knows of no grave hole in what is shipped.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { PROJECT } from '../support/safelight.js'

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
}

const lock = JSON.parse(fs.readFileSync(path.join(PROJECT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>
}
const packages = Object.entries(lock.packages).filter(([name]) => name !== '')
const manifest = JSON.parse(fs.readFileSync(path.join(PROJECT, 'package.json'), 'utf8')) as Record<
  string,
  Record<string, string> | undefined
>

describe('the packages that Safelight is made of', () => {
  it('come from the public registry, each held to its content by a strong hash', () => {
    const odd = packages.filter(
      ([, { resolved, integrity, link }]) =>
        link === true ||
        // Left out, it means the registry.
        !(resolved ?? 'https://registry.npmjs.org/').startsWith('https://registry.npmjs.org/') ||
        !/^sha512-[A-Za-z0-9+/=]{80,}$/.test(integrity ?? ''),
    )
    assert.deepEqual(
      odd.map(([name]) => name),
      [],
    )
    assert.ok(packages.length > 50)
  })

  it('are named in one version each by package.json, never by a range, an address or a folder', () => {
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'])
      for (const [name, version] of Object.entries(manifest[kind] ?? {}))
        assert.match(version, /^\d+\.\d+\.\d+$/, `${name} ${version}`)
  })

  it('are installed without running a script of theirs: nothing that is shipped has one, and the installer forbids them', () => {
    const withScript = packages.filter(([, each]) => each.hasInstallScript === true && each.dev !== true)
    assert.deepEqual(
      withScript.map(([name]) => name),
      [],
    )
    assert.match(fs.readFileSync(path.join(PROJECT, 'build/bootstrap.mjs'), 'utf8'), /'ci',[^\]]*'--ignore-scripts'/)
    const { scripts = {} } = manifest
    for (const hook of ['preinstall', 'install', 'postinstall', 'prepare'])
      assert.equal(scripts[hook], undefined, `a ${hook} script of our own`)
  })
})
