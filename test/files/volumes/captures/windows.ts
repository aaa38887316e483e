// What the script of windows.ts prints on a Windows 11 machine. Disk 0: NVMe with C: · disk 1: USB drive with D: (exFAT) and a second
// partition mounted in C:\Mounts\Zweite · disk 2: Storage Space E: over two SATA disks · disk 3: attached VHDX on D: as F: ·
// G: Google Drive's own file system · L: RAM disk · Z: mapped share.

const EFI = { DiskNumber: 0, AccessPaths: ['\\\\?\\Volume{00000000-0000-4000-8000-000000000001}\\'], IsReadOnly: false }
const RESERVED = { DiskNumber: 0, AccessPaths: null, IsReadOnly: false }

/** The volumes' paths, as `Get-Partition` and `Win32_Volume` both give them. */
const GUID = {
  c: '\\\\?\\Volume{00000000-0000-4000-8000-00000000000c}\\',
  d: '\\\\?\\Volume{00000000-0000-4000-8000-00000000000d}\\',
  second: '\\\\?\\Volume{00000000-0000-4000-8000-0000000000d2}\\',
  e: '\\\\?\\Volume{00000000-0000-4000-8000-00000000000e}\\',
  f: '\\\\?\\Volume{00000000-0000-4000-8000-00000000000f}\\',
  g: '\\\\?\\Volume{00000000-0000-4000-8000-000000000010}\\',
  l: '\\\\?\\Volume{00000000-0000-4000-8000-000000000011}\\',
}

const SATA = (DeviceId: string, SerialNumber: string) => ({
  DeviceId,
  SerialNumber,
  MediaType: 'HDD',
  BusType: 'SATA',
  Size: 4000787030016,
})

export const STORAGE = {
  partitions: [
    EFI,
    RESERVED,
    { DiskNumber: 0, AccessPaths: ['C:\\', GUID.c], IsReadOnly: false },
    { DiskNumber: 1, AccessPaths: ['D:\\', GUID.d], IsReadOnly: false },
    { DiskNumber: 1, AccessPaths: ['C:\\Mounts\\Zweite\\', GUID.second], IsReadOnly: true },
    { DiskNumber: 2, AccessPaths: ['E:\\', GUID.e], IsReadOnly: false },
    { DiskNumber: 3, AccessPaths: ['F:\\', GUID.f], IsReadOnly: false },
  ],
  disks: [
    {
      Number: 0,
      SerialNumber: '0025_38B1_1140_5F57.',
      UniqueId: 'eui.0025385B11405F57',
      Guid: '{a0000000-0000-4000-8000-000000000000}',
      Signature: null,
      BusType: 'NVMe',
      Size: 1000204886016,
      IsReadOnly: false,
      Location: 'Integrated : Bus 1 : Device 0 : Function 0 : Adapter 1',
    },
    {
      Number: 1,
      SerialNumber: '000000000000',
      UniqueId: 'USBSTOR\\DISK&VEN_JMICRON&PROD_GENERIC\\0123:STUDIO',
      Guid: null,
      Signature: 3735928559,
      BusType: 'USB',
      Size: 2000398934016,
      IsReadOnly: false,
      Location: 'Integrated : Adapter 2 : Port 0 : Target 0 : LUN 0',
    },
    {
      Number: 2,
      SerialNumber: '{b0000000-0000-4000-8000-000000000002}',
      UniqueId: '600224804B1C4F5E',
      Guid: '{a0000000-0000-4000-8000-000000000002}',
      Signature: null,
      BusType: 'Spaces',
      Size: 3999688294400,
      IsReadOnly: false,
      Location: null,
    },
    {
      Number: 3,
      SerialNumber: null,
      UniqueId: '600224801D2C3B4A',
      Guid: '{a0000000-0000-4000-8000-000000000003}',
      Signature: null,
      BusType: 'File Backed Virtual',
      Size: 10737418240,
      IsReadOnly: false,
      Location: 'D:\\Archiv\\Älter.vhdx',
    },
  ],
  volumes: [
    { DeviceID: GUID.c, Name: 'C:\\', Label: 'Windows', FileSystem: 'NTFS', SerialNumber: 2712847316, DriveType: 3 },
    {
      DeviceID: GUID.d,
      Name: 'D:\\',
      Label: 'Fotos Übersee',
      FileSystem: 'exFAT',
      SerialNumber: 305441741,
      DriveType: 3,
    },
    {
      DeviceID: GUID.second,
      Name: 'C:\\Mounts\\Zweite\\',
      Label: 'Zweite',
      FileSystem: 'NTFS',
      SerialNumber: 4660,
      DriveType: 3,
    },
    { DeviceID: GUID.e, Name: 'E:\\', Label: 'Pool', FileSystem: 'ReFS', SerialNumber: 1, DriveType: 3 },
    { DeviceID: GUID.f, Name: 'F:\\', Label: 'Archiv', FileSystem: 'NTFS', SerialNumber: 2, DriveType: 3 },
    { DeviceID: GUID.l, Name: 'L:\\', Label: 'RAMDISK', FileSystem: 'NTFS', SerialNumber: 3, DriveType: 6 },
  ],
  drives: [
    { DeviceID: 'C:', DriveType: 3, ProviderName: null, FileSystem: 'NTFS', VolumeName: 'Windows' },
    { DeviceID: 'D:', DriveType: 3, ProviderName: null, FileSystem: 'exFAT', VolumeName: 'Fotos Übersee' },
    { DeviceID: 'G:', DriveType: 3, ProviderName: null, FileSystem: 'FAT32', VolumeName: 'Google Drive' },
    { DeviceID: 'Z:', DriveType: 4, ProviderName: '\\\\NAS.local\\photos', FileSystem: 'NTFS', VolumeName: 'photos' },
  ],
  physical: [
    { DeviceId: '0', SerialNumber: '0025_38B1_1140_5F57.', MediaType: 'SSD', BusType: 'NVMe', Size: 1000204886016 },
    { DeviceId: '1', SerialNumber: '000000000000', MediaType: 'Unspecified', BusType: 'USB', Size: 2000398934016 },
    SATA('4', 'WD-WX21D36A1111'),
    SATA('5', 'WD-WX21D36A2222'),
  ],
  spaces: [{ UniqueId: '600224804B1C4F5E', Members: [SATA('4', 'WD-WX21D36A1111'), SATA('5', 'WD-WX21D36A2222')] }],
}
