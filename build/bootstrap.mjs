#!/usr/bin/env node
// The first thing that runs after a clone: plain JavaScript with nothing but Node, so that `npm start -- …` and `npm test` need no
// earlier step. It installs the locked packages when they are missing or changed, builds when a source is newer than the build, and
// then hands over. Everything it says itself goes to stderr: stdout belongs to the command.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = path.dirname(path.dirname(realpathSync(fileURLToPath(import.meta.url))))
const dist = path.join(root, 'dist')

const MODES = {
  '--deps': [],
  '--build': ['build'],
  '--test': ['build', 'test'],
  '--check': ['build', 'check'],
  '--bench': ['build', 'bench'],
  '--release': ['build', 'release'],
}

function main(args) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Safelight needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node from nodejs.org.`)
  const mode = MODES[args[0]]
  install()
  if (mode?.length === 0) return
  build()
  if (mode?.includes('test'))
    return mocha(['dist/test/**/*.test.js', '--ignore', 'dist/test/**/*.long.test.js'], [], args.slice(1))
  if (mode?.includes('check')) return mocha(['dist/test/**/*.long.test.js'], ['--timeout', '3600000'], args.slice(1))
  if (mode?.includes('release')) return node(path.join(dist, 'build/release.js'), args.slice(1))
  if (mode?.includes('bench')) return node(path.join(dist, 'test/bench/bench.js'), args.slice(1))
  if (mode) return
  return handOver(args)
}

/** Installs exactly what package-lock.json names, once per lock file content. */
function install() {
  const wanted = digest([path.join(root, 'package-lock.json')], (file) => readFileSync(file))
  const stamp = path.join(root, 'node_modules', '.safelight-installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('Installing the packages named in package-lock.json …')
  npm(['ci', '--no-audit', '--no-fund', '--ignore-scripts'])
  writeFileSync(stamp, wanted)
}

/** Builds when any source file differs in name, size or mtime from those of the last build. */
function build() {
  const sources = ['helper', 'shared', 'lrplugin', 'test', 'build'].flatMap((folder) => walk(path.join(root, folder)))
  const stateOf = (file) => {
    const { size, mtimeMs } = statSync(file)
    return `${size} ${mtimeMs}`
  }
  const wanted = digest([...sources, path.join(root, 'tsconfig.json'), path.join(root, 'package-lock.json')], stateOf)
  const stamp = path.join(dist, '.built')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  say('Building …')
  run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', root], root)
  const steps = path.join(dist, 'build', 'build.js')
  if (existsSync(steps)) run(process.execPath, [steps], root)
  mkdirSync(dist, { recursive: true })
  writeFileSync(stamp, wanted)
}

/** Whole suites run file by file on every core; what is named is run alone, so that its output comes as it happens. */
function mocha(files, options, more) {
  const isNamed = more.some((arg) => !arg.startsWith('-'))
  return node(path.join(root, 'node_modules/mocha/bin/mocha.js'), [
    '--config',
    path.join(root, '.mocharc.json'),
    ...(isNamed ? [] : ['--parallel', '--jobs', String(Math.max(2, availableParallelism())), ...files]),
    ...options,
    ...more,
  ])
}

function node(script, args) {
  process.exitCode = run(process.execPath, ['--enable-source-maps', script, ...args], root, true)
}

/** Runs the command line in this very process, in the folder the user typed in (npm changes it). */
async function handOver(args) {
  const typedIn = process.env.INIT_CWD
  if (process.env.npm_lifecycle_event === 'start' && typedIn && existsSync(typedIn)) process.chdir(typedIn)
  process.argv = [process.argv[0], path.join(dist, 'helper/main.js'), ...args]
  await import(pathToFileURL(path.join(dist, 'helper/main.js')).href)
}

function npm(args) {
  const cli = process.env.npm_execpath
  if (cli && existsSync(cli)) run(process.execPath, [cli, ...args], root)
  else run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, root)
}

/** What a child prints goes to stderr, except when it is the command itself. */
function run(command, args, cwd, isTheCommand = false) {
  const result = spawnSync(command, args, {
    cwd,
    shell: process.platform === 'win32' && command.endsWith('.cmd'),
    stdio: isTheCommand ? 'inherit' : ['ignore', 2, 2],
  })
  if (result.error) fail(`${path.basename(command)} could not be started: ${result.error.message}`)
  if (isTheCommand) return result.status ?? 1
  if (result.status !== 0) fail(`"${[path.basename(command), ...args].join(' ')}" failed; what it said stands above.`)
  return 0
}

function walk(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}

function digest(files, stateOf) {
  const hash = createHash('sha256')
  for (const file of files)
    if (existsSync(file)) hash.update(path.relative(root, file)).update('\0').update(stateOf(file)).update('\0')
  return hash.digest('hex')
}

function say(text) {
  process.stderr.write(`${text}\n`)
}

function fail(text) {
  say(text)
  process.exit(1)
}

await main(process.argv.slice(2))
