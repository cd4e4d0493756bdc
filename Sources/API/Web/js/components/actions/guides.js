/** `spotlight`: find an item by typing and run an action with it. `tour`: cards that explain a page, one after the other. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { filterRows } from '../../core/query.js';
import { register } from '../../render/registry.js';
import { usePageAction } from '../../render/run.js';
import { useResolved, useResolver, useRuntime } from '../../render/runtime.js';
import { pending } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Button, Fragment, Group, h, Modal, TextInput, useId, useMemo, useState } from '../../ui/kit.js';
import { pick, scopeOf, useItems, useItemWords } from '../data/items.js';
import { looks, prepared } from './button.js';

const SHOWN = 50;

/** @param {{node: any, onChosen: (item: any) => void}} props */
function Finder({ node, onChosen }) {
  const said = useItemWords();
  const { source, items } = useItems(node, ['items', 'actions', 'data']);
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const wordsOf = (/** @type {any} */ item) =>
    text(pick(said, node.template ?? node.labelKey, item, ['label', 'title', 'name']));
  const found = useMemo(() => filterRows(items, query, (item) => [wordsOf(item), item?.description]).slice(0, SHOWN), [
    items,
    query,
  ]);
  const key = (/** @type {any} */ event) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[/** @type {'ArrowDown'} */ (event.key)];
    if (to !== undefined) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(found.length - 1, to)));
    } else if (event.key === 'Enter' && found[at] !== undefined) {
      event.preventDefault();
      onChosen(found[at]);
    }
  };
  return h(
    'div',
    { className: 'finder', onKeyDown: key },
    TextInput({
      value: query,
      onChange: (/** @type {string} */ now) => (setQuery(now), setAt(0)),
      'aria-label': 'Search',
      placeholder: text(node.placeholder ?? 'Type to search'),
      leftSection: icon('search', 16),
      attributes: {
        input: {
          'data-autofocus': true,
          role: 'combobox',
          'aria-expanded': true,
          'aria-controls': id,
          'aria-activedescendant': found.length ? `${id}-${at}` : undefined,
        },
      },
    }),
    pending(source, { empty: !found.length, title: 'Nothing found' }) ?? h(
      'ul',
      { id, role: 'listbox', 'aria-label': 'Found', className: 'finder-list' },
      ...found.map((item, index) =>
        h(
          'li',
          {
            key: index,
            id: `${id}-${index}`,
            role: 'option',
            'aria-selected': index === at,
            onClick: () => onChosen(item),
            onMouseMove: () => setAt(index),
          },
          icon(item?.icon ?? node.itemIcon, 16),
          wordsOf(item),
          item?.description && h('span', { className: 'dim' }, text(item.description)),
        )
      ),
    ),
  );
}

/** @param {{node: any}} props */
function Spotlight({ node }) {
  const runtime = useRuntime();
  const resolve = useResolver();
  const [opened, setOpened] = useState(false);
  const [running, , run] = usePageAction();
  const label = text(useResolved(node.label ?? node.title ?? 'Search'));
  const chosen = (/** @type {any} */ item) => {
    setOpened(false);
    const given = (isObject(item) && item.action) || node.action || node.onSelectAction;
    if (!given) return;
    const own = isObject(given) ? given : { id: text(given), params: node.params, confirm: node.confirm };
    const scope = scopeOf(item);
    const params = isObject(own.params)
      ? resolve(own.params, scope)
      : { id: item?.id ?? item, rowId: item?.id ?? item };
    run({ action: prepared({ ...own, params: undefined }, runtime, (value) => resolve(value, scope)), params });
  };
  return h(
    Fragment,
    {},
    h(
      'span',
      {},
      Button({
        ...looks({ variant: 'default', ...node }),
        leftSection: icon(node.icon ?? 'search', 16),
        loading: running,
        onClick: () => setOpened(true),
        'aria-haspopup': 'dialog',
      }, label),
    ),
    Modal(
      { opened, onChange: setOpened, title: label, size: 'md', centered: false },
      opened && h(Finder, { node, onChosen: chosen }),
    ),
  );
}
register(['spotlight', 'commandPalette'], Spotlight);

/** @param {{node: any}} props */
function Tour({ node }) {
  const steps = (Array.isArray(node.steps ?? node.items) ? node.steps ?? node.items : []).filter(isObject).slice(0, 30);
  const [at, go] = useState(-1);
  const words = useResolved({
    label: node.label ?? node.title ?? 'Tour',
    steps: steps.map((/** @type {any} */ one) => ({
      title: one.title ?? one.label,
      text: one.text ?? one.description ?? one.content,
    })),
  });
  const step = words.steps[at];
  const last = at === steps.length - 1;
  return h(
    Fragment,
    {},
    h(
      'span',
      {},
      Button({
        ...looks({ variant: 'default', ...node }),
        leftSection: icon(node.icon ?? 'map', 16),
        disabled: !steps.length,
        onClick: () => go(0),
      }, text(words.label)),
    ),
    Modal(
      {
        opened: at >= 0,
        onChange: (/** @type {boolean} */ now) => now || go(-1),
        title: text(step?.title ?? words.label),
        size: 'md',
      },
      h('p', { className: 'prose' }, text(step?.text)),
      Group(
        { justify: 'space-between', mt: 'lg' },
        h('span', { className: 'dim' }, `${at + 1} of ${steps.length}`),
        Group(
          { gap: 'sm' },
          at > 0 && Button({ variant: 'default', onClick: () => go(at - 1) }, 'Back'),
          Button(
            { onClick: () => go(last ? -1 : at + 1), attributes: { root: { 'data-autofocus': true } } },
            last ? 'Done' : 'Next',
          ),
        ),
      ),
    ),
  );
}
register('tour', Tour);
