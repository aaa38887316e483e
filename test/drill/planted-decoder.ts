// A decoder that does what the name of the file says: hangs, crashes, or opens it.
process.on('message', ({ file }: { readonly file: string }) => {
  if (file.includes('hang')) for (;;);
  if (file.includes('crash')) process.kill(process.pid, 'SIGSEGV')
  if (file.includes('exit')) process.exit(3)
  if (!file.includes('crash')) process.send?.({ kind: 'opened', as: 'test' })
})
