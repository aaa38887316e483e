// What lies on a card besides photographs: the camera's own book-keeping, which is made anew by the camera and holds no picture. Everything
// that is not known to be that has to be proven like a picture, because a format that is not known here yet may be one. Pure.
import { kindOfFile } from '../engine/file-kinds.js'

/** By extension: indexes, settings, marks and clip databases of the makers. Nothing in this list can hold a picture or a sound. */
const BOOK_KEEPING = new Set(
  'bdm bdt bin bnp bup clpi cpf cpi ctg dat dsc fw gid ifo ind inp int log lst mif mpl mpls mrk ncc pod sav smi tdt tid tmb'.split(
    ' ',
  ),
)

/** Small pictures and descriptions that a camera makes of its own clips, and finds again by itself. */
const OF_CLIPS =
  /(^|\/)(M4ROOT\/(THMBNL|SUB|GENERAL)\/|(M4ROOT|XDROOT)\/[A-Z]+\.XML$|AVCHD\/(AVCHDTN|IISVPL)\/|AVF_INFO\/)/i

/** Why a file on a card need not be proven; undefined when it must be.
 *  @param file  path on the card, with `/` */
export function notAPicture(file: string): string | undefined {
  if (OF_CLIPS.test(file)) return 'made by the camera of its own clips'
  if (kindOfFile(file) !== 'other') return undefined
  const extension = /\.([^./]+)$/.exec(file)?.[1]?.toLowerCase() ?? ''
  return BOOK_KEEPING.has(extension) ? 'the camera’s own book-keeping' : undefined
}
