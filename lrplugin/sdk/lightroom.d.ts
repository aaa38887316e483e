// What we use of Adobe's Lightroom Classic SDK, and nothing else. Functions of a namespace are called with a dot and are declared as
// properties; methods of an object are called with a colon and are declared as methods. [yields] = only inside a task, never across pcall.

/** @customName import */
declare function lightroom(name: 'LrApplication'): LrApplication
declare function lightroom(name: 'LrBinding'): LrBinding
declare function lightroom(name: 'LrDate'): LrDate
declare function lightroom(name: 'LrDialogs'): LrDialogs
declare function lightroom(name: 'LrFileUtils'): LrFileUtils
declare function lightroom(name: 'LrFunctionContext'): LrFunctionContextNamespace
declare function lightroom(name: 'LrHttp'): LrHttp
declare function lightroom(name: 'LrLogger'): (name: string) => LrLogger
declare function lightroom(name: 'LrPathUtils'): LrPathUtils
declare function lightroom(name: 'LrPrefs'): LrPrefs
declare function lightroom(
  name: 'LrProgressScope',
): (parameters: { readonly title: string; readonly functionContext?: LrFunctionContext }) => LrProgressScope
declare function lightroom(name: 'LrSocket'): LrSocketNamespace
declare function lightroom(name: 'LrTasks'): LrTasks
declare function lightroom(name: 'LrView'): LrViewNamespace

/** Lua's own; nothing may yield in it. For Shutdown.ts alone, the build sees to that. */
declare function pcall(call: () => void): boolean

declare const _PLUGIN: { readonly id: string; readonly path: string }
declare const WIN_ENV: boolean | undefined
declare const MAC_ENV: boolean | undefined

/** @noSelf */
interface LrTasks {
  readonly startAsyncTask: (task: () => void, name?: string) => void
  /** [yields] */
  readonly sleep: (seconds: number) => void
  /** [yields] */
  readonly yield: () => void
  readonly canYield: () => boolean
  /** Yield-safe. */
  readonly pcall: (call: () => void) => LuaMultiReturn<[boolean, unknown]>
  /** [yields] until the command ends. 0 is the only portable result. */
  readonly execute: (command: string) => number
}

interface LrFunctionContext {
  addCleanupHandler(handler: () => void): void
}

/** @noSelf */
interface LrFunctionContextNamespace {
  readonly postAsyncTaskWithContext: (name: string, task: (context: LrFunctionContext) => void) => void
  readonly callWithContext: (name: string, call: (context: LrFunctionContext) => void) => void
}

interface LrSocket {
  send(text: string): void
  reconnect(): void
  close(): void
}

/** @noSelf */
interface LrSocketNamespace {
  readonly bind: (parameters: {
    readonly functionContext: LrFunctionContext
    readonly plugin: typeof _PLUGIN
    readonly port: number
    readonly mode: 'send' | 'receive'
    readonly onConnecting?: (socket: LrSocket, port: number) => void
    readonly onConnected?: (socket: LrSocket, port: number) => void
    readonly onMessage?: (socket: LrSocket, message: string) => void
    readonly onClosed?: (socket: LrSocket) => void
    readonly onError?: (socket: LrSocket, error: string) => void
  }) => LrSocket
}

/** @noSelf */
interface LrDate {
  /** Seconds since 2001-01-01 UTC, with fractions. */
  readonly currentTime: () => number
  readonly timeToPosixDate: (time: number) => number
}

/** @noSelf */
interface LrPathUtils {
  readonly child: (folder: string, name: string) => string
  readonly leafName: (path: string) => string
  readonly getStandardFilePath: (name: string) => string | undefined
}

/** @noSelf */
interface LrFileUtils {
  readonly exists: (path: string) => 'file' | 'directory' | false
  readonly readFile: (path: string) => string | undefined
  readonly fileAttributes: (path: string) => { readonly fileSize?: number }
}

/** @noSelf */
interface LrPrefs {
  readonly prefsForPlugin: () => PluginPrefs
}

/** Nested changes are not saved: assign a whole table. */
interface PluginPrefs {
  /** Another SAFELIGHT_HOME than the usual one. */
  home?: string
  /** Counts starts; an instance whose number is no longer here ends. */
  generation?: number
  /** When that instance last said that it lives, in seconds of LrDate. */
  aliveAt?: number
  /** Catalog path → highest photo id that the helper has acknowledged. */
  cursors?: Record<string, number>
  /** Lightroom's own catalog backup is to be offered at every quit. */
  wantsOwnBackup?: boolean
}

interface LrLogger {
  enable(action: 'logfile'): void
  info(text: string): void
  warn(text: string): void
}

/** @noSelf */
interface LrHttp {
  readonly openUrlInBrowser: (url: string) => void
}

interface LrPhoto {
  readonly localIdentifier: number
  /** Inside a write gate; undefined takes the value away. */
  setPropertyForPlugin(plugin: typeof _PLUGIN, field: keyof PluginFields, value: string | undefined): void
}

/** Fields that Metadata.ts declares. */
interface PluginFields {
  readonly backup?: string
  readonly provenOn?: string
}

interface RawMetadata {
  readonly path?: string
  readonly uuid?: string
  readonly fileFormat?: string
  readonly isVideo?: boolean
  readonly isVirtualCopy?: boolean
}

interface LrFolder {
  /** [yields] absolute */
  getPath(): string
}

interface LrCatalog {
  getPath(): string
  /** [yields] the root folders */
  getFolders(): LrFolder[]
  /** [yields] */
  getAllPhotos(): LrPhoto[]
  getTargetPhoto(): LrPhoto | undefined
  getTargetPhotos(): LrPhoto[]
  batchGetRawMetadata(photos: readonly LrPhoto[], keys: readonly (keyof RawMetadata)[]): LuaTable<LrPhoto, RawMetadata>
  batchGetPropertyForPlugin(
    photos: readonly LrPhoto[],
    plugin: typeof _PLUGIN,
    fields: readonly (keyof PluginFields)[],
  ): LuaTable<LrPhoto, PluginFields>
  /** [yields] */
  findPhotoByPath(path: string): LrPhoto | undefined
  addPhoto(path: string): LrPhoto
  /** [yields] for fields of plugins: no undo step */
  withPrivateWriteAccessDo(
    change: () => void,
    parameters: { readonly timeout: number },
  ): 'executed' | 'queued' | 'aborted'
  /** [yields] */
  withWriteAccessDo(
    name: string,
    change: () => void,
    parameters: { readonly timeout: number },
  ): 'executed' | 'queued' | 'aborted'
}

/** @noSelf */
interface LrApplication {
  readonly activeCatalog: () => LrCatalog
  /** Lightroom then offers its own catalog backup at the next quit, which the user may skip. */
  readonly backupAtNextShutdown: (pluginId: string) => void
}

interface LrProgressScope {
  setPortionComplete(done: number, total: number): void
  setCaption(caption: string): void
  setIndeterminate(): void
  setCancelable(cancelable: boolean): void
  isCanceled(): boolean
  done(): void
}

/** @noSelf */
interface LrDialogs {
  readonly message: (headline: string, info?: string, style?: 'info' | 'warning' | 'critical') => void
  readonly confirm: (headline: string, info: string, action: string, cancel: string) => 'ok' | 'cancel' | 'other'
  readonly showBezel: (text: string, seconds?: number) => void
  readonly presentModalDialog: (parameters: {
    readonly title: string
    readonly contents: LrViewNode
    readonly actionVerb?: string
    readonly cancelVerb?: string
    readonly resizable?: boolean
  }) => 'ok' | 'cancel' | 'other'
}

/** Built by a factory and handed back to Lightroom; opaque to us. */
interface LrViewNode {
  readonly view: unique symbol
}

interface LrBoundValue {
  readonly bound: unique symbol
}

type LrViewProperties = Record<string, unknown>
/** Children are the array part of the properties, as Lua has it. */
type LrContainerProperties = LrViewProperties | readonly LrViewNode[]

interface LrViewFactory {
  row(properties: LrContainerProperties): LrViewNode
  column(properties: LrContainerProperties): LrViewNode
  static_text(properties: LrViewProperties): LrViewNode
  checkbox(properties: LrViewProperties): LrViewNode
  edit_field(properties: LrViewProperties): LrViewNode
  simple_list(properties: LrViewProperties): LrViewNode
  scrolled_view(properties: LrContainerProperties): LrViewNode
}

/** @noSelf */
interface LrViewNamespace {
  readonly osFactory: () => LrViewFactory
  readonly bind: (key: string) => LrBoundValue
}

interface LrPropertyTable {
  addObserver(key: string, observer: (properties: LrPropertyTable, key: string, value: unknown) => void): void
  [key: string]: unknown
}

/** @noSelf */
interface LrBinding {
  readonly makePropertyTable: (context: LrFunctionContext) => LrPropertyTable
}
