// The same by e-mail, through the SMTP server that the user has configured. The password is in secrets.json, which nobody else may read; it is
// never sent over a connection that is not encrypted, except to this very computer.
import path from 'node:path'
import fs from 'fs-extra'
import { z } from 'zod'
import type { Config } from '../config.js'
import { describeError, SafelightError } from '../errors.js'
import { lazily } from '../lazily.js'
import type { Notice } from '../../shared/methods.js'

const mailer = lazily(() => import('nodemailer'))

export type MailSettings = NonNullable<Config['notify']['mail']>

const TIMEOUT_MS = 15_000

/** @throws CONFIG_INVALID, OFFSITE_UNREACHABLE */
export async function tellByMail(home: string, settings: MailSettings, notice: Notice, machine: string): Promise<void> {
  const { host, port, secure, user, from, to } = settings
  const isLocal = host === '127.0.0.1' || host === 'localhost' || host === '::1'
  const password = user === undefined ? undefined : readSecrets(home).smtpPassword
  if (user !== undefined && password === undefined) throw noPassword(home)
  const { createTransport } = await mailer()
  const transport = createTransport({
    host,
    port,
    secure,
    // Without it a man in the middle only has to leave the offer of encryption out.
    requireTLS: !secure && !isLocal,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
  })
  try {
    await transport.sendMail({ from, to: [...to], ...wordsOf(notice, machine) })
  } catch (error) {
    throw new SafelightError('OFFSITE_UNREACHABLE', {
      message: `The mail server ${host} did not take the message: ${describeError(error)}.`,
      remedy:
        'Look at "notify.mail" in config.json and the password in secrets.json. It is tried again within the hour.',
      cause: error,
    })
  } finally {
    transport.close()
  }
}

function wordsOf({ severity, message }: Notice, machine: string): { subject: string; text: string } {
  const [first = message] = message.split(/(?<=\.) /)
  return {
    subject: `Safelight${severity === 'red' ? ' (urgent)' : ''}: ${first}`,
    text: `${message}\n\nFrom the computer "${machine}". It is said once a day as long as it is so.\n`,
  }
}

const Secrets = z.strictObject({ smtpPassword: z.string().min(1).optional() })
export const SECRETS_FILE = 'secrets.json'

/** Refused when others may read it. @throws CONFIG_INVALID */
export function readSecrets(home: string): z.infer<typeof Secrets> {
  const file = path.join(home, SECRETS_FILE)
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (!stat) return {}
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
    throw invalid(file, 'other users of this computer may read it', `chmod 600 "${file}"`)
  try {
    return Secrets.parse(fs.readJsonSync(file))
  } catch (error) {
    throw invalid(file, 'it is not understood', 'It holds: {"smtpPassword": "…"}', error)
  }
}

function noPassword(home: string): SafelightError {
  return invalid(path.join(home, SECRETS_FILE), 'it holds no "smtpPassword"', 'Write it there, with mode 600.')
}

function invalid(file: string, why: string, remedy: string, cause?: unknown): SafelightError {
  return new SafelightError('CONFIG_INVALID', {
    message: `${file} cannot be used: ${why}. No mail was sent.`,
    remedy,
    cause,
  })
}
