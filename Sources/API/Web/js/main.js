/** Boot: draw the page, ask who is signed in, then load the plugins and listen. */
import './components/index.js';
import { App } from './app/app.js';
import { load } from './net/catalogue.js';
import { startEventLog } from './net/eventlog.js';
import { startRefreshes } from './net/refreshes.js';
import { startToasts } from './app/toasts.js';
import { auth, check } from './net/auth.js';
import { onRecovered } from './net/socket.js';
import { preloadIcons } from './ui/icon.js';
import { h, mount } from './ui/kit.js';

startEventLog();
startToasts();
startRefreshes();

let before = auth.get().state;
auth.subscribe(() => {
  const { state } = auth.get();
  if (state === 'in' && before !== 'in') {
    load();
    preloadIcons(['unplug', 'shield-x', 'circle-alert', 'triangle-alert']);
  }
  before = state;
});

// What happened while the connection was lost was not heard, so the list is read again.
onRecovered(load);

mount(h(App), /** @type {Element} */ (document.getElementById('app')));
check();
