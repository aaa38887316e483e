// What comes in over a line in pieces of any size is in the file, all of it, in its order.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { alignedBuffer } from '../../helper/files/aligned.js'
import { GATHERING_BYTES, GatheredFile } from '../../helper/restore/gathered-file.js'
import { freshFolder } from '../support/shoots.js'
import { MIB, bytesOf } from '../support/s3/fixture.js'

describe('a file that grows by pieces', () => {
  const bytes = bytesOf(3 * MIB + 12_345)
  const memory = alignedBuffer(GATHERING_BYTES)
  const folders: string[] = []
  const freshFile = (inMemory = false): string => {
    const folder = freshFolder({ inMemory })
    folders.push(folder)
    return path.join(folder, 'part')
  }
  afterEach(() => folders.splice(0).forEach((folder) => fs.rmSync(folder, { recursive: true })))

  async function pour(file: string, from: number, pieceBytes: number): Promise<void> {
    const out = await GatheredFile.open(file, from, memory)
    const piece = Buffer.alloc(pieceBytes)
    for (let at = from; at < bytes.length; at += pieceBytes) {
      const length = bytes.copy(piece, 0, at, at + pieceBytes)
      await out.append(piece.subarray(0, length))
    }
    await out.close()
  }

  for (const inMemory of [false, true])
    for (const pieceBytes of [7_001, 64 * 1024, MIB, 5 * MIB])
      it(`has them all, ${pieceBytes} bytes at a time, ${inMemory ? 'in memory' : 'on a disk'}`, async () => {
        const file = freshFile(inMemory)
        await pour(file, 0, pieceBytes)
        assert.ok(fs.readFileSync(file).equals(bytes))
      })

  for (const had of [1, 4096, MIB + 1])
    it(`goes on after ${had} bytes that are there`, async () => {
      const file = freshFile()
      fs.writeFileSync(file, bytes.subarray(0, had))
      await pour(file, had, 50_000)
      assert.ok(fs.readFileSync(file).equals(bytes))
    })

  it('keeps what came before the line broke', async () => {
    const file = freshFile()
    const out = await GatheredFile.open(file, 0, memory)
    await out.append(bytes.subarray(0, MIB + 17))
    await out.close()
    assert.ok(fs.readFileSync(file).equals(bytes.subarray(0, MIB + 17)))
  })
})
