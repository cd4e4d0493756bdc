/** A banner while the live connection is lost, with the seconds to the next attempt, or refused. Brief losses do not show. */
import { connection, retry } from '../net/socket.js';
import { useNow, useStore } from '../ui/hooks.js';
import { Icon } from '../ui/icon.js';
import { h, useEffect, useState } from '../ui/kit.js';

const PATIENCE = 1500;

/** What the server's codes mean, and what helps. */
const REFUSALS = /** @type {Record<string, [string, string]>} */ ({
  network_not_allowed: [
    'This server no longer talks to your network.',
    'What you see may be out of date. An administrator lets addresses in under Settings, Network access.',
  ],
  not_allowed: [
    'Your account may not follow what happens here.',
    'What you see may be out of date. An administrator can give it the right, under Users.',
  ],
});

/** @param {{why: string, isBusy: boolean}} props */
const Refused = ({ why, isBusy }) => {
  const [title, help] = REFUSALS[why] ?? REFUSALS.not_allowed;
  return h(
    'div',
    { className: 'offline refused', role: 'alert' },
    h(Icon, { name: 'shield-x', size: 18 }),
    h('div', {}, h('strong', {}, title), h('p', {}, help)),
    h('span', { className: 'spring' }),
    h('button', { type: 'button', className: 'link-button', onClick: retry, disabled: isBusy }, 'Try again'),
  );
};

export function Offline() {
  const { state, until, attempt, why } = useStore(connection);
  const lost = !why && (state === 'waiting' || (state === 'connecting' && attempt > 0));
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(lost), lost ? PATIENCE : 0);
    return () => clearTimeout(timer);
  }, [lost]);
  const now = useNow(1000, shown);
  if (why) return h(Refused, { why, isBusy: state === 'connecting' });
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
