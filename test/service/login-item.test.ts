import assert from 'node:assert/strict'
import { loginItem, type LoginFacts } from '../../helper/service/login-item.js'

const facts: LoginFacts = {
  platform: 'darwin',
  command: ['/opt/Safe & light/node', '/opt/Safe & light/app/main.js'],
  home: '/Users/ansel/Library/Application Support/Safelight',
  user: '/Users/ansel',
  uid: 501,
}

describe('starting at login', () => {
  it('is a launchd agent on macOS', () => {
    const { where, text, install, uninstall } = loginItem(facts)
    assert.equal(where, '/Users/ansel/Library/LaunchAgents/org.safelight.helper.plist')
    assert.equal(
      text,
      `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>org.safelight.helper</string>
  <key>ProgramArguments</key>
  <array>
    <string>/opt/Safe &amp; light/node</string>
    <string>/opt/Safe &amp; light/app/main.js</string>
    <string>serve</string>
    <string>--home</string>
    <string>/Users/ansel/Library/Application Support/Safelight</string>
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
  <string>/Users/ansel/Library/Application Support/Safelight/logs/service.log</string>
</dict>
</plist>
`,
    )
    assert.deepEqual(install, [['launchctl', 'bootstrap', 'gui/501', where]])
    assert.deepEqual(uninstall, [['launchctl', 'bootout', 'gui/501/org.safelight.helper']])
  })

  it('is a Run entry without a window on Windows', () => {
    const item = loginItem({
      ...facts,
      platform: 'win32',
      command: ['C:\\Program Files\\Safelight\\node.exe', 'C:\\Program Files\\Safelight\\app\\main.js'],
      home: 'D:\\',
    })
    assert.equal(item.text, undefined)
    assert.equal(
      item.install[0]?.[8],
      'conhost.exe --headless "C:\\Program Files\\Safelight\\node.exe" "C:\\Program Files\\Safelight\\app\\main.js" "serve" "--home" "D:\\\\"',
    )
    assert.deepEqual(item.uninstall, [
      ['reg.exe', 'delete', 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run', '/v', 'Safelight', '/f'],
    ])
  })

  it('is a systemd user unit on Linux, whatever signs a path has', () => {
    const item = loginItem({
      ...facts,
      platform: 'linux',
      user: '/home/ansel',
      home: '/home/ansel/100 % $HOME "x"',
      hasSystemd: true,
    })
    assert.equal(item.where, '/home/ansel/.config/systemd/user/safelight.service')
    assert.equal(
      item.text,
      `[Unit]
Description=Safelight: copies photographs and proves it

[Service]
ExecStart="/opt/Safe & light/node" "/opt/Safe & light/app/main.js" "serve" "--home" "/home/ansel/100 %% $$HOME \\"x\\""
Restart=on-failure
RestartSec=30
IOSchedulingClass=idle
Nice=10

[Install]
WantedBy=default.target
`,
    )
    assert.deepEqual(item.install.at(-1), ['systemctl', '--user', 'enable', '--now', 'safelight.service'])
  })

  it('is an autostart entry where there is no systemd', () => {
    const item = loginItem({
      ...facts,
      platform: 'linux',
      user: '/home/ansel',
      configFolder: '/cfg',
      home: '/home/a\\b',
    })
    assert.equal(item.where, '/cfg/autostart/safelight.desktop')
    assert.match(item.text ?? '', /^Exec="\/opt\/Safe & light\/node" .* "\/home\/a\\\\\\\\b"$/m)
  })
})
