import assert from 'node:assert/strict'
import {
  deviceRelation,
  fileSystemName,
  isRealSerial,
  networkDevice,
  sharesDevice,
  withBacking,
  type Volume,
} from '../../../helper/files/volumes/volume.js'

const on = (devices: readonly string[], medium: Volume['medium'] = 'internal'): Volume => ({
  mountPoint: '/mnt',
  fileSystem: 'ext4',
  devices,
  medium,
  isReadOnly: false,
})

describe('two volumes', () => {
  it('share a device when any member is the same, and not when none is', () => {
    assert.equal(deviceRelation(on(['a', 'b']), on(['b', 'c'])), 'shared')
    assert.equal(deviceRelation(on(['a', 'b']), on(['c'])), 'separate')
  })

  it('of which one is only a number may be one device, and count as one', () => {
    assert.equal(deviceRelation(on(['wwn:1']), on(['dev:45'])), 'unknown')
    assert.equal(deviceRelation(on(['dev:44']), on(['dev:45'])), 'unknown')
    assert.equal(deviceRelation(on(['dev:45']), on(['dev:45'])), 'shared')
    assert.equal(sharesDevice(on(['wwn:1']), on(['dev:45'])), true)
  })

  it('are two when one is memory', () => {
    assert.equal(deviceRelation(on(['memory'], 'memory'), on(['dev:45'])), 'separate')
    assert.equal(deviceRelation(on(['memory'], 'memory'), on(['memory'], 'memory')), 'shared')
  })

  it('that are shares of one host count as one device, those of two hosts as two', () => {
    assert.equal(deviceRelation(on(['nas/photos']), on(['nas/backup'])), 'shared')
    assert.equal(deviceRelation(on(['nas/photos']), on(['nas2/photos'])), 'separate')
  })

  it('of which one is a share of this very machine cannot be told apart', () => {
    const own = on([networkDevice('127.0.0.1', 'photos')], 'network')
    assert.equal(deviceRelation(own, on(['wwn:1'])), 'unknown')
  })
})

describe('a volume whose bytes lie in files of another', () => {
  it('is on the devices of that other, and an image still', () => {
    const whole = withBacking(on([], 'image'), [{ ...on(['wwn:1', 'wwn:2'], 'removable'), isRotational: true }])
    assert.deepEqual([whole.devices, whole.medium, whole.isRotational], [['wwn:1', 'wwn:2'], 'image', true])
  })

  it('is of no known kind when one part of it is not', () => {
    assert.equal(withBacking(on([], 'unknown'), [on(['wwn:1']), on(['dev:3'], 'unknown')]).medium, 'unknown')
    assert.equal(withBacking(on([], 'unknown'), [on(['wwn:1']), on(['wwn:2'], 'removable')]).medium, 'removable')
  })
})

describe('words and identities', () => {
  it('one file system has one name on every platform', () => {
    const names = {
      msdos: 'vfat',
      FAT32: 'vfat',
      NTFS: 'ntfs',
      ntfs3: 'ntfs',
      exFAT: 'exfat',
      smbfs: 'smb',
      cifs: 'smb',
      hfs: 'hfs+',
    }
    for (const [raw, name] of Object.entries(names)) assert.equal(fileSystemName(raw), name)
    assert.equal(fileSystemName(''), 'unknown')
  })

  it('one share has one name, however it is written', () => {
    const spellings = ['nas', 'NAS', 'ann@nas.local', 'nas._smb._tcp.local', 'ann:secret@NAS.local.', 'nas:445']
    for (const host of spellings) assert.equal(networkDevice(host, '/photos/'), 'nas/photos', host)
    assert.equal(networkDevice('[fe80::1]:445', 'x'), 'fe80::1/x')
  })

  it('a password in a share never stays', () => {
    assert.equal(networkDevice('ann:p@ss@nas', 'photos'), 'nas/photos')
  })

  it('made-up serial numbers are known for what they are', () => {
    for (const serial of [
      '',
      '0',
      '000000000000',
      'FFFFFFFF',
      '0123456789ABCDEF',
      '123456789ABC',
      'DD56419883891',
      ' - ',
    ])
      assert.equal(isRealSerial(serial), false, serial)
    for (const serial of ['WD-WX21D36A1111', 'S5SXNS0R400001A', '0x3f9a1c22', '0025_38B1_11B2_3C4D.'])
      assert.equal(isRealSerial(serial), true, serial)
  })
})
