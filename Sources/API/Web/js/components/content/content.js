/** Words on the page: text, title, divider, alert, badge, link, code, json, kbd, highlight, copy. All of it is text nodes. */
import { cssColor, safeColor } from '../../core/color.js';
import { json, text } from '../../core/format.js';
import { get } from '../../core/path.js';
import { safeUrl } from '../../core/url.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { pending, Pill } from '../../ui/atoms.js';
import { Icon, icon } from '../../ui/icon.js';
import { Alert, Divider, Fragment, h, Text, Title } from '../../ui/kit.js';
import { childrenOf } from '../layout/layout.js';
import { oneOf, size } from '../layout/options.js';
import { CodeBlock, CopyButton } from './code.js';
import { Markdown } from './markdown.js';

/** A node's own value: what it says, or what lies at its `path` in its data. @param {any} node */
export function useValue(node) {
  const { data } = useSource(node);
  const said = useResolved(node.text ?? node.value ?? node.content ?? node.label ?? node.title, { data });
  if (said !== undefined) return said;
  return node.path === undefined ? data : get(data, node.path);
}
const useWords = (/** @type {any} */ node) => text(useValue(node));

const WEIGHTS = /** @type {Record<string, number>} */ ({ normal: 400, medium: 500, semibold: 600, bold: 700 });
register(['text', 'paragraph'], ({ node }) => {
  const words = useWords(node);
  if (node.richText === true || node.markdown === true) return h(Markdown, { source: words });
  return Text({
    component: 'p',
    m: 0,
    size: size(node.size, 'sm'),
    c: node.dimmed === true ? 'dimmed' : cssColor(node.color, 7),
    fw: node.bold === true ? 600 : WEIGHTS[node.weight] ?? (Number(node.weight ?? node.fw) || undefined),
    ta: oneOf(node.align, ['left', 'center', 'right'], 'left'),
    lineClamp: Number(node.lineClamp) || undefined,
    className: `prose ${node.mono === true ? 'mono' : ''} ${node.italic === true ? 'italic' : ''}`,
  }, words);
}, { isBare: true });

register(['title', 'heading'], ({ node }) => {
  const order = oneOf(Number(node.order ?? node.level), [2, 3, 4, 5, 6], 2);
  return Title(
    { order, size: `h${Math.min(6, order + 1)}`, c: cssColor(node.color, 7) },
    icon(node.icon, 20),
    useWords(node),
  );
}, { isBare: true });

register('divider', ({ node }) =>
  node.orientation === 'vertical' ? Divider({ orientation: 'vertical' }) : Divider({
    label: useWords({ ...node, source: undefined }) || undefined,
    labelPosition: oneOf(node.labelPosition, ['left', 'center', 'right'], 'center'),
    my: 'xs',
  }));

register(['alert', 'notice', 'callout'], ({ node }) => {
  const { data } = useSource(node);
  const shown = useResolved({ title: node.title, message: node.message ?? node.text ?? node.description ?? '' }, {
    data,
  });
  return Alert(
    {
      title: shown.title && text(shown.title),
      color: safeColor(node.color) ?? 'blue',
      variant: oneOf(node.variant, ['light', 'outline', 'filled', 'default'], 'light'),
      icon: icon(node.icon ?? 'info', 18),
    },
    node.richText === true ? h(Markdown, { source: text(shown.message) }) : text(shown.message),
    node.children && childrenOf(node),
  );
});

register(
  ['badge', 'pill'],
  ({ node }) =>
    h(Pill, { tone: safeColor(node.color) ?? 'gray', icon: node.icon, dot: node.dot === true }, useWords(node)),
  { isBare: true },
);

register(['link', 'anchor'], ({ node }) => {
  const { data } = useSource(node);
  const shown = useResolved({ href: node.href ?? node.url ?? node.to, words: node.label ?? node.text ?? node.title }, {
    data,
  });
  const href = safeUrl(shown.href);
  const words = text(shown.words ?? href ?? '');
  if (!href) return h('span', { className: 'dim', title: 'Its address is not one that pages may open' }, words);
  const outside = new URL(href).origin !== location.origin;
  return h(
    'a',
    { className: 'link', href, rel: 'noopener noreferrer', target: outside ? '_blank' : undefined },
    icon(node.icon, 15),
    words || href,
    outside && h(Icon, { name: 'external-link', size: 13 }),
  );
});

register(['copy', 'copyButton'], ({ node }) => {
  const { data } = useSource(node);
  const shown = useResolved({ value: node.value ?? node.text ?? '', label: node.label ?? '' }, { data });
  const words = text(shown.value);
  return h(
    'span',
    { className: 'copy' },
    h('code', {}, text(shown.label || words)),
    h(CopyButton, { words, label: text(shown.label || 'Copy') }),
  );
});

register(['json', 'code', 'pre'], ({ node }) => {
  const source = useSource(node);
  const said = useResolved(node.value ?? node.code ?? node.text ?? node.content, { data: source.data });
  const value = said === undefined ? (node.path === undefined ? source.data : get(source.data, node.path)) : said;
  const inline = node.inline === true;
  const words = typeof value === 'string' ? value : json(value, 2);
  if (source.known && value === undefined) return pending(source, { title: 'Nothing yet', empty: true }) ?? null;
  return inline ? h('code', { className: 'inline-code' }, words) : h(CodeBlock, { words, node });
});

register(['kbd', 'key'], ({ node }) => {
  const keys = [useResolved(node.keys ?? node.text ?? node.value ?? node.label)].flat().filter((one) =>
    one !== undefined
  );
  return h(
    'span',
    { className: 'keys' },
    ...keys.flatMap((key, index) => [
      index > 0 && h('span', { key: `p${index}`, className: 'dim' }, '+'),
      h('kbd', { key: index }, text(key)),
    ]),
  );
});

/** Splits at every occurrence, whatever its case. @param {string} words @param {string[]} wanted @returns {string[]} odd ones are found */
export function parted(words, wanted) {
  const some = wanted.filter(Boolean).slice(0, 20).map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return some.length ? words.split(new RegExp(`(${some.join('|')})`, 'gi')) : [words];
}
register('highlight', ({ node }) => {
  const words = useWords({ ...node, label: undefined });
  const wanted = [useResolved(node.highlight ?? node.query ?? node.words ?? [])].flat().map(text);
  return h(
    'p',
    { className: 'prose' },
    ...parted(words, wanted).map((part, index) =>
      index % 2 ? h('mark', { key: index }, part) : h(Fragment, { key: index }, part)
    ),
  );
}, { isBare: true });
