// Run by Lightroom when it loads the plugin. Starts everything in tasks and returns: no dialog here, no waiting, or Lightroom disables us.
import { startSafelight } from './start.js'

startSafelight()
