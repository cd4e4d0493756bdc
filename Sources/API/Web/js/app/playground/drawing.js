/** A page drawn as its plugin's place would draw it, one of its layouts at a time. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { Node } from '../../render/node.js';
import { RuntimeProvider } from '../../render/runtime.js';
import { Empty } from '../../ui/atoms.js';
import { h, SegmentedControl, useMemo, useState } from '../../ui/kit.js';

/** Its layouts by name: the page itself, its preview, its further pages. @param {any} page @returns {{value: string, label: string, node: any}[]} */
function partsOf(page) {
  if (!isObject(page)) return [];
  if (page.type !== undefined && page.layout === undefined) return [{ value: 'layout', label: 'Layout', node: page }];
  const pages = Array.isArray(page.pages) ? page.pages.filter(isObject) : [];
  return [
    ...(page.layout === undefined ? [] : [{ value: 'layout', label: 'Layout', node: page.layout }]),
    ...(page.preview === undefined ? [] : [{ value: 'preview', label: 'Preview', node: page.preview }]),
    ...pages.slice(0, 20).map((one, index) => ({
      value: `page-${index}`,
      label: text(one.label ?? one.id ?? index),
      node: one.layout,
    })),
  ];
}

/** @param {{page: any, plugin: any, host: any}} props */
export function Drawing({ page, plugin, host }) {
  const parts = useMemo(() => partsOf(page), [page]);
  const [chosen, choose] = useState('layout');
  const part = parts.find((one) => one.value === chosen) ?? parts[0];
  const shown = useMemo(
    () => ({
      ...plugin,
      ui_schema: isObject(page) && page.layout === undefined && page.type !== undefined ? { layout: page } : page,
    }),
    [plugin, page],
  );
  return h(
    'section',
    { className: 'drawn', 'aria-label': 'The page as it is drawn' },
    parts.length > 1 &&
      SegmentedControl({
        data: parts.map(({ value, label }) => ({ value, label })),
        value: part.value,
        onChange: choose,
        size: 'xs',
        mb: 'md',
        'aria-label': 'Which part',
      }),
    part === undefined
      ? h(Empty, { icon: 'layout-dashboard', title: 'Nothing to draw yet' }, 'Write a layout, or choose a component.')
      : h(
        RuntimeProvider,
        { plugin: shown, host, page: { id: part.value } },
        h(Node, { key: part.value, node: part.node }),
      ),
  );
}
