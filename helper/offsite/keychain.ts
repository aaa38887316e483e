// An access key in the keychain of the system: macOS Keychain, Windows Credential Manager, the Secret Service of a Linux desktop. Asked last,
// after the environment and the AWS profiles. One entry per bucket: service `Safelight`, account `s3:<host>/<bucket>`, and in it the two
// halves of the key with a colon between. No secret is ever an argument of a program: it goes over its stdin, or comes from its stdout.
import { execa } from 'execa'
import { SafelightError } from '../errors.js'

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface KeychainCommand {
  readonly tool: string
  readonly args: readonly string[]
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
}

const SERVICE = 'Safelight'

/** Nobody may be there to answer a question that the system asks. */
const TIMEOUT_MS = 30_000

/** @param endpoint  left out for AWS itself */
export function keychainAccount(endpoint: string | undefined, bucket: string): string {
  return `s3:${endpoint === undefined ? 's3.amazonaws.com' : new URL(endpoint).host}/${bucket}`
}

export function lookUpCommand(account: string, platform: NodeJS.Platform): KeychainCommand {
  if (platform === 'darwin')
    return { tool: 'security', args: ['find-generic-password', '-s', SERVICE, '-a', account, '-w'] }
  if (platform === 'win32') return powershell(READ, account)
  return { tool: 'secret-tool', args: ['lookup', 'service', SERVICE, 'account', account] }
}

export function storeCommand(account: string, key: AccessKey, platform: NodeJS.Platform): KeychainCommand {
  const secret = `${key.accessKeyId}:${key.secretAccessKey}`
  if (platform === 'darwin')
    return {
      tool: 'security',
      args: ['-i'],
      input: `add-generic-password -U -s "${SERVICE}" -a "${account}" -w "${secret}"\n`,
    }
  if (platform === 'win32') return { ...powershell(WRITE, account), input: secret }
  const label = `--label=${SERVICE}: ${account}`
  return { tool: 'secret-tool', args: ['store', label, 'service', SERVICE, 'account', account], input: secret }
}

function powershell(script: string, account: string): KeychainCommand {
  return {
    tool: 'powershell',
    args: ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command', script],
    environment: { SAFELIGHT_TARGET: `${SERVICE}/${account}` },
  }
}

/** A generic credential of this user, its blob in UTF-8. PowerShell has no command of its own for them. */
const NATIVE = [
  "$ErrorActionPreference = 'Stop'",
  "Add-Type -Namespace Safelight -Name Vault -MemberDefinition '",
  '[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)] public struct Credential {',
  'public uint Flags; public uint Type; public string TargetName; public string Comment; public long LastWritten; public uint BlobSize;',
  'public IntPtr Blob; public uint Persist; public uint AttributeCount; public IntPtr Attributes; public string TargetAlias; public string UserName; }',
  '[DllImport("advapi32.dll", EntryPoint = "CredReadW", CharSet = CharSet.Unicode, SetLastError = true)]',
  'public static extern bool Read(string target, uint type, uint flags, out IntPtr credential);',
  '[DllImport("advapi32.dll", EntryPoint = "CredWriteW", CharSet = CharSet.Unicode, SetLastError = true)]',
  'public static extern bool Write(ref Credential credential, uint flags);',
  "'",
].join('\n')

const READ = [
  NATIVE,
  '$found = [IntPtr]::Zero',
  'if (-not [Safelight.Vault]::Read($env:SAFELIGHT_TARGET, 1, 0, [ref]$found)) { exit 44 }',
  '$its = [Runtime.InteropServices.Marshal]::PtrToStructure($found, [type][Safelight.Vault+Credential])',
  '$bytes = New-Object byte[] $its.BlobSize',
  '[Runtime.InteropServices.Marshal]::Copy($its.Blob, $bytes, 0, $bytes.Length)',
  '[Console]::Out.Write([Text.Encoding]::UTF8.GetString($bytes))',
].join('\n')

const WRITE = [
  NATIVE,
  '$bytes = [Text.Encoding]::UTF8.GetBytes([Console]::In.ReadToEnd())',
  '$its = New-Object Safelight.Vault+Credential',
  '$its.Type = 1; $its.Persist = 2; $its.TargetName = $env:SAFELIGHT_TARGET; $its.UserName = "Safelight"; $its.BlobSize = $bytes.Length',
  '$its.Blob = [Runtime.InteropServices.Marshal]::AllocHGlobal($bytes.Length)',
  '[Runtime.InteropServices.Marshal]::Copy($bytes, 0, $its.Blob, $bytes.Length)',
  'if (-not [Safelight.Vault]::Write([ref]$its, 0)) { exit 1 }',
].join('\n')

/** What a program printed → the key; undefined for what is none. `security` prints what is not plain text as hex, which no key is. */
export function parseKey(printed: string): AccessKey | undefined {
  const [, accessKeyId = '', secretAccessKey = ''] = /^([^\s:]+):([^\s]+)\r?\n?$/.exec(printed) ?? []
  return secretAccessKey === '' ? undefined : { accessKeyId, secretAccessKey }
}

/** @returns undefined when there is no keychain, it is locked, or it has no such entry */
export async function readKey(
  account: string,
  platform: NodeJS.Platform = process.platform,
): Promise<AccessKey | undefined> {
  const result = await run(lookUpCommand(account, platform))
  return result.exitCode === 0 ? parseKey(result.stdout) : undefined
}

/** Printable, and nothing that a program's own line of commands would take for something else. */
const PLAIN = /^[\x21-\x7E]{1,512}$/
const SPECIAL = /["'\\:`]/

/** @throws USAGE for what is no key; NOT_AVAILABLE when it could not be kept */
export async function storeKey(
  account: string,
  key: AccessKey,
  platform: NodeJS.Platform = process.platform,
): Promise<void> {
  for (const part of [key.accessKeyId, key.secretAccessKey])
    if (!PLAIN.test(part) || SPECIAL.test(part))
      throw new SafelightError('USAGE', {
        message: 'That is no access key: it is empty, or has characters in it that keys do not have.',
        remedy: 'Give the access key id on one line and the secret on the next, as the provider shows them.',
      })
  const command = storeCommand(account, key, platform)
  const { exitCode } = await run(command)
  const isKept = exitCode === 0 && (await readKey(account, platform))?.secretAccessKey === key.secretAccessKey
  if (isKept) return
  throw new SafelightError('NOT_AVAILABLE', {
    message: `The key could not be put into the keychain of this system (${command.tool}).`,
    remedy:
      platform === 'linux'
        ? 'It takes secret-tool (package libsecret-tools) and an unlocked keyring of a desktop session. Else put the key into a profile of the AWS credentials file: --profile NAME.'
        : 'Unlock the keychain and try again, or put the key into a profile of the AWS credentials file: --profile NAME.',
  })
}

async function run({
  tool,
  args,
  input,
  environment,
}: KeychainCommand): Promise<{ exitCode?: number; stdout: string }> {
  const { exitCode, stdout } = await execa(tool, [...args], {
    reject: false,
    timeout: TIMEOUT_MS,
    stripFinalNewline: true,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(environment === undefined ? {} : { env: environment }),
  })
  return { stdout: typeof stdout === 'string' ? stdout : '', ...(exitCode === undefined ? {} : { exitCode }) }
}

/** The chain that the SDK has, and the keychain behind it. A key that is found is right or wrong for the store to say.
 *  @throws what the chain threw, when the keychain has none either */
export function withKeychain<T>(
  chain: () => Promise<T>,
  account: string,
  read: typeof readKey = readKey,
): () => Promise<T | AccessKey> {
  return async () => {
    try {
      return await chain()
    } catch (error) {
      const key = await read(account)
      if (key) return key
      throw error
    }
  }
}
