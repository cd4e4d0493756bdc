import { ago, text } from '../../core/format.js';
import { Pill } from '../../ui/atoms.js';
import { Icon } from '../../ui/icon.js';
import { h } from '../../ui/kit.js';
import { Link } from '../router.js';

/** What is unusual about a plugin, in words. @param {{plugin: any}} props */
export function Badges({ plugin }) {
  const broken = plugin.load_error ?? plugin.error;
  const resting = Boolean(plugin.suspended_until);
  const warnings = Array.isArray(plugin.warnings) ? plugin.warnings : [];
  const list = [
    plugin.missing && h(Pill, { key: 'missing', tone: 'red', icon: 'file-x' }, 'Missing'),
    resting &&
    h(
      Pill,
      { key: 'resting', tone: 'orange', icon: 'moon', title: text(broken) },
      `Resting, back ${ago(plugin.suspended_until)}`,
    ),
    broken && !resting && h(Pill, { key: 'error', tone: 'red', icon: 'circle-alert' }, 'Load error'),
    plugin.update_available &&
    h(
      Link,
      {
        key: 'update',
        className: 'pill tone-yellow',
        to: `/plugins/browse?find=${encodeURIComponent(text(plugin.slug || plugin.name))}`,
        'aria-label': `Update ${text(plugin.name)}`,
      },
      h(Icon, { name: 'arrow-up-circle', size: 13 }),
      plugin.latest_version ? `Update to ${text(plugin.latest_version)}` : 'Update available',
    ),
    plugin.source_repo_name &&
    h(
      Pill,
      { key: 'repo', tone: plugin.is_official_repo ? 'indigo' : 'gray', icon: 'library' },
      text(plugin.source_repo_name),
    ),
    plugin.installed_version_is_prerelease && h(Pill, { key: 'pre', tone: 'violet' }, 'Prerelease'),
    warnings.length > 0 &&
    h(
      Pill,
      { key: 'warnings', tone: 'yellow', icon: 'triangle-alert', title: warnings.map(text).join('\n') },
      warnings.length === 1 ? '1 warning' : `${warnings.length} warnings`,
    ),
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
