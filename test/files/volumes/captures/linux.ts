// What util-linux says on a photographer's workstation, cut down to the columns that are asked for.
// NVMe (EFI, LUKS → LVM root and home) · two SATA disks as md RAID 1 · USB drive with two partitions · two USB disks as btrfs RAID 1 ·
// card reader · soldered eMMC · ZFS pool · iSCSI disk · loop device · multipath LUN.

/** util-linux 2.39: real booleans, numbers without quotes. */
export const LSBLK_STUDIO = String.raw`{
   "blockdevices": [
      {"name":"loop7","kname":"loop7","path":"/dev/loop7","maj:min":"7:7","type":"loop","rota":false,"rm":false,"hotplug":false,"tran":null,"fstype":"ext4","uuid":"9c2eca73-d3c4-406e-91cb-5bc73909d6ba","label":"ARCHIVE","serial":null,"wwn":null,"model":null,"size":20971520,"ro":false},
      {"name":"sda","kname":"sda","path":"/dev/sda","maj:min":"8:0","type":"disk","rota":true,"rm":false,"hotplug":false,"tran":"sata","fstype":null,"uuid":null,"label":null,"serial":"WD-WX21D36A1111","wwn":"0x50014ee2b1111111","model":"WDC WD40EFRX-68N32N0","size":4000787030016,"ro":false,
         "children": [
            {"name":"sda1","kname":"sda1","path":"/dev/sda1","maj:min":"8:1","type":"part","rota":true,"rm":false,"hotplug":false,"tran":null,"fstype":"linux_raid_member","uuid":"2f1e7b0c-7d6c-0f9c-4f14-4b7a0d3f1a11","label":"nas:0","serial":null,"wwn":"0x50014ee2b1111111","model":null,"size":4000785964544,"ro":false,
               "children": [
                  {"name":"md0","kname":"md0","path":"/dev/md0","maj:min":"9:0","type":"raid1","rota":true,"rm":false,"hotplug":false,"tran":null,"fstype":"ext4","uuid":"6d5bd8ba-7a29-4d7c-9f38-0a6e9e3f0001","label":"Mirror","serial":null,"wwn":null,"model":null,"size":4000650887168,"ro":false}
               ]
            }
         ]
      },
      {"name":"sdb","kname":"sdb","path":"/dev/sdb","maj:min":"8:16","type":"disk","rota":true,"rm":false,"hotplug":false,"tran":"sata","fstype":null,"uuid":null,"label":null,"serial":"WD-WX21D36A2222","wwn":"0x50014ee2b2222222","model":"WDC WD40EFRX-68N32N0","size":4000787030016,"ro":false,
         "children": [
            {"name":"sdb1","kname":"sdb1","path":"/dev/sdb1","maj:min":"8:17","type":"part","rota":true,"rm":false,"hotplug":false,"tran":null,"fstype":"linux_raid_member","uuid":"2f1e7b0c-7d6c-0f9c-4f14-4b7a0d3f1a11","label":"nas:0","serial":null,"wwn":"0x50014ee2b2222222","model":null,"size":4000785964544,"ro":false,
               "children": [
                  {"name":"md0","kname":"md0","path":"/dev/md0","maj:min":"9:0","type":"raid1","rota":true,"rm":false,"hotplug":false,"tran":null,"fstype":"ext4","uuid":"6d5bd8ba-7a29-4d7c-9f38-0a6e9e3f0001","label":"Mirror","serial":null,"wwn":null,"model":null,"size":4000650887168,"ro":false}
               ]
            },
            {"name":"sdb2","kname":"sdb2","path":"/dev/sdb2","maj:min":"8:18","type":"part","rota":true,"rm":false,"hotplug":false,"tran":null,"fstype":"ext4","uuid":"11111111-2222-3333-4444-555555555555","label":"scratch","serial":null,"wwn":"0x50014ee2b2222222","model":null,"size":1000000000,"ro":false}
         ]
      },
      {"name":"sdc","kname":"sdc","path":"/dev/sdc","maj:min":"8:32","type":"disk","rota":true,"rm":false,"hotplug":true,"tran":"usb","fstype":null,"uuid":null,"label":null,"serial":"NAB7XXXX","wwn":"0x5000c500c3333333","model":"Expansion HDD","size":2000398933504,"ro":false,
         "children": [
            {"name":"sdc1","kname":"sdc1","path":"/dev/sdc1","maj:min":"8:33","type":"part","rota":true,"rm":false,"hotplug":true,"tran":null,"fstype":"exfat","uuid":"64F2-8E1A","label":"Fotos \u00dcbersee","serial":null,"wwn":"0x5000c500c3333333","model":null,"size":1000204886016,"ro":false},
            {"name":"sdc2","kname":"sdc2","path":"/dev/sdc2","maj:min":"8:34","type":"part","rota":true,"rm":false,"hotplug":true,"tran":null,"fstype":"ntfs","uuid":"3A7C1B2D4E5F6071","label":"Windows","serial":null,"wwn":"0x5000c500c3333333","model":null,"size":1000194015232,"ro":false}
         ]
      },
      {"name":"sdd","kname":"sdd","path":"/dev/sdd","maj:min":"8:48","type":"disk","rota":false,"rm":false,"hotplug":true,"tran":"usb","fstype":"btrfs","uuid":"0b1b8c3e-5d0e-4d13-8d0a-1f5c52a7b001","label":"pool","serial":"S5SXNS0R400001A","wwn":null,"model":"Portable SSD T5","size":1000204886016,"ro":false},
      {"name":"sde","kname":"sde","path":"/dev/sde","maj:min":"8:64","type":"disk","rota":false,"rm":false,"hotplug":true,"tran":"usb","fstype":"btrfs","uuid":"0b1b8c3e-5d0e-4d13-8d0a-1f5c52a7b001","label":"pool","serial":"S5SXNS0R400002B","wwn":null,"model":"Portable SSD T5","size":1000204886016,"ro":false},
      {"name":"sdf","kname":"sdf","path":"/dev/sdf","maj:min":"8:80","type":"disk","rota":true,"rm":true,"hotplug":true,"tran":"usb","fstype":null,"uuid":null,"label":null,"serial":"000000000000","wwn":null,"model":"STORAGE DEVICE","size":63864569856,"ro":false,
         "children": [
            {"name":"sdf1","kname":"sdf1","path":"/dev/sdf1","maj:min":"8:81","type":"part","rota":true,"rm":true,"hotplug":true,"tran":null,"fstype":"exfat","uuid":"3032-3536","label":"EOS_DIGITAL","serial":null,"wwn":null,"model":null,"size":63847792640,"ro":false}
         ]
      },
      {"name":"sdg","kname":"sdg","path":"/dev/sdg","maj:min":"8:96","type":"disk","rota":true,"rm":false,"hotplug":false,"tran":"sata","fstype":null,"uuid":null,"label":null,"serial":"ZL20AAAA","wwn":"0x5000c500c7777777","model":"ST8000VN004-2M2101","size":8001563222016,"ro":false,
         "children": [
            {"name":"sdg1","kname":"sdg1","path":"/dev/sdg1","maj:min":"8:97","type":"part","rota":true,"rm":false,"hotplug":false,"tran":null,"fstype":"zfs_member","uuid":"12345678901234567890","label":"tank","serial":null,"wwn":"0x5000c500c7777777","model":null,"size":8001552719872,"ro":false}
         ]
      },
      {"name":"sdh","kname":"sdh","path":"/dev/sdh","maj:min":"8:112","type":"disk","rota":true,"rm":false,"hotplug":false,"tran":"iscsi","fstype":"ext4","uuid":"77777777-2222-3333-4444-555555555555","label":"san","serial":"6001405aaaa","wwn":"0x6001405aaaaaaaaa","model":"Storage","size":1099511627776,"ro":false},
      {"name":"sdi","kname":"sdi","path":"/dev/sdi","maj:min":"8:128","type":"disk","rota":false,"rm":false,"hotplug":false,"tran":"sas","fstype":"mpath_member","uuid":null,"label":null,"serial":"35000c500a1b2c3d4","wwn":"0x5000c500a1b2c3d4","model":"ST1200MM0009","size":1200243695616,"ro":false,
         "children": [
            {"name":"mpatha","kname":"dm-3","path":"/dev/mapper/mpatha","maj:min":"252:3","type":"mpath","rota":false,"rm":false,"hotplug":false,"tran":null,"fstype":"xfs","uuid":"88888888-2222-3333-4444-555555555555","label":null,"serial":null,"wwn":null,"model":null,"size":1200243695616,"ro":false}
         ]
      },
      {"name":"sdj","kname":"sdj","path":"/dev/sdj","maj:min":"8:144","type":"disk","rota":false,"rm":false,"hotplug":false,"tran":"sas","fstype":"mpath_member","uuid":null,"label":null,"serial":"35000c500a1b2c3d4","wwn":"0x5000c500a1b2c3d4","model":"ST1200MM0009","size":1200243695616,"ro":false,
         "children": [
            {"name":"mpatha","kname":"dm-3","path":"/dev/mapper/mpatha","maj:min":"252:3","type":"mpath","rota":false,"rm":false,"hotplug":false,"tran":null,"fstype":"xfs","uuid":"88888888-2222-3333-4444-555555555555","label":null,"serial":null,"wwn":null,"model":null,"size":1200243695616,"ro":false}
         ]
      },
      {"name":"mmcblk0","kname":"mmcblk0","path":"/dev/mmcblk0","maj:min":"179:0","type":"disk","rota":false,"rm":false,"hotplug":true,"tran":"mmc","fstype":null,"uuid":null,"label":null,"serial":"0x3f9a1c22","wwn":null,"model":null,"size":62537072640,"ro":false,
         "children": [
            {"name":"mmcblk0p1","kname":"mmcblk0p1","path":"/dev/mmcblk0p1","maj:min":"179:1","type":"part","rota":false,"rm":false,"hotplug":true,"tran":"mmc","fstype":"ext4","uuid":"99999999-2222-3333-4444-555555555555","label":null,"serial":null,"wwn":null,"model":null,"size":62536024064,"ro":false}
         ]
      },
      {"name":"mmcblk0boot0","kname":"mmcblk0boot0","path":"/dev/mmcblk0boot0","maj:min":"179:8","type":"disk","rota":false,"rm":false,"hotplug":true,"tran":"mmc","fstype":null,"uuid":null,"label":null,"serial":"0x3f9a1c22","wwn":null,"model":null,"size":4194304,"ro":true},
      {"name":"nvme0n1","kname":"nvme0n1","path":"/dev/nvme0n1","maj:min":"259:0","type":"disk","rota":false,"rm":false,"hotplug":false,"tran":"nvme","fstype":null,"uuid":null,"label":null,"serial":"S4EWNX0R123456","wwn":"eui.0025385b01405f57","model":"Samsung SSD 970 EVO Plus 1TB","size":1000204886016,"ro":false,
         "children": [
            {"name":"nvme0n1p1","kname":"nvme0n1p1","path":"/dev/nvme0n1p1","maj:min":"259:1","type":"part","rota":false,"rm":false,"hotplug":false,"tran":"nvme","fstype":"vfat","uuid":"7A1C-55F0","label":null,"serial":null,"wwn":"eui.0025385b01405f57","model":null,"size":536870912,"ro":false},
            {"name":"nvme0n1p3","kname":"nvme0n1p3","path":"/dev/nvme0n1p3","maj:min":"259:3","type":"part","rota":false,"rm":false,"hotplug":false,"tran":"nvme","fstype":"crypto_LUKS","uuid":"f7f6b5aa-0000-4000-8000-000000000003","label":null,"serial":null,"wwn":"eui.0025385b01405f57","model":null,"size":999130000384,"ro":false,
               "children": [
                  {"name":"nvme0n1p3_crypt","kname":"dm-0","path":"/dev/mapper/nvme0n1p3_crypt","maj:min":"252:0","type":"crypt","rota":false,"rm":false,"hotplug":false,"tran":null,"fstype":"LVM2_member","uuid":"aBcDeF-0000-0000-0000-0000-0000-000001","label":null,"serial":null,"wwn":null,"model":null,"size":999113223168,"ro":false,
                     "children": [
                        {"name":"vg-root","kname":"dm-1","path":"/dev/mapper/vg-root","maj:min":"252:1","type":"lvm","rota":false,"rm":false,"hotplug":false,"tran":null,"fstype":"ext4","uuid":"aaaaaaaa-0000-4000-8000-000000000001","label":null,"serial":null,"wwn":null,"model":null,"size":998084640768,"ro":false},
                        {"name":"vg-home","kname":"dm-2","path":"/dev/mapper/vg-home","maj:min":"252:2","type":"lvm","rota":false,"rm":false,"hotplug":false,"tran":null,"fstype":"xfs","uuid":"aaaaaaaa-0000-4000-8000-000000000002","label":null,"serial":null,"wwn":null,"model":null,"size":1023410176,"ro":false}
                     ]
                  }
               ]
            }
         ]
      },
      {"name":"nvme0n2","kname":"nvme0n2","path":"/dev/nvme0n2","maj:min":"259:8","type":"disk","rota":false,"rm":false,"hotplug":false,"tran":"nvme","fstype":"ext4","uuid":"aaaaaaaa-0000-4000-8000-000000000009","label":null,"serial":"S4EWNX0R123456","wwn":"eui.0025385b01405f58","model":"Samsung SSD 970 EVO Plus 1TB","size":500107862016,"ro":false}
   ]
}`

/** util-linux 2.31 (Ubuntu 18.04): flags and sizes in quotes, and columns that it does not know left out. */
export const LSBLK_OLD = String.raw`{
   "blockdevices": [
      {"name": "sda", "kname": "sda", "maj:min": "8:0", "type": "disk", "rota": "1", "rm": "0", "hotplug": "0", "tran": "sata", "fstype": null, "uuid": null, "label": null, "serial": "W1F0ABCD", "wwn": "0x5000c5004fabcdef", "model": "ST2000DM001-1CH1", "size": "2000398934016", "ro": "0",
         "children": [
            {"name": "sda1", "kname": "sda1", "maj:min": "8:1", "type": "part", "rota": "1", "rm": "0", "hotplug": "0", "tran": null, "fstype": "ext4", "uuid": "8f0c3d2a-0000-4000-8000-00000000000a", "label": null, "serial": null, "wwn": "0x5000c5004fabcdef", "model": null, "size": "2000397795328", "ro": "0"}
         ]
      }
   ]
}`

export interface Row {
  readonly target: string
  readonly source: string
  readonly fstype: string
  readonly options?: string
  readonly uuid?: string
  readonly label?: string
  readonly numbers: string
}

/** findmnt's own layout of one answer. */
export function findmnt(...rows: readonly Row[]): string {
  const filesystems = rows.map(
    ({ target, source, fstype, options = 'rw,relatime', uuid = null, label = null, numbers }) => ({
      target,
      source,
      fstype,
      options,
      uuid,
      label,
      'maj:min': numbers,
    }),
  )
  return `${JSON.stringify({ filesystems }, undefined, 3)}\n`
}
