// A small SMTP server for tests (RFC 5321, AUTH PLAIN of RFC 4954): takes a message from whoever knows the password, and keeps it.
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly data: string
}

export interface MailServer {
  readonly port: number
  readonly received: readonly ReceivedMail[]
  close(): Promise<void>
}

export async function openMailServer({ user, password }: { user: string; password: string }): Promise<MailServer> {
  const received: ReceivedMail[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    converse(socket, { user, password }, received)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function converse(socket: Socket, secret: { user: string; password: string }, received: ReceivedMail[]): void {
  const say = (line: string): boolean => socket.write(`${line}\r\n`)
  let buffered = ''
  let isKnown = false
  let isData = false
  let [from, to, data]: [string, string[], string[]] = ['', [], []]
  const command = (line: string): void => {
    const word = line.split(' ', 1)[0]?.toUpperCase()
    if (word === 'EHLO') say('250-mail.test\r\n250 AUTH PLAIN')
    else if (word === 'HELO') say('250 mail.test')
    else if (word === 'AUTH') {
      const [, name, given] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString()
        .split('\0')
      isKnown = name === secret.user && given === secret.password
      say(isKnown ? '235 welcome' : '535 wrong password')
    } else if (!isKnown && word !== 'QUIT') say('530 who are you?')
    else if (word === 'MAIL') {
      from = line.replace(/^.*<(.*)>.*$/, '$1')
      ;[to, data] = [[], []]
      say('250 ok')
    } else if (word === 'RCPT') {
      to.push(line.replace(/^.*<(.*)>.*$/, '$1'))
      say('250 ok')
    } else if (word === 'DATA') {
      isData = true
      say('354 go on')
    } else if (word === 'QUIT') {
      say('221 bye')
      socket.end()
    } else say('250 ok')
  }
  socket.on('data', (chunk) => {
    buffered += chunk.toString()
    for (let end = buffered.indexOf('\r\n'); end >= 0; end = buffered.indexOf('\r\n')) {
      const line = buffered.slice(0, end)
      buffered = buffered.slice(end + 2)
      if (!isData) command(line)
      else if (line === '.') {
        isData = false
        received.push({ from, to, data: data.join('\n') })
        say('250 taken')
      } else data.push(line.replace(/^\.\./, '.'))
    }
  })
  say('220 mail.test ESMTP')
}
