// Where the page begins.
import { render } from 'preact'
import { App } from './app.js'
import { Store } from './state.js'

const root = document.getElementById('page')
if (root === null) throw new Error('the page has no element to draw in')
root.replaceChildren()
render(<App store={new Store(new URL('rpc', location.href.replace(/^http/, 'ws')).href)} />, root)
