/** A banner while the live connection is lost, with the seconds to the next attempt. Brief losses do not show. */
import { connection, retry } from '../net/socket.js';
import { useNow, useStore } from '../ui/hooks.js';
import { Icon } from '../ui/icon.js';
import { h, useEffect, useState } from '../ui/kit.js';

const PATIENCE = 1500;

export function Offline() {
  const { state, until, attempt } = useStore(connection);
  const lost = state === 'waiting' || (state === 'connecting' && attempt > 0);
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(lost), lost ? PATIENCE : 0);
    return () => clearTimeout(timer);
  }, [lost]);
  const now = useNow(1000, shown);
  if (!shown) return null;
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return h(
    'div',
    { className: 'offline', role: 'alert' },
    h(Icon, { name: 'unplug', size: 18 }),
    h('span', {}, 'The live connection is lost. What you see may be out of date.'),
    h('span', { className: 'spring' }),
    h(
      'span',
      { className: 'offline-when', 'aria-hidden': true },
      state === 'connecting' || !seconds ? 'Connecting…' : `Next try in ${seconds} s`,
    ),
    h('button', { type: 'button', className: 'link-button', onClick: retry, disabled: state !== 'waiting' }, 'Try now'),
  );
}
