// An earlier content that is moved out of the way of a new one, while another computer does the same: whoever comes first and in whichever
// moment, no content is lost, and what is said to have been moved was.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { moveAside, systemFiles, type DurableFiles, type Moved } from '../../helper/files/durable.js'
import { freshFolder } from '../support/shoots.js'

describe('moving an earlier content aside', () => {
  let root: string
  let from: string
  let to: string

  beforeEach(() => {
    root = freshFolder({ inMemory: true })
    from = path.join(root, 'Shoot', 'a.xmp')
    to = path.join(root, 'Shoot', 'Versions', 'x', 'a.xmp')
    fs.mkdirSync(path.dirname(from), { recursive: true })
    fs.writeFileSync(from, 'old')
  })
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

  const put = (content: string): void => {
    fs.rmSync(from, { force: true })
    fs.writeFileSync(from, content)
  }
  const isOld = (file: string): boolean => fs.existsSync(file) && fs.readFileSync(file, 'utf8') === 'old'

  function move(files: DurableFiles): Moved {
    return moveAside(files, from, to, {
      copy: () => {
        const temporary = path.join(path.dirname(from), '.copy')
        fs.copyFileSync(from, temporary)
        return temporary
      },
      isSame: () => fs.readFileSync(from, 'utf8') === fs.readFileSync(to, 'utf8'),
      guard: { isIt: isOld, gone: path.join(path.dirname(from), '.gone') },
    })
  }
  const lying = (): Record<string, string> =>
    Object.fromEntries(
      fs
        .readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => path.join(parentPath, name))
        .map((file) => [path.relative(path.join(root, 'Shoot'), file), fs.readFileSync(file, 'utf8')]),
    )
  /** The surface, on which the other computer acts before or after one kind of call. */
  const meanwhile = (call: 'link' | 'rename', when: 'before' | 'after', act: () => void): DurableFiles => {
    let isOver = false
    const once = (now: string): void => {
      if (isOver || now !== when) return
      isOver = true
      act()
    }
    const act_ = (a: string, b: string): void => {
      once('before')
      systemFiles[call](a, b)
      once('after')
    }
    return { ...systemFiles, [call]: act_ }
  }
  const withoutLinks: DurableFiles = {
    ...systemFiles,
    link: () => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' })
    },
  }

  it('leaves it under the new name alone', () => {
    assert.equal(move(systemFiles), 'moved')
    assert.deepEqual(lying(), { 'Versions/x/a.xmp': 'old' })
  })

  it('does so on a disk without second names', () => {
    assert.equal(move(withoutLinks), 'moved')
    assert.deepEqual(lying(), { 'Versions/x/a.xmp': 'old' })
  })

  it('moves nothing when another content lies there by then', () => {
    put('new')
    assert.equal(move(systemFiles), 'another')
    assert.deepEqual(lying(), { 'a.xmp': 'new' })
    assert.equal(move(withoutLinks), 'another')
    assert.deepEqual(lying(), { 'a.xmp': 'new' })
  })

  it('moves nothing when nothing lies there any more', () => {
    assert.equal(move(meanwhile('link', 'before', () => fs.rmSync(from))), 'another')
    assert.deepEqual(lying(), {})
  })

  it('gives back what came under the old name in between', () => {
    assert.equal(move(meanwhile('link', 'after', () => put('new'))), 'replaced')
    assert.deepEqual(lying(), { 'a.xmp': 'new', 'Versions/x/a.xmp': 'old' })
  })

  it('says so when nothing lies under the old name any more', () => {
    assert.equal(move(meanwhile('link', 'after', () => fs.rmSync(from))), 'replaced')
    assert.deepEqual(lying(), { 'Versions/x/a.xmp': 'old' })
  })

  it('keeps all three when a third content is quicker than giving back the second', () => {
    const swapped = meanwhile('link', 'after', () => put('new'))
    const files: DurableFiles = {
      ...swapped,
      rename: (a, b) => {
        swapped.rename(a, b)
        if (b.endsWith('.gone')) fs.writeFileSync(from, 'newer')
      },
    }
    assert.equal(move(files), 'replaced')
    assert.deepEqual(lying(), { 'a.xmp': 'newer', 'Versions/x/a.xmp': 'old', 'Versions/x-other/a.xmp': 'new' })
  })
})
