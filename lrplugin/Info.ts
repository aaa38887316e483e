// What Lightroom reads before anything runs: literals only, no import, no code. The file names here are final; Lightroom sees a new one
// only after a restart. File > Plug-in Extras works in every module, Library > Plug-in Extras in the Library; both get all items.

export = {
  LrSdkVersion: 13.0,
  LrSdkMinimumVersion: 6.0,
  LrToolkitIdentifier: 'app.safelight.lightroom',
  LrPluginName: 'Safelight',
  LrInitPlugin: 'Init.lua',
  LrForceInitPlugin: true,
  LrShutdownApp: 'Shutdown.lua',
  LrPluginInfoProvider: 'PluginManager.lua',
  LrMetadataProvider: 'Metadata.lua',
  LrExportMenuItems: [
    { title: 'Restore a Shoot…', file: 'MenuRestore.lua' },
    { title: 'Protect Selected Photos Now', file: 'MenuProtectSelection.lua' },
    { title: 'Backup Status…', file: 'MenuStatus.lua' },
    { title: "Check Catalog's Files…", file: 'MenuCheckCatalog.lua' },
    { title: 'Open Safelight Page', file: 'MenuOpenPage.lua' },
  ],
  LrLibraryMenuItems: [
    { title: 'Restore a Shoot…', file: 'MenuRestore.lua' },
    { title: 'Protect Selected Photos Now', file: 'MenuProtectSelection.lua' },
    { title: 'Backup Status…', file: 'MenuStatus.lua' },
    { title: "Check Catalog's Files…", file: 'MenuCheckCatalog.lua' },
    { title: 'Open Safelight Page', file: 'MenuOpenPage.lua' },
  ],
  VERSION: { major: 0, minor: 1, revision: 0, build: 0, display: '0.1.0' },
}
