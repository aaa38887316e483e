import { describeFuzz } from './fuzz-suite.js'

describeFuzz(1_000_000, Number(process.env['SAFELIGHT_SEED'] ?? Date.now() % 1_000_000))
