// What df, mount, diskutil and hdiutil say on an Apple silicon Mac (macOS 14), cut down to the keys around those that are read.
// disk0: internal SSD → disk3 (APFS container) · disk4: USB SSD → disk5 (APFS container) · disk6: USB stick, MBR, exFAT ·
// disk7: disk image on the USB SSD → disk8 (its APFS container) · disk9, disk10: USB disks → disk11 (Apple RAID mirror) · disk12: RAM disk.
// Long, because it is captured output.

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }

/** A property list as diskutil writes it. */
export function plist(value: Value): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    element(value),
    '</plist>',
    '',
  ].join('\n')
}

function element(value: Value): string {
  if (typeof value === 'boolean') return value ? '<true/>' : '<false/>'
  if (typeof value === 'number')
    return Number.isInteger(value) ? `<integer>${value}</integer>` : `<real>${value}</real>`
  if (typeof value === 'string') return `<string>${escaped(value)}</string>`
  if (Array.isArray(value)) return `<array>\n${value.map(element).join('\n')}\n</array>`
  const keys = Object.entries(value).map(([key, child]) => `\t<key>${escaped(key)}</key>\n\t${element(child)}`)
  return `<dict>\n${keys.join('\n')}\n</dict>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const HEADING = 'Filesystem     512-blocks       Used  Available Capacity  Mounted on'

export const DF: Readonly<Record<string, string>> = {
  '/Users/ann/Pictures/2024': `${HEADING}\n/dev/disk3s5    965595304  712345678  218123456    77%    /System/Volumes/Data\n`,
  '/Volumes/Fotos & Reise': `${HEADING}\n/dev/disk5s1   1952725504 1002938368  949704696    52%    /Volumes/Fotos & Reise\n`,
  '/Volumes/Second': `${HEADING}\n/dev/disk5s2   1952725504     409600  949704696     1%    /Volumes/Second\n`,
  '/Volumes/EOS 2/DCIM': `${HEADING}\n/dev/disk6s1    124735488   31457280   93278208    26%    /Volumes/EOS 2\n`,
  '/Volumes/Archive': `${HEADING}\n/dev/disk8s1     20971440     204800   20766640     1%    /Volumes/Archive\n`,
  '/Volumes/Mirror': `${HEADING}\n/dev/disk11s2  7812431616  102400000 7710031616     2%    /Volumes/Mirror\n`,
  '/Volumes/Scratch': `${HEADING}\n/dev/disk12       4194304       1024    4193280     1%    /Volumes/Scratch\n`,
  '/Volumes/My Photos': `${HEADING}\n//ann@NAS._smb._tcp.local/My%20Photos 15616000000 7808000000 7808000000    50%    /Volumes/My Photos\n`,
  '/Volumes/export': `${HEADING}\nnas.local:/volume1/export 15616000000 7808000000 7808000000    50%    /Volumes/export\n`,
  '/home/x': `${HEADING}\nmap auto_home            0          0          0   100%    /System/Volumes/Data/home\n`,
}

export const MOUNT = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
/dev/disk5s1 on /Volumes/Fotos & Reise (apfs, local, nodev, nosuid, journaled, noowners)
/dev/disk5s2 on /Volumes/Second (apfs, local, nodev, nosuid, journaled, noowners)
/dev/disk6s1 on /Volumes/EOS 2 (exfat, local, nodev, nosuid, read-only, noowners)
/dev/disk8s1 on /Volumes/Archive (apfs, local, nodev, nosuid, journaled, noowners, mounted by ann)
/dev/disk11s2 on /Volumes/Mirror (hfs, local, nodev, nosuid, journaled, noowners)
/dev/disk12 on /Volumes/Scratch (hfs, local, nodev, nosuid, noowners, mounted by ann)
//ann@NAS._smb._tcp.local/My%20Photos on /Volumes/My Photos (smbfs, nodev, nosuid, mounted by ann)
nas.local:/volume1/export on /Volumes/export (nfs, nodev, nosuid, mounted by ann)
`

const usbDisk = (name: string, bytes: number, solid: boolean): Value => ({
  BusProtocol: 'USB',
  DeviceIdentifier: name,
  DeviceNode: `/dev/${name}`,
  Ejectable: true,
  Internal: false,
  MediaName: 'Portable',
  ParentWholeDisk: name,
  RemovableMedia: false,
  RemovableMediaOrExternalDevice: true,
  SMARTStatus: 'Not Supported',
  SolidState: solid,
  TotalSize: bytes,
  VirtualOrPhysical: 'Physical',
  WholeDisk: true,
})

const synthesised = (name: string): Value => ({
  BusProtocol: 'USB',
  DeviceIdentifier: name,
  Internal: false,
  ParentWholeDisk: name,
  TotalSize: 1,
  VirtualOrPhysical: 'Virtual',
  WholeDisk: true,
})

const apfsVolume = (device: string, mountPoint: string, name: string, uuid: string): Value => ({
  APFSContainerReference: device.replace(/s\d+$/, ''),
  DeviceIdentifier: device,
  FilesystemName: 'APFS',
  FilesystemType: 'apfs',
  FilesystemUserVisibleName: 'APFS',
  MountPoint: mountPoint,
  VolumeName: name,
  VolumeUUID: uuid,
  WritableVolume: true,
  SolidState: true,
  VirtualOrPhysical: 'Unknown',
})

/** `diskutil info -plist DEVICE` */
export const INFO: Readonly<Record<string, string>> = {
  '/dev/disk3s5': plist(
    apfsVolume('disk3s5', '/System/Volumes/Data', 'Macintosh HD - Data', '0F6E1F2A-0000-4000-8000-000000000005'),
  ),
  '/dev/disk5s1': plist(
    apfsVolume('disk5s1', '/Volumes/Fotos & Reise', 'Fotos & Reise', '0F6E1F2A-0000-4000-8000-000000000051'),
  ),
  '/dev/disk5s2': plist(apfsVolume('disk5s2', '/Volumes/Second', 'Second', '0F6E1F2A-0000-4000-8000-000000000052')),
  '/dev/disk8s1': plist(apfsVolume('disk8s1', '/Volumes/Archive', 'Archive', '0F6E1F2A-0000-4000-8000-000000000081')),
  '/dev/disk6s1': plist({
    BusProtocol: 'USB',
    DeviceIdentifier: 'disk6s1',
    FilesystemName: 'ExFAT',
    FilesystemType: 'exfat',
    MountPoint: '/Volumes/EOS 2',
    ParentWholeDisk: 'disk6',
    VolumeName: 'EOS 2',
    VolumeUUID: '5D4F1F4E-0000-3000-8000-000000000061',
    WritableVolume: false,
  }),
  '/dev/disk11s2': plist({
    DeviceIdentifier: 'disk11s2',
    FilesystemType: 'hfs',
    FilesystemName: 'Journaled HFS+',
    MountPoint: '/Volumes/Mirror',
    VolumeName: 'Mirror',
    VolumeUUID: '7C0A3B1E-0000-3000-8000-000000000111',
    WritableVolume: true,
  }),
  '/dev/disk12': plist({
    BusProtocol: 'Disk Image',
    DeviceIdentifier: 'disk12',
    FilesystemType: 'hfs',
    VolumeName: 'Scratch',
    VolumeUUID: '7C0A3B1E-0000-3000-8000-000000000121',
    WritableVolume: true,
  }),
  disk0: plist({
    BusProtocol: 'Apple Fabric',
    DeviceIdentifier: 'disk0',
    Internal: true,
    MediaName: 'APPLE SSD AP0512Q',
    RemovableMedia: false,
    SMARTStatus: 'Verified',
    SolidState: true,
    TotalSize: 500277792768,
    VirtualOrPhysical: 'Physical',
    WholeDisk: true,
  }),
  disk3: plist(synthesised('disk3')),
  disk4: plist(usbDisk('disk4', 1000204886016, true)),
  disk5: plist(synthesised('disk5')),
  disk6: plist(usbDisk('disk6', 63864569856, false)),
  disk7: plist({
    BusProtocol: 'Disk Image',
    DeviceIdentifier: 'disk7',
    Internal: false,
    RemovableMedia: true,
    TotalSize: 10737418240,
    VirtualOrPhysical: 'Virtual',
    WholeDisk: true,
  }),
  disk9: plist(usbDisk('disk9', 4000787030016, false)),
  disk10: plist(usbDisk('disk10', 4000787030016, false)),
  disk11: plist(synthesised('disk11')),
  disk12: plist({
    BusProtocol: 'Disk Image',
    DeviceIdentifier: 'disk12',
    TotalSize: 2147483648,
    VirtualOrPhysical: 'Virtual',
  }),
}

const EFI = { Content: 'EFI', VolumeName: 'EFI', VolumeUUID: '0E239BC6-F960-3107-89CF-1C97F78BB46B', Size: 209715200 }

/** `diskutil list -plist` */
export const LIST = plist({
  AllDisks: ['disk0', 'disk0s1', 'disk0s2', 'disk3', 'disk3s1', 'disk3s5', 'disk4', 'disk5', 'disk6', 'disk7'],
  AllDisksAndPartitions: [
    {
      Content: 'GUID_partition_scheme',
      DeviceIdentifier: 'disk0',
      OSInternal: false,
      Partitions: [
        {
          Content: 'Apple_APFS_ISC',
          DeviceIdentifier: 'disk0s1',
          DiskUUID: 'AAAAAAAA-0000-4000-8000-000000000001',
          Size: 524288000,
        },
        {
          Content: 'Apple_APFS',
          DeviceIdentifier: 'disk0s2',
          DiskUUID: 'AAAAAAAA-0000-4000-8000-000000000002',
          Size: 494384795648,
        },
      ],
      Size: 500277792768,
    },
    {
      APFSPhysicalStores: [{ DeviceIdentifier: 'disk0s2' }],
      APFSVolumes: [
        { DeviceIdentifier: 'disk3s5', MountPoint: '/System/Volumes/Data', VolumeName: 'Macintosh HD - Data' },
      ],
      Content: 'EF57347C-0000-11AA-AA11-00306543ECAC',
      DeviceIdentifier: 'disk3',
      Partitions: [],
      Size: 494384795648,
    },
    {
      Content: 'GUID_partition_scheme',
      DeviceIdentifier: 'disk4',
      Partitions: [
        { ...EFI, DeviceIdentifier: 'disk4s1', DiskUUID: 'BBBBBBBB-0000-4000-8000-000000000001' },
        {
          Content: 'Apple_APFS',
          DeviceIdentifier: 'disk4s2',
          DiskUUID: 'BBBBBBBB-0000-4000-8000-000000000002',
          Size: 999995129856,
        },
      ],
      Size: 1000204886016,
    },
    {
      Content: 'FDisk_partition_scheme',
      DeviceIdentifier: 'disk6',
      Partitions: [
        {
          Content: 'Windows_NTFS',
          DeviceIdentifier: 'disk6s1',
          VolumeName: 'EOS 2',
          VolumeUUID: '5D4F1F4E-0000-3000-8000-000000000061',
        },
      ],
      Size: 63864569856,
    },
    {
      Content: 'GUID_partition_scheme',
      DeviceIdentifier: 'disk7',
      Partitions: [
        { Content: 'Apple_APFS', DeviceIdentifier: 'disk7s1', DiskUUID: 'CCCCCCCC-0000-4000-8000-000000000001' },
      ],
      Size: 10737418240,
    },
    {
      Content: 'GUID_partition_scheme',
      DeviceIdentifier: 'disk9',
      Partitions: [
        { ...EFI, DeviceIdentifier: 'disk9s1', DiskUUID: 'DDDDDDDD-0000-4000-8000-000000000001' },
        { Content: 'Apple_RAID', DeviceIdentifier: 'disk9s2', DiskUUID: 'DDDDDDDD-0000-4000-8000-000000000002' },
      ],
      Size: 4000787030016,
    },
    {
      Content: 'GUID_partition_scheme',
      DeviceIdentifier: 'disk10',
      Partitions: [
        { ...EFI, DeviceIdentifier: 'disk10s1', DiskUUID: 'EEEEEEEE-0000-4000-8000-000000000001' },
        { Content: 'Apple_RAID', DeviceIdentifier: 'disk10s2', DiskUUID: 'EEEEEEEE-0000-4000-8000-000000000002' },
      ],
      Size: 4000787030016,
    },
    {
      Content: 'Apple_HFS',
      DeviceIdentifier: 'disk12',
      MountPoint: '/Volumes/Scratch',
      Size: 2147483648,
      VolumeName: 'Scratch',
    },
  ],
  VolumesFromDisks: ['Macintosh HD - Data', 'Fotos & Reise', 'EOS 2'],
  WholeDisks: ['disk0', 'disk3', 'disk4', 'disk5', 'disk6', 'disk7', 'disk8', 'disk9', 'disk10', 'disk11', 'disk12'],
})

const container = (reference: string, store: string): Value => ({
  APFSContainerUUID: '99999999-0000-4000-8000-00000000000A',
  CapacityCeiling: 494384795648,
  CapacityFree: 111679111168,
  ContainerReference: reference,
  DesignatedPhysicalStore: store,
  Fusion: false,
  PhysicalStores: [{ DeviceIdentifier: store, DiskUUID: 'AAAAAAAA-0000-4000-8000-000000000002', Size: 494384795648 }],
  Volumes: [{ DeviceIdentifier: `${reference}s1`, Encryption: true, FileVault: true, Locked: false, Roles: ['Data'] }],
})

/** `diskutil apfs list -plist` */
export const APFS = plist({
  Containers: [container('disk3', 'disk0s2'), container('disk5', 'disk4s2'), container('disk8', 'disk7s1')],
})

/** `diskutil appleRAID list -plist` */
export const RAID = plist({
  AppleRAIDSets: [
    {
      AppleRAIDSetUUID: '12121212-0000-4000-8000-000000000001',
      'BSD Name': 'disk11',
      ChunkSize: 32768,
      Level: 'Mirror',
      Members: [
        { AppleRAIDMemberUUID: '12121212-0000-4000-8000-000000000002', 'BSD Name': 'disk9s2', MemberStatus: 'Online' },
        { AppleRAIDMemberUUID: '12121212-0000-4000-8000-000000000003', 'BSD Name': 'disk10s2', MemberStatus: 'Online' },
      ],
      Name: 'Mirror',
      Status: 'Online',
    },
  ],
})

/** `hdiutil info -plist` */
export const IMAGES = plist({
  framework: '671.100.2',
  images: [
    {
      'image-path': '/Volumes/Fotos & Reise/Archive.sparseimage',
      'image-type': 'sparse disk image (shadowed)',
      'owner-uid': 501,
      'system-entities': [
        { 'content-hint': 'GUID_partition_scheme', 'dev-entry': '/dev/disk7' },
        { 'content-hint': 'Apple_APFS', 'dev-entry': '/dev/disk7s1' },
        {
          'content-hint': '41504653-0000-11AA-AA11-00306543ECAC',
          'dev-entry': '/dev/disk8s1',
          'mount-point': '/Volumes/Archive',
        },
      ],
      writeable: true,
    },
    {
      'image-path': 'ram://4194304',
      'system-entities': [{ 'dev-entry': '/dev/disk12', 'mount-point': '/Volumes/Scratch' }],
    },
  ],
})
