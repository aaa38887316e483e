// What a copy worker thread starts with in tests: the real disk, with the faults that the test planned.
import { serveWorker } from '../../helper/engine/worker.js'
import { faultyFilesOfThread } from './faults.js'

serveWorker(faultyFilesOfThread())
