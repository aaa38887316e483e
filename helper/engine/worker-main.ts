// What a copy worker thread starts with: the real disk.
import { systemFiles } from '../files/durable.js'
import { serveWorker } from './worker.js'

serveWorker(systemFiles, true)
