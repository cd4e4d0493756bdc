import { text } from '../../core/format.js';
import { Pill } from '../../ui/atoms.js';
import { h } from '../../ui/kit.js';

/** What is unusual about a plugin, in words. @param {{plugin: any}} props */
export function Badges({ plugin }) {
  const broken = plugin.load_error ?? plugin.error;
  const list = [
    plugin.missing && h(Pill, { key: 'missing', tone: 'red', icon: 'file-x' }, 'Missing'),
    broken && h(Pill, { key: 'error', tone: 'red', icon: 'circle-alert' }, 'Load error'),
    !plugin.enabled && !plugin.missing && h(Pill, { key: 'disabled', tone: 'gray' }, 'Disabled'),
    plugin.legacy &&
    h(Pill, {
      key: 'legacy',
      tone: 'gray',
      title: 'This plugin has no plugin.json. It works; ask its developer to add one.',
    }, 'Legacy'),
    plugin.deprecated && h(Pill, { key: 'deprecated', tone: 'orange' }, 'Deprecated'),
  ].filter(Boolean);
  return list.length ? h('div', { className: 'badges' }, ...list) : null;
}

/** What is wrong with it, in full. @param {{plugin: any}} props */
export function Warnings({ plugin }) {
  const broken = plugin.load_error ?? plugin.error;
  const line = plugin.missing
    ? 'The plugin’s files are missing. Import it again or delete this entry.'
    : broken
    ? text(broken)
    : '';
  return line ? h('p', { className: 'card-warning' }, line) : null;
}
