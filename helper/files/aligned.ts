// A buffer that begins on a page boundary, as reads past the page cache demand. Memory of WebAssembly does; a Buffer promises nothing.

declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
  }
}

const PAGE_BYTES = 64 * 1024

/** @param sizeBytes  a multiple of 64 KiB */
export function alignedBuffer(sizeBytes: number): Uint8Array {
  const pages = sizeBytes / PAGE_BYTES
  return new Uint8Array(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer)
}
