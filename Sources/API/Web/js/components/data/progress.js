/** How far and how well: `progress`, `ring`, `loader`, `status`. */
import { cssColor, safeColor, stateTone, toneOf } from '../../core/color.js';
import { number, text } from '../../core/format.js';
import { get, isObject } from '../../core/path.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { h, Loader, RingProgress } from '../../ui/kit.js';
import { oneOf, pixels, size } from '../layout/options.js';

/** A share of 100: `42`, `"42%"`, or a value of `max`. @param {unknown} value @param {unknown} [max] */
export function percentOf(value, max) {
  const n = Number.parseFloat(String(value ?? ''));
  if (!Number.isFinite(n)) return undefined;
  const of = Number(max);
  return Math.min(100, Math.max(0, of > 0 && of !== 100 ? (100 * n) / of : n));
}

/** @param {any} node */
function useMeasure(node) {
  const { data, loading } = useSource(node);
  const said = useResolved({ value: node.value, max: node.max, label: node.label ?? node.title, color: node.color }, {
    data,
  });
  const value = node.value !== undefined
    ? said.value
    : node.path !== undefined
    ? get(data, node.path)
    : isObject(data)
    ? data.progress ?? data.percent ?? data.value
    : data;
  return { ...said, value, data, loading, percent: percentOf(value, said.max) };
}

/** @param {{node: any}} props */
function Progress({ node }) {
  const { percent, label, color } = useMeasure(node);
  const parts = Array.isArray(node.sections) ? node.sections.filter(isObject).slice(0, 12) : undefined;
  const filled = useResolved(parts);
  const name = text(label || 'Progress');
  const bars = filled ?? [{ value: percent ?? 0, color }];
  const sum = filled
    ? bars.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + (percentOf(one.value) ?? 0), 0)
    : percent;
  return h(
    'div',
    { className: 'progress' },
    h(
      'div',
      { className: 'progress-words' },
      label && h('span', {}, text(label)),
      h('span', { className: 'spring' }),
      node.showValue !== false && h('span', { className: 'dim' }, sum === undefined ? '–' : `${number(sum, 1)} %`),
    ),
    h(
      'div',
      {
        className: `track size-${oneOf(node.size, ['xs', 'sm', 'md', 'lg', 'xl'], 'md')}`,
        role: 'progressbar',
        'aria-label': name,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': sum === undefined ? undefined : Math.round(sum),
      },
      ...bars.map((/** @type {any} */ one, /** @type {number} */ index) =>
        h('span', {
          key: index,
          className: `fill ${node.striped === true || node.animated === true ? 'striped' : ''} ${
            node.animated === true ? 'moving' : ''
          } ${percent === undefined && !filled ? 'unknown' : ''}`,
          title: one.label && text(one.label),
          style: { width: `${percentOf(one.value) ?? 0}%`, background: cssColor(one.color, 6) },
        })
      ),
    ),
  );
}
register(['progress', 'progressBar'], Progress, { isBare: true });

/** @param {{node: any}} props */
function Ring({ node }) {
  const { percent, label, color, value } = useMeasure(node);
  const filled = useResolved(Array.isArray(node.sections) ? node.sections.filter(isObject).slice(0, 12) : undefined);
  const across = pixels(node.size, 120, 60, 320);
  const sections = filled ?? [{ value: percent ?? 0, color }];
  const middle = useResolved(node.centerLabel ?? node.center) ??
    (percent === undefined ? '–' : `${number(percent, 0)}%`);
  const words = `${text(label || 'Share')}: ${
    percent === undefined ? text(value) || 'not known' : `${number(percent, 1)} %`
  }`;
  return h(
    'figure',
    { className: 'ring', role: 'img', 'aria-label': words },
    h(
      'span',
      { 'aria-hidden': true, className: 'ring-drawing' },
      RingProgress({
        size: across,
        thickness: pixels(node.thickness, Math.round(across / 11), 2, 60),
        roundCaps: true,
        rootColor: 'var(--line)',
        sections: sections.map((/** @type {any} */ one) => ({
          value: percentOf(one.value) ?? 0,
          color: safeColor(one.color) ?? 'indigo',
        })),
      }),
      h('span', { className: 'ring-words', style: { fontSize: Math.max(12, across / 6.5) } }, text(middle)),
    ),
    label && h('figcaption', { className: 'dim', 'aria-hidden': true }, text(label)),
  );
}
register(['ring', 'ringProgress', 'radialProgress', 'gauge'], Ring, { isBare: true });

/** @param {{node: any}} props */
function Waiting({ node }) {
  const source = useSource(node);
  const label = text(useResolved(node.label ?? node.text ?? ''));
  // Bound to a source, it shows only while that loads.
  if (source.known && !source.loading) return null;
  return h(
    'span',
    { className: 'loader', role: 'status', 'aria-label': label || 'Loading' },
    Loader({
      size: size(node.size, 'sm'),
      color: safeColor(node.color),
      type: oneOf(node.variant, ['oval', 'bars', 'dots'], 'oval'),
    }),
    label && h('span', { className: 'dim' }, label),
  );
}
register(['loader', 'spinner', 'loading'], Waiting, { isBare: true });

/** @param {{node: any}} props */
function Status({ node }) {
  const { data } = useSource(node);
  const said = useResolved({
    value: node.value ?? node.status ?? node.text,
    label: node.label,
    color: node.color,
    about: node.description,
  }, { data });
  const raw = said.value ??
    (node.path === undefined ? (isObject(data) ? data.status ?? data.state : data) : get(data, node.path));
  const word = typeof raw === 'boolean' ? (raw ? 'up' : 'down') : text(raw);
  const colors = isObject(node.colors) ? node.colors : {};
  const labels = isObject(node.labels) ? node.labels : {};
  const tone = toneOf(Object.hasOwn(colors, word) ? colors[word] : said.color, stateTone(word));
  return h(
    'span',
    { className: `status tone-${tone}`, role: 'status' },
    h('span', { className: `dot ${node.pulse === true ? 'pulse' : ''}`, 'aria-hidden': true }),
    said.label && h('span', { className: 'dim' }, text(said.label)),
    h('strong', {}, text(Object.hasOwn(labels, word) ? labels[word] : word) || '–'),
    said.about && h('span', { className: 'dim' }, text(said.about)),
  );
}
register(['status', 'statusLight', 'indicator'], Status, { isBare: true });
