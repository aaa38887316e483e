// The plugin's own version; the build refuses one that differs from package.json. Info.ts cannot import it: Lightroom reads it bare.

export const PLUGIN_VERSION = '0.1.0'
