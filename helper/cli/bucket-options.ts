// What commands about buckets are given on the command line, checked and in the units of the methods.
import type { BucketParams } from '../../shared/methods.js'
import { notEmpty, usageError } from './output.js'

export interface ReachArguments {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly profile?: string | undefined
  readonly allowPlainHttp?: boolean | undefined
}

export function reachParams({ endpoint, region, profile, allowPlainHttp }: ReachArguments): BucketParams {
  return {
    ...(endpoint === undefined ? {} : { endpoint: notEmpty('--endpoint', endpoint) }),
    ...(region === undefined ? {} : { region: notEmpty('--region', region) }),
    ...(profile === undefined ? {} : { profile: notEmpty('--profile', profile) }),
    ...(allowPlainHttp === true ? { allowPlainHttp } : {}),
  }
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  K: 1000,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  KI: 1024,
  MI: 1024 ** 2,
  GI: 1024 ** 3,
  TI: 1024 ** 4,
}

/** `2M`, `500K`, `1.5 MB/s`, `16MiB` → bytes a second. @throws USAGE */
export function parseRate(text: string): number {
  const [, number = '', unit = ''] =
    /^\s*(\d+(?:[.,]\d+)?)\s*([KMG]I?)?(?:B)?(?:\/S)?\s*$/.exec(text.toUpperCase()) ?? []
  const bytes = Math.round(Number(number.replace(',', '.')) * (UNITS[unit] ?? NaN))
  if (number !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes
  throw usageError(`"${text}" is no rate. It looks like 2M (two million bytes a second) or 500K.`)
}

/** `2T`, `500 GB`, `1.5TiB` → bytes. @throws USAGE */
export function parseSize(text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:[.,]\d+)?)\s*([KMGT]I?)?B?\s*$/.exec(text.toUpperCase()) ?? []
  const bytes = Math.round(Number(number.replace(',', '.')) * (UNITS[unit] ?? NaN))
  if (number !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes
  throw usageError(`"${text}" is no size. It looks like 2T (two million million bytes) or 500G.`)
}

/** @throws USAGE */
export function wholeNumber(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value < 1e6) return value
  throw usageError(`${what} is a whole number of at least 1.`)
}
