/** `markdown`: text with marks, made into elements directly, never into HTML. `html`: cleaned before it is shown. */
import { text } from '../../core/format.js';
import { get } from '../../core/path.js';
import { inline, markdown } from '../../core/markdown.js';
import { safeUrl } from '../../core/url.js';
import { register } from '../../render/registry.js';
import { useResolved, useSource } from '../../render/runtime.js';
import { pending, Problem } from '../../ui/atoms.js';
import { Fragment, h, useEffect, useMemo, useRef, useState } from '../../ui/kit.js';
import { loadPurify } from '../../ui/vendor.js';

/** @param {any[]} list */
const inlines = (list) => list.map((one, index) => (typeof one === 'string' ? one : h(Inline, { key: index, one })));

/** @param {{one: any}} props */
function Inline({ one }) {
  if (one.kind === 'code') return h('code', { className: 'inline-code' }, one.text);
  if (one.kind === 'link') {
    const href = safeUrl(one.href);
    return href
      ? h('a', { className: 'link', href, rel: 'noopener noreferrer', target: '_blank' }, ...inlines(one.children))
      : h(Fragment, {}, ...inlines(one.children));
  }
  if (one.kind === 'image') {
    const src = safeUrl(one.src);
    // Pictures of other sites would tell them who reads this; the policy refuses them, so they are links.
    if (src && new URL(src).origin === location.origin) return h('img', { src, alt: one.alt, loading: 'lazy' });
    return src
      ? h('a', { className: 'link', href: src, target: '_blank', rel: 'noopener noreferrer' }, one.alt || src)
      : one.alt;
  }
  return h(one.kind, {}, ...inlines(one.children));
}

/** @param {{block: any}} props */
function Block({ block }) {
  switch (block.kind) {
    case 'heading':
      return h(`h${Math.min(6, block.level + 1)}`, {}, ...inlines(block.children));
    case 'code':
      return h('pre', { className: 'code', tabIndex: 0 }, block.text);
    case 'rule':
      return h('hr', {});
    case 'quote':
      return h(
        'blockquote',
        {},
        ...block.children.map((/** @type {any} */ one, /** @type {number} */ key) => h(Block, { key, block: one })),
      );
    case 'list':
      return h(
        block.ordered ? 'ol' : 'ul',
        { start: block.ordered && block.start !== 1 ? block.start : undefined },
        ...block.items.map((/** @type {any} */ item, /** @type {number} */ key) =>
          h(
            'li',
            { key, className: `level-${item.level} ${item.done === undefined ? '' : 'task'}` },
            item.done !== undefined &&
              h('input', {
                type: 'checkbox',
                checked: item.done,
                readOnly: true,
                disabled: true,
                'aria-label': item.done ? 'Done' : 'To do',
              }),
            ...inlines(item.children),
          )
        ),
      );
    case 'table':
      return h(
        'div',
        { className: 'table-scroll', tabIndex: 0, role: 'group', 'aria-label': 'Table' },
        h(
          'table',
          { className: 'table' },
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              ...block.head.map((/** @type {any[]} */ cell, /** @type {number} */ key) =>
                h('th', { key, scope: 'col' }, ...inlines(cell))
              ),
            ),
          ),
          h(
            'tbody',
            {},
            ...block.rows.map((/** @type {any[][]} */ row, /** @type {number} */ key) =>
              h('tr', { key }, ...row.map((cell, at) => h('td', { key: at }, ...inlines(cell))))
            ),
          ),
        ),
      );
    default:
      return h('p', {}, ...inlines(block.children));
  }
}

/** One line of it. @param {{source: string}} props */
export const Words = ({ source }) => h(Fragment, {}, ...inlines(inline(source)));

/** @param {{source: string}} props */
export function Markdown({ source }) {
  const blocks = useMemo(() => markdown(source), [source]);
  return h('div', { className: 'markdown' }, ...blocks.map((block, key) => h(Block, { key, block })));
}

/** The words of a node that has them itself or at `path` in its data. @param {any} node @param {string[]} keys */
function useBlock(node, keys) {
  const source = useSource(node);
  const own = keys.map((key) => node[key]).find((one) => one !== undefined);
  const said = useResolved(own, { data: source.data });
  const value = own !== undefined ? said : node.path === undefined ? source.data : get(source.data, node.path);
  return {
    words: text(value),
    waiting: value === undefined && source.known ? pending(source, { empty: true }) : undefined,
  };
}

register('markdown', ({ node }) => {
  const { words, waiting } = useBlock(node, ['text', 'value', 'content', 'markdown', 'source_text']);
  return waiting ?? h(Markdown, { source: words });
});

const RULES = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['style', 'form', 'input', 'button', 'textarea', 'select', 'iframe', 'audio', 'video', 'dialog'],
  FORBID_ATTR: ['style', 'id', 'name', 'class', 'ping', 'target'],
  RETURN_DOM_FRAGMENT: true,
};

/** @param {{node: any}} props */
function Html({ node }) {
  const { words, waiting } = useBlock(node, ['html', 'value', 'content', 'text']);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const [failed, fail] = useState(/** @type {any} */ (undefined));
  useEffect(() => {
    let isGone = false;
    loadPurify().then(({ default: purify }) => {
      if (isGone || !box.current) return;
      const clean = purify.sanitize(words, RULES);
      for (const link of clean.querySelectorAll('a[href]')) {
        const href = safeUrl(link.getAttribute('href'));
        if (href) Object.assign(link, { href, rel: 'noopener noreferrer', target: '_blank' });
        else link.removeAttribute('href');
      }
      for (const picture of clean.querySelectorAll('img, source')) {
        const src = safeUrl(picture.getAttribute('src'));
        picture.removeAttribute('srcset');
        if (!src || new URL(src).origin !== location.origin) picture.remove();
      }
      box.current.replaceChildren(clean);
    }).catch(fail);
    return () => void (isGone = true);
  }, [words]);
  if (failed) return h(Problem, { message: `The part that cleans HTML could not be loaded: ${text(failed.message)}` });
  return waiting ?? h('div', { className: 'markdown', ref: box });
}
register('html', Html);
