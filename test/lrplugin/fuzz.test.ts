import { describeFuzz } from './fuzz-suite.js'

describeFuzz(5_000, 20261123)
