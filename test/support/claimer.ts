// A program that claims a home. While it has it, it makes a folder that nobody else may have made, and takes it away again.
import fs from 'node:fs'
import { SafelightError } from '../../helper/errors.js'
import { claimHome } from '../../helper/instance.js'

const [home = '', shared = ''] = process.argv.slice(2)
try {
  const owner = await claimHome(home, 'safelight backup', Date.now())
  fs.mkdirSync(shared)
  for (let n = 0; n < 200; n++) fs.readdirSync(home)
  fs.rmdirSync(shared)
  owner.release()
  process.stdout.write('owner')
} catch (error) {
  if (!(error instanceof SafelightError) || error.code !== 'HOME_IN_USE') throw error
  process.stdout.write('refused')
}
