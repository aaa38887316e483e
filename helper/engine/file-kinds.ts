// What a file is, by its extension. Only used to say things about it: every file is copied alike.

const RAW = new Set(
  '3fr ari arw bay cap cr2 cr3 crw dcr dcs drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf pef ptx pxn r3d raf raw rw2 rwl rwz sr2 srf srw x3f'.split(
    ' ',
  ),
)
const PHOTO = new Set([...RAW, ...'avif bmp dng gif heic heif hif jpeg jpg jxl png psb psd tif tiff webp'.split(' ')])
const VIDEO = new Set('3gp avi braw crm insv m2ts m4v mov mp4 mpg mts mxf webm'.split(' '))
const SIDECAR = new Set('aae acr cos dop lrv on1 pp3 thm vrd wav xmp'.split(' '))

export type FileKind = 'photo' | 'video' | 'sidecar' | 'other'

/** Proprietary raws, which no program rewrites: when one differs, damage is more likely than an edit. */
export function isRaw(name: string): boolean {
  return RAW.has(extensionOf(name))
}

export function kindOfFile(name: string): FileKind {
  const extension = extensionOf(name)
  if (PHOTO.has(extension)) return 'photo'
  if (VIDEO.has(extension)) return 'video'
  return SIDECAR.has(extension) ? 'sidecar' : 'other'
}

function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}
