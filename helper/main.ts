// Where the program begins. The build puts in place of this file, as compiled, one that starts the same program out of a single file with its
// machine code ready (build/quick-start.ts).
import './program.js'
