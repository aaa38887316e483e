import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { readConfig } from '../../helper/config.js'
import { describeInBrowser, shoot, visit } from '../support/browser.js'
import { openWorld } from './world.js'

describeInBrowser('the set-up page', (browser) => {
  it('is where a new user lands, takes a drive, proves it on a sample and prints the sheet', async () => {
    const world = await openWorld()
    try {
      const drive = path.join(world.folder, 'Studio SSD')
      fs.mkdirSync(drive)
      const { page, context, complaints } = await visit(browser())
      await page.goto(await world.link())
      await page.getByRole('heading', { level: 1, name: 'Set up Safelight' }).waitFor()
      await page
        .getByRole('textbox', { name: /folder/ })
        .first()
        .fill(drive)
      await page.getByRole('button', { name: 'Use this drive' }).click()
      await page.getByText(/is a place for copies now/).waitFor()
      await page.getByRole('radio', { name: /^A year/ }).check()
      await page.getByRole('button', { name: 'Keep them so' }).click()
      await page.getByText(/are kept for 365 days/).waitFor()
      assert.deepEqual(readConfig(world.home).retention, [{ keepEarlierDays: 365, keepDeletedDays: 365 }])
      await page.getByRole('button', { name: 'Prove it now' }).click()
      await page.getByText(/copied, damaged, found, healed, restored/).waitFor({ timeout: 50_000 })
      assert.equal(await page.locator('.proof-steps').getByRole('img', { name: 'done' }).count(), 5)
      await page.getByText('SAFELIGHT: HOW TO GET THE PHOTOGRAPHS BACK').waitFor()
      await shoot(page, 'set-up-1280-light')
      assert.deepEqual(fs.readdirSync(drive), ['Safelight'], 'nothing of the proof is left')
      assert.deepEqual(await world.call('shoots/list', {}).then(({ shoots }) => shoots), [], 'and no record of it')
      assert.deepEqual(complaints, [])
      await context.close()
    } finally {
      await world.close()
    }
  })
})
