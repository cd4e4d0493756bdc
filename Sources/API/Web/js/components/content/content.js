/** Words on the page: text, title, divider, alert, badge, link, code. All of it is text nodes, never HTML. */
import { cssColor, safeColor } from '../../core/color.js';
import { json, text } from '../../core/format.js';
import { safeUrl } from '../../core/url.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { Pill } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Alert, Divider, h, Text, Title } from '../../ui/kit.js';
import { oneOf, size } from '../layout/layout.js';

/** A node's own words. @param {any} node */
function useWords(node) {
  const { data } = useSource(node);
  return text(useResolved(node.text ?? node.value ?? node.content ?? node.label ?? node.title, { data }));
}

register(
  ['text', 'paragraph'],
  ({ node }) =>
    Text({
      component: 'p',
      m: 0,
      size: size(node.size, 'sm'),
      c: node.dimmed === true ? 'dimmed' : cssColor(node.color, 7),
      fw: node.bold || node.weight === 'bold' ? 600 : undefined,
      className: 'prose',
    }, useWords(node)),
);

register(['title', 'heading'], ({ node }) => {
  const order = oneOf(Number(node.order ?? node.level), [2, 3, 4], 2);
  return Title({ order, size: `h${order + 1}` }, useWords(node));
});

register('divider', ({ node }) => Divider({ label: useWords(node) || undefined, my: 'xs' }));

register('alert', ({ node }) => {
  const title = useResolved(node.title);
  const message = useResolved(node.message ?? node.text ?? node.description);
  return Alert({
    title: title && text(title),
    color: safeColor(node.color) ?? 'blue',
    variant: 'light',
    icon: icon(node.icon ?? 'info', 18),
  }, text(message));
});

register('badge', ({ node }) => h(Pill, { tone: safeColor(node.color) ?? 'gray' }, useWords(node)));

register('link', ({ node }) => {
  const href = safeUrl(useResolved(node.href ?? node.url));
  const words = useWords(node);
  return href
    ? h('a', {
      className: 'link',
      href,
      rel: 'noopener noreferrer',
      target: new URL(href).origin === location.origin ? undefined : '_blank',
    }, words || href)
    : h('span', { className: 'dim' }, words);
});

register(['json', 'code'], ({ node }) => {
  const { data } = useSource(node);
  const value = useResolved(node.value ?? node.text ?? '{{ data }}', { data });
  return h('pre', { className: 'code', tabIndex: 0 }, typeof value === 'string' ? value : json(value, 2));
});
