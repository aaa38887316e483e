// Makes a large catalog in a process of its own: FILE ROOT/ FILES DEVELOP-BYTES
import { makeLargeCatalog } from './catalog.js'

const [file = '', root = '', files, developBytes] = process.argv.slice(2)
makeLargeCatalog(file, { files: Number(files), root, developBytes: Number(developBytes) })
