// A notification on this computer's desktop, by the system's own tool. The words go in as arguments or in the environment, never as part of a
// command line or a script, whatever they hold.
import { execa } from 'execa'
import { SafelightError } from '../errors.js'
import type { Notice } from '../../shared/methods.js'

export type RunTool = (
  tool: string,
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
) => Promise<void>

export interface DesktopCommand {
  readonly tool: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

const TITLE = 'Safelight'
const TIMEOUT_MS = 10_000

/** @throws NOT_AVAILABLE when this system cannot show any */
export async function tellDesktop(
  notice: Notice,
  platform: NodeJS.Platform = process.platform,
  run: RunTool = runTool,
): Promise<void> {
  const { tool, args, environment } = desktopCommand(notice, platform)
  await run(tool, args, environment)
}

export function desktopCommand({ message, severity }: Notice, platform: NodeJS.Platform): DesktopCommand {
  if (platform === 'darwin') return { tool: 'osascript', args: [...APPLE_SCRIPT, message, TITLE] }
  if (platform === 'win32')
    return {
      tool: 'powershell',
      args: ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command', TOAST],
      environment: { SAFELIGHT_TITLE: TITLE, SAFELIGHT_MESSAGE: message },
    }
  const urgency = severity === 'red' ? 'critical' : 'normal'
  return { tool: 'notify-send', args: [`--app-name=${TITLE}`, `--urgency=${urgency}`, '--', TITLE, message] }
}

/** The message is an argument of the script, not a part of it. */
const APPLE_SCRIPT: readonly string[] = [
  '-e',
  'on run argv',
  '-e',
  'display notification (item 1 of argv) with title (item 2 of argv)',
  '-e',
  'end run',
  '--',
]

/** The words are set as text nodes, so that they are no markup either. */
const TOAST = [
  '$null = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]',
  '$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)',
  '$lines = $xml.GetElementsByTagName("text")',
  '$null = $lines.Item(0).AppendChild($xml.CreateTextNode($env:SAFELIGHT_TITLE))',
  '$null = $lines.Item(1).AppendChild($xml.CreateTextNode($env:SAFELIGHT_MESSAGE))',
  '[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier("Safelight").Show([Windows.UI.Notifications.ToastNotification]::new($xml))',
].join('; ')

/** Nobody sits before it: a server, a container, a test. */
export function hasDesktop(platform: NodeJS.Platform, environment: NodeJS.ProcessEnv): boolean {
  if (environment['SAFELIGHT_QUIET'] === '1') return false
  if (platform === 'darwin' || platform === 'win32') return true
  return environment['DBUS_SESSION_BUS_ADDRESS'] !== undefined
}

async function runTool(
  tool: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const result = await execa(tool, [...args], { reject: false, timeout: TIMEOUT_MS, stdin: 'ignore', env: environment })
  if (result.exitCode === 0) return
  throw new SafelightError('NOT_AVAILABLE', {
    message: `The desktop notification could not be shown (${tool}: ${result.shortMessage ?? 'it failed'}).`,
    remedy: 'Install notify-send (libnotify), or set "desktop" to false in config.json.',
    cause: result,
  })
}
