// Which files may go to a class of storage that takes hours to read, and what a class costs. Pure. The prices are a dated table of public list
// prices, good enough to choose by and to warn with, never a bill.

/** Must be asked for and waited for before they can be read. */
const COLD: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE'])

export function isColdClass(storageClass: string | undefined): boolean {
  return storageClass !== undefined && COLD.has(storageClass)
}

/** Below this an object costs more in overhead (40 KB each) and in minimum days than it saves. */
const SMALLEST_COLD_BYTES = 1024 * 1024

/** Only originals, and only large ones, may be cold: without its manifests and catalogs at hand a bucket cannot even say what it holds.
 *  @param path    relative to the place, as in `Photos/<shoot>/IMG_0412.CR3`
 *  @param chosen  what the place was set up with
 *  @returns the class to put it in; `undefined` for the store's ordinary one */
export function storageClassFor(path: string, sizeBytes: number, chosen: string | undefined): string | undefined {
  if (!isColdClass(chosen)) return chosen
  const name = path.slice(path.lastIndexOf('/') + 1)
  const isOriginal = path.startsWith('Photos/') && !/^safelight(\.b3|-log\.jsonl)$/.test(name) && !/\.xmp$/i.test(name)
  return isOriginal && sizeBytes >= SMALLEST_COLD_BYTES ? chosen : undefined
}

/** US dollars, November 2026; AWS in us-east-1, the others from their public pages or third-party lists. */
export const PRICES_AS_OF = '2026-11'

export interface Prices {
  readonly id: string
  readonly name: string
  readonly storePerTbMonth: number
  /** Reading it back and carrying it home, per TB, in the cheapest and in the usual tier. */
  readonly getPerTb: { readonly cheapest: number; readonly usual: number }
  readonly putPerThousand: number
  readonly minimumDays: number
  /** Until the first byte, in hours: cheapest tier, usual tier. */
  readonly waitHours: { readonly cheapest: number; readonly usual: number }
  /** Billed as if at least this much were stored. */
  readonly leastTbBilled?: number
}

const AT_ONCE = { cheapest: 0, usual: 0 }
const same = (price: number): Prices['getPerTb'] => ({ cheapest: price, usual: price })

export const PRICES: readonly Prices[] = [
  {
    id: 'aws-standard',
    name: 'Amazon S3 Standard',
    storePerTbMonth: 23,
    getPerTb: same(90),
    putPerThousand: 0.005,
    minimumDays: 0,
    waitHours: AT_ONCE,
  },
  {
    id: 'aws-ia',
    name: 'Amazon S3 Standard-IA',
    storePerTbMonth: 12.5,
    getPerTb: same(100),
    putPerThousand: 0.01,
    minimumDays: 30,
    waitHours: AT_ONCE,
  },
  {
    id: 'aws-glacier-ir',
    name: 'Amazon S3 Glacier Instant Retrieval',
    storePerTbMonth: 4,
    getPerTb: same(120),
    putPerThousand: 0.02,
    minimumDays: 90,
    waitHours: AT_ONCE,
  },
  {
    id: 'aws-glacier',
    name: 'Amazon S3 Glacier Flexible Retrieval',
    storePerTbMonth: 3.6,
    getPerTb: { cheapest: 90, usual: 100 },
    putPerThousand: 0.03,
    minimumDays: 90,
    waitHours: { cheapest: 12, usual: 5 },
  },
  {
    id: 'aws-deep-archive',
    name: 'Amazon S3 Glacier Deep Archive',
    storePerTbMonth: 0.99,
    getPerTb: { cheapest: 92.5, usual: 110 },
    putPerThousand: 0.05,
    minimumDays: 180,
    waitHours: { cheapest: 48, usual: 12 },
  },
  {
    id: 'backblaze-b2',
    name: 'Backblaze B2',
    storePerTbMonth: 6,
    getPerTb: same(0),
    putPerThousand: 0,
    minimumDays: 0,
    waitHours: AT_ONCE,
  },
  {
    id: 'wasabi',
    name: 'Wasabi',
    storePerTbMonth: 7.99,
    getPerTb: same(0),
    putPerThousand: 0,
    minimumDays: 90,
    waitHours: AT_ONCE,
    leastTbBilled: 1,
  },
  {
    id: 'r2-standard',
    name: 'Cloudflare R2',
    storePerTbMonth: 15,
    getPerTb: same(0),
    putPerThousand: 0.0045,
    minimumDays: 0,
    waitHours: AT_ONCE,
  },
]

const AWS: Readonly<Record<string, string>> = {
  STANDARD: 'aws-standard',
  STANDARD_IA: 'aws-ia',
  GLACIER_IR: 'aws-glacier-ir',
  GLACIER: 'aws-glacier',
  DEEP_ARCHIVE: 'aws-deep-archive',
}

const CLASSES_AT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'amazonaws.com': AWS,
  'backblazeb2.com': { STANDARD: 'backblaze-b2' },
  'wasabisys.com': { STANDARD: 'wasabi' },
  'r2.cloudflarestorage.com': { STANDARD: 'r2-standard' },
}

/** The list prices of where a bucket lies; undefined for a store of one's own, and for any other that is in no list here.
 *  @param endpoint  left out for AWS itself */
export function pricesFor(endpoint: string | undefined, storageClass = 'STANDARD'): Prices | undefined {
  const host = endpoint === undefined ? 's3.amazonaws.com' : hostOf(endpoint)
  const domain = Object.keys(CLASSES_AT).find((each) => host === each || host.endsWith(`.${each}`))
  const id = domain === undefined ? undefined : CLASSES_AT[domain]?.[storageClass]
  return PRICES.find((prices) => prices.id === id)
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
}

export interface CostEstimate {
  readonly asOf: string
  readonly perMonthUsd: number
  readonly uploadOnceUsd: number
  readonly getBackUsd: { readonly cheapest: number; readonly usual: number }
  readonly waitHours: Prices['waitHours']
  readonly minimumDays: number
}

const TB = 1e12

/** @param requests  PUTs that the upload takes, every part counted */
export function estimateCosts(prices: Prices, sizeBytes: number, requests: number): CostEstimate {
  const terabytes = sizeBytes / TB
  const cents = (usd: number): number => Math.round(usd * 100) / 100
  return {
    asOf: PRICES_AS_OF,
    perMonthUsd: cents(Math.max(terabytes, prices.leastTbBilled ?? 0) * prices.storePerTbMonth),
    uploadOnceUsd: cents((requests / 1000) * prices.putPerThousand),
    getBackUsd: {
      cheapest: cents(terabytes * prices.getPerTb.cheapest),
      usual: cents(terabytes * prices.getPerTb.usual),
    },
    waitHours: prices.waitHours,
    minimumDays: prices.minimumDays,
  }
}
