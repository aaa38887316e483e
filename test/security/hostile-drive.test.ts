import { describeHostileDrives } from './hostile-drive-suite.js'

describeHostileDrives(40)
