// How the double differs from store to store: each flag is a documented or measured habit of a real one.

export type ProfileName = 'aws' | 'b2' | 'r2' | 'swift' | 'ceph16' | 'wasabi'

export interface DoubleProfile {
  readonly name: ProfileName
  readonly versioning: boolean
  readonly objectLock: boolean
  /** Any `x-amz-checksum-*` header is refused with 400 "Unsupported header". */
  readonly refusesChecksumHeaders: boolean
  /** Checksums are verified, kept and told on HEAD. */
  readonly keepsChecksums: boolean
  /** What happens to a body in aws-chunked form. */
  readonly chunkedBodies: 'decoded' | '411' | '501' | 'stall'
  readonly dropsLockOfMultipart: boolean
  readonly ifNoneMatchOnPut: 'obeyed' | 'ignored' | '501'
  readonly ifNoneMatchOnComplete: 'obeyed' | 'ignored'
  readonly unequalPartsRefused: boolean
  /** A second CompleteMultipartUpload of the same upload. */
  readonly secondComplete: '200' | 'NoSuchUpload'
  readonly deleteObjectsNeedsMd5: boolean
  /** A locked PUT must carry Content-MD5 or a checksum. */
  readonly lockedPutNeedsMd5: boolean
  readonly storageClasses: readonly string[]
  readonly refusesPartsOutOfOrder: boolean
  readonly completeTellsEtag: boolean
  /** What ListParts of an aborted upload is refused with. */
  readonly afterAbort: 'NoSuchUpload' | 'NoSuchKey'
  /** What a HEAD of the version that is a delete marker is refused with. */
  readonly headOfMarker: 404 | 405
  readonly unknownStorageClass: 'InvalidStorageClass' | 'InvalidArgument'
  /** Object Lock can be switched on for a bucket that was made without. */
  readonly lockOnExistingBucket: boolean
}

const AWS: DoubleProfile = {
  name: 'aws',
  versioning: true,
  objectLock: true,
  refusesChecksumHeaders: false,
  keepsChecksums: true,
  chunkedBodies: 'decoded',
  dropsLockOfMultipart: false,
  ifNoneMatchOnPut: 'obeyed',
  ifNoneMatchOnComplete: 'obeyed',
  unequalPartsRefused: false,
  secondComplete: '200',
  deleteObjectsNeedsMd5: false,
  lockedPutNeedsMd5: true,
  storageClasses: ['STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'],
  lockOnExistingBucket: true,
  refusesPartsOutOfOrder: true,
  completeTellsEtag: true,
  afterAbort: 'NoSuchUpload',
  headOfMarker: 405,
  unknownStorageClass: 'InvalidStorageClass',
}

export const PROFILES: Readonly<Record<ProfileName, DoubleProfile>> = {
  aws: AWS,
  b2: {
    ...AWS,
    name: 'b2',
    refusesChecksumHeaders: true,
    keepsChecksums: false,
    storageClasses: ['STANDARD'],
    secondComplete: 'NoSuchUpload',
  },
  r2: {
    ...AWS,
    name: 'r2',
    versioning: false,
    objectLock: false,
    keepsChecksums: false,
    unequalPartsRefused: true,
    secondComplete: 'NoSuchUpload',
    storageClasses: ['STANDARD', 'STANDARD_IA'],
  },
  swift: {
    ...AWS,
    name: 'swift',
    versioning: false,
    objectLock: false,
    keepsChecksums: false,
    chunkedBodies: '501',
    ifNoneMatchOnPut: '501',
    deleteObjectsNeedsMd5: true,
    storageClasses: ['STANDARD'],
  },
  ceph16: {
    ...AWS,
    name: 'ceph16',
    keepsChecksums: false,
    chunkedBodies: '411',
    dropsLockOfMultipart: true,
    ifNoneMatchOnComplete: 'ignored',
    lockedPutNeedsMd5: false,
    storageClasses: ['STANDARD'],
    lockOnExistingBucket: false,
    refusesPartsOutOfOrder: false,
    completeTellsEtag: false,
    afterAbort: 'NoSuchKey',
    headOfMarker: 404,
    unknownStorageClass: 'InvalidArgument',
  },
  wasabi: {
    ...AWS,
    name: 'wasabi',
    keepsChecksums: false,
    chunkedBodies: 'stall',
    ifNoneMatchOnPut: 'ignored',
    ifNoneMatchOnComplete: 'ignored',
    storageClasses: ['STANDARD'],
  },
}
