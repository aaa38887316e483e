// The rules under which the host runs a plugin, by their numbers (the last three are about fields of photos), and how far each is enforced: by an
// error as Lightroom raises it, by a fault that the host notes, or not at all and why. A test breaks every enforced one on purpose.

export interface Rule {
  readonly number: number
  readonly rule: string
  /** Why it is not enforced; absent when it is. */
  readonly notEnforced?: string
}

const texts: readonly (readonly [number, string, string?])[] = [
  [1, 'only whitelisted globals exist'],
  [2, 'coroutine has running and canYield'],
  [3, 'debug has getinfo'],
  [4, 'os has clock, date, time and tmpname'],
  [5, 'require takes names of the plugin root only'],
  [6, 'the list of files is frozen when the plugin is loaded'],
  [7, 'an unknown import raises, an undocumented member is nil'],
  [8, 'Info.lua is evaluated bare and validated'],
  [9, 'no byte order mark, no syntax above Lua 5.1'],
  [10, 'task-only calls raise outside a task'],
  [11, 'nothing yields across pcall'],
  [12, 'nothing yields in metamethods, iterators, comparators, observers, transforms, actions, callbacks and builders'],
  [13, 'LrTasks.pcall and context calls are yield-safe in a task'],
  [14, 'startAsyncTask queues and never runs inline'],
  [15, 'bare tasks of the init script can be cancelled when it returns'],
  [16, 'an init script that fails or yields disables the plugin'],
  [17, 'the info provider runs again at every showing'],
  [18, 'Reload cancels contexts and gives a new environment; an old instance may live on'],
  [19, 'a menu script may find another _G'],
  [20, 'the shutdown script returns its table'],
  [21, 'LrShutdownFunction gets done and progress, and no self'],
  [22, 'ten seconds without progress are unresponsive; done is called once'],
  [23, 'no dialogs and no slow work at exit'],
  [24, 'LrShutdownPlugin may not yield'],
  [25, 'a kill runs no hook'],
  [26, 'a client that stays connected hangs the quit'],
  [27, 'a socket lives as long as its context, and needs plugin and mode'],
  [28, 'ten seconds without a client are a timeout, dead unless re-armed'],
  [29, 'one client a port'],
  [30, 'the sending side does not notice that its client went'],
  [31, 'send on an unconnected socket is a fault'],
  [32, 'lines are split at newlines, bytes untouched, 16 MiB at least'],
  [33, 'reconnect after close raises; reconnecting the other socket in onClosed hangs'],
  [34, 'a busy port fails through onError'],
  [35, 'all tasks can stand still for seconds'],
  [36, 'an unknown metadata key throws; batch results are keyed by photo'],
  [37, 'getTargetPhotos is everything when nothing is selected'],
  [38, 'write gates need a timeout, do not nest, and guard property writes'],
  [39, 'enumeration and reads cost time in proportion'],
  [40, 'the selection and the sources belong to the photographer'],
  [41, 'imports arrive one by one; copies get ids; offline photos keep the size of their preview'],
  [42, "cmd.exe's quotes and macOS' status times 256"],
  [43, 'io.open fails on paths that are not ASCII on Windows'],
  [
    44,
    'copy and move refuse an existing target; directory iterators fail when left early',
    'the second half: leaving an iterator early raises nothing in Lua that a host could see before the plugin ends; copy and move are enforced',
  ],
  [45, 'numbers from 1e15 print with an exponent'],
  [46, 'preferences keep plain data only, and nested changes are not saved'],
  [47, 'a property table needs a context; observers run in the assignment'],
  [48, 'fields of photos are declared, named and versioned; a change of them needs another schemaVersion'],
  [49, 'a field is written in a private gate, with values of its kind'],
  [50, 'updateFromEarlierSchemaVersion is inside a gate already'],
]

export const RULES: readonly Rule[] = texts.map(([number, rule, notEnforced]) =>
  notEnforced === undefined ? { number, rule } : { number, rule, notEnforced },
)
