// What lies on a card besides photographs: the camera's own book-keeping, which is made anew by the camera and holds no picture. Everything
// that is not known to be that has to be proven like a picture, because a format that is not known here yet may be one. Pure.
import { kindOfFile } from '../engine/file-kinds.js'

/** By extension: indexes, settings, marks and clip databases of the makers. Nothing in this list can hold a picture or a sound. */
const BOOK_KEEPING = new Set(
  'bdm bdt bin bnp bup clpi cpf cpi ctg dat dsc fw gid ifo ind inp int log lst mif mpl mpls mrk ncc pod sav smi tdt tid tmb'.split(
    ' ',
  ),
)

/** What a camera makes of its own clips, and makes or finds again by itself. */
const OF_CLIPS = /(^|\/)(M4ROOT\/GENERAL\/|(M4ROOT|XDROOT)\/[A-Z]+\.XML$|AVCHD\/(AVCHDTN|IISVPL)\/|AVF_INFO\/)/i

/** Sony's thumbnails and proxies: `M4ROOT/SUB/C0001S03.MP4` is of `M4ROOT/CLIP/C0001.MP4`. Without that clip on the same card, a proxy may be
 *  all there is of it: some cameras record it to the other slot. */
const OF_ONE_CLIP = /^(.*M4ROOT\/)(?:THMBNL|SUB)\/([^/]+)[ST]\d\d\.[^./]+$/i
const CLIPS = ['mp4', 'mxf', 'mov']

/** Why a file on a card need not be proven; undefined when it must be.
 *  @param file  path on the card, with `/`
 *  @param all  every path on the card, in lower case */
export function notAPicture(file: string, all: ReadonlySet<string>): string | undefined {
  const [, root, clip] = OF_ONE_CLIP.exec(file) ?? []
  if (root !== undefined && clip !== undefined)
    return CLIPS.some((extension) => all.has(`${root}CLIP/${clip}.${extension}`.toLowerCase())) ? OF_ITS_OWN : undefined
  if (OF_CLIPS.test(file)) return OF_ITS_OWN
  if (kindOfFile(file) !== 'other') return undefined
  const extension = /\.([^./]+)$/.exec(file)?.[1]?.toLowerCase() ?? ''
  return BOOK_KEEPING.has(extension) ? 'the camera’s own book-keeping' : undefined
}

const OF_ITS_OWN = 'made by the camera of its own clips'
