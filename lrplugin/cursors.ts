// How far the helper has acknowledged each catalog's photos, kept in the plugin's preferences. It promises: only acknowledge() moves a cursor,
// and only forward. A lost preference costs a re-sending, never a photo.

const LrPrefs = lightroom('LrPrefs')

export function cursorOf(catalogPath: string): number {
  const cursor = LrPrefs.prefsForPlugin().cursors?.[catalogPath]
  return typeof cursor === 'number' ? cursor : 0
}

export function acknowledge(catalogPath: string, id: number): void {
  if (id <= cursorOf(catalogPath)) return
  const prefs = LrPrefs.prefsForPlugin()
  // A change inside a table is not saved; a new table is.
  prefs.cursors = { ...prefs.cursors, [catalogPath]: id }
}
