// What is inside a release, as a CycloneDX list: every package that the program is made of, with version and checksum as package-lock.json has
// them, and the Node that comes with it. The same lock file makes the same text.
import { createHash } from 'node:crypto'

export interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version: string
        readonly integrity?: string
        readonly license?: string
        readonly dev?: boolean
        readonly dependencies?: Readonly<Record<string, string>>
        readonly optionalDependencies?: Readonly<Record<string, string>>
      }
    >
  >
}

export interface Runtime {
  readonly name: string
  readonly version: string
  readonly integrity: string
}

/** Built into the page although only the build needs it as a package. */
const IN_THE_PAGE = ['preact']

export function sbomOf(lock: Lock, version: string, runtime: Runtime): string {
  const packages = Object.entries(lock.packages).flatMap(([at, { version: its, integrity, license, dev }]) => {
    const name = at.split('node_modules/').at(-1) ?? ''
    return name === '' || (dev === true && !IN_THE_PAGE.includes(name))
      ? []
      : [component(name, its, integrity, license)]
  })
  const components = [...packages, component(runtime.name, runtime.version, runtime.integrity, 'MIT')]
  const content = { version, components }
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  const serial = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `5${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ]
  return `${JSON.stringify(
    {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      serialNumber: `urn:uuid:${serial.join('-')}`,
      version: 1,
      metadata: { component: { type: 'application', name: 'safelight', version, 'bom-ref': `safelight@${version}` } },
      components,
    },
    undefined,
    2,
  )}\n`
}

function component(name: string, version: string, integrity: string | undefined, license: string | undefined) {
  const hex =
    integrity?.startsWith('sha512-') === true ? Buffer.from(integrity.slice(7), 'base64').toString('hex') : undefined
  return {
    type: 'library',
    'bom-ref': `${name}@${version}`,
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(hex === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: hex }] }),
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  }
}
