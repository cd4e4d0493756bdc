/** One figure with its name, and how it moved. */
import { toneOf } from '../../core/color.js';
import { number, text } from '../../core/format.js';
import { get } from '../../core/path.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { Icon } from '../../ui/icon.js';
import { h, Skeleton } from '../../ui/kit.js';

/** `delta` as a sign and a direction; text that is no number stays as it is. @param {unknown} delta */
export function direction(delta) {
  if (delta === undefined || delta === null || delta === '') return undefined;
  const n = typeof delta === 'number' ? delta : Number(String(delta).trim());
  if (!Number.isFinite(n)) return { words: text(delta), tone: 'gray', icon: undefined };
  if (n === 0) return { words: '0', tone: 'gray', icon: 'minus' };
  return {
    words: `${n > 0 ? '+' : ''}${number(n)}`,
    tone: n > 0 ? 'teal' : 'red',
    icon: n > 0 ? 'trending-up' : 'trending-down',
  };
}

function Stat(/** @type {{node: any}} */ { node }) {
  const source = useSource(node);
  const shown = useResolved({
    label: node.label ?? node.title,
    value: node.value,
    delta: node.delta,
    about: node.description ?? node.help,
  }, { data: source.data });
  // The path may start inside the data or with the source's own name.
  const named = useResolved(typeof node.metricPath === 'string' ? `{{ ${node.metricPath} }}` : undefined);
  const measured = node.metricPath ? get(source.data, node.metricPath) ?? named : undefined;
  const value = measured ??
    (node.value !== undefined ? shown.value : typeof source.data === 'object' ? undefined : source.data);
  const missing = value === undefined || value === null || value === '';
  const figure = missing ? node.fallback ?? node.defaultValue ?? node.placeholder ?? '–' : value;
  const moved = direction(shown.delta);
  return h(
    'div',
    { className: 'stat' },
    node.icon &&
      h(
        'span',
        { className: `stat-icon tone-${toneOf(node.color, 'indigo')}` },
        h(Icon, { name: node.icon, size: 22 }),
      ),
    h(
      'div',
      { className: 'stat-words' },
      h('span', { className: 'stat-label' }, text(shown.label)),
      missing && source.loading
        ? Skeleton({ height: 26, width: 64 })
        : h('span', { className: 'stat-value' }, typeof figure === 'number' ? number(figure) : text(figure)),
      shown.about && h('span', { className: 'dim' }, text(shown.about)),
    ),
    moved &&
      h(
        'span',
        { className: `stat-delta tone-${moved.tone}` },
        moved.icon && h(Icon, { name: moved.icon, size: 15 }),
        moved.words,
      ),
  );
}
register(['stat', 'statistic', 'metric'], Stat);
