import { describeLies } from './lies-suite.js'

describeLies(40)
