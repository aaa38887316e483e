// Starting with the user's session: a launchd agent on macOS, a Run entry on Windows, a systemd user unit (or an autostart entry where there is
// no systemd) on Linux. What is written is made purely and pinned by tests; only service.ts touches the system. Nothing here needs an
// administrator, and everything can be taken out again by hand from the place that is named.
import path from 'node:path'

export interface LoginFacts {
  readonly platform: NodeJS.Platform
  /** Absolute path of Node and of the program. */
  readonly command: readonly [string, string]
  /** SAFELIGHT_HOME. */
  readonly home: string
  readonly user: string
  /** XDG_CONFIG_HOME, where it is set. */
  readonly configFolder?: string | undefined
  readonly uid?: number | undefined
  /** Linux: whether systemd looks after this user's programs. */
  readonly hasSystemd?: boolean
}

export interface LoginItem {
  readonly kind: 'launchd agent' | 'Run entry' | 'systemd user unit' | 'autostart entry'
  /** Where it is: a file, or a registry key. */
  readonly where: string
  /** The file's text; absent for a registry entry. */
  readonly text?: string
  /** Run in this order after the file was written. */
  readonly install: readonly Command[]
  /** Run in this order before the file is removed; a failure means that it was not there. */
  readonly uninstall: readonly Command[]
  /** Succeeds when the system knows the item. */
  readonly ask?: Command
}

export type Command = readonly [file: string, ...args: string[]]

const LABEL = 'org.safelight.helper'

export function loginItem(facts: LoginFacts): LoginItem {
  if (facts.platform === 'darwin') return launchdAgent(facts)
  if (facts.platform === 'win32') return runEntry(facts)
  return facts.hasSystemd === true ? systemdUnit(facts) : autostartEntry(facts)
}

function launchdAgent({ command: [node, program], home, user, uid = 501 }: LoginFacts): LoginItem {
  const where = path.posix.join(user, 'Library', 'LaunchAgents', `${LABEL}.plist`)
  const domain = `gui/${uid}`
  const list = [node, program, 'serve', '--home', home].map((each) => `    <string>${xml(each)}</string>`).join('\n')
  return {
    kind: 'launchd agent',
    where,
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${list}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>Crashed</key>
    <true/>
  </dict>
  <key>ProcessType</key>
  <string>Background</string>
  <key>LowPriorityIO</key>
  <true/>
  <key>StandardErrorPath</key>
  <string>${xml(path.posix.join(home, 'logs', 'service.log'))}</string>
</dict>
</plist>
`,
    install: [['launchctl', 'bootstrap', domain, where]],
    uninstall: [['launchctl', 'bootout', `${domain}/${LABEL}`]],
    ask: ['launchctl', 'print', `${domain}/${LABEL}`],
  }
}

const RUN_KEY = String.raw`HKCU\Software\Microsoft\Windows\CurrentVersion\Run`

function runEntry({ command: [node, program], home }: LoginFacts): LoginItem {
  // conhost --headless: a console program that shows no window, without a script between them.
  const line = ['conhost.exe --headless', ...[node, program, 'serve', '--home', home].map(windowsQuoted)].join(' ')
  return {
    kind: 'Run entry',
    where: `${RUN_KEY}, value Safelight`,
    install: [['reg.exe', 'add', RUN_KEY, '/v', 'Safelight', '/t', 'REG_SZ', '/d', line, '/f']],
    uninstall: [['reg.exe', 'delete', RUN_KEY, '/v', 'Safelight', '/f']],
    ask: ['reg.exe', 'query', RUN_KEY, '/v', 'Safelight'],
  }
}

function systemdUnit({ command: [node, program], home, user, configFolder }: LoginFacts): LoginItem {
  const where = path.posix.join(
    configFolder ?? path.posix.join(user, '.config'),
    'systemd',
    'user',
    'safelight.service',
  )
  return {
    kind: 'systemd user unit',
    where,
    text: `[Unit]
Description=Safelight: copies photographs and proves it

[Service]
ExecStart=${[node, program, 'serve', '--home', home].map(systemdQuoted).join(' ')}
Restart=on-failure
RestartSec=30
IOSchedulingClass=idle
Nice=10

[Install]
WantedBy=default.target
`,
    install: [
      ['systemctl', '--user', 'daemon-reload'],
      ['systemctl', '--user', 'enable', '--now', 'safelight.service'],
    ],
    uninstall: [['systemctl', '--user', 'disable', '--now', 'safelight.service']],
    ask: ['systemctl', '--user', 'is-enabled', 'safelight.service'],
  }
}

function autostartEntry({ command: [node, program], home, user, configFolder }: LoginFacts): LoginItem {
  return {
    kind: 'autostart entry',
    where: path.posix.join(configFolder ?? path.posix.join(user, '.config'), 'autostart', 'safelight.desktop'),
    text: `[Desktop Entry]
Type=Application
Name=Safelight
Comment=Copies photographs and proves it
Exec=${[node, program, 'serve', '--home', home].map(desktopQuoted).join(' ')}
Terminal=false
NoDisplay=true
`,
    install: [],
    uninstall: [],
  }
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** As CommandLineToArgvW reads it back: a backslash counts only before a quotation mark, and a path has none of those. */
function windowsQuoted(text: string): string {
  return `"${text.replace(/\\+$/, (end) => end + end)}"`
}

/** systemd.service(5): C escapes inside quotation marks, % and $ doubled. */
function systemdQuoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
}

/** Desktop Entry Specification: reserved signs are escaped inside quotation marks, and the backslash once more for the file. */
function desktopQuoted(text: string): string {
  return `"${text
    .replaceAll(/(["`$\\])/g, '\\$1')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')}"`
}
