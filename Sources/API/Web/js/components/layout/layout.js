/** Arrangement: stack, group, grids, card, tabs. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { Nodes } from '../../render/node.js';
import { register } from '../../render/registry.js';
import { useResolved } from '../../render/runtime.js';
import { Heading } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import {
  Grid,
  GridCol,
  Group,
  h,
  SimpleGrid,
  Stack,
  Tabs,
  TabsList,
  TabsPanel,
  TabsTab,
  useState,
} from '../../ui/kit.js';

const SIZES = new Set(['xs', 'sm', 'md', 'lg', 'xl']);
/** A size word or a number of pixels. @param {unknown} value @param {any} fallback */
export const size = (
  value,
  fallback,
) => (SIZES.has(/** @type {string} */ (value)) || (typeof value === 'number' && value >= 0 && value < 200)
  ? value
  : fallback);
/** @template T @param {unknown} value @param {T[]} allowed @param {T} fallback @returns {T} */
export const oneOf = (
  value,
  allowed,
  fallback,
) => (allowed.includes(/** @type {any} */ (value)) ? /** @type {any} */ (value) : fallback);

const childrenOf = (/** @type {any} */ node) => h(Nodes, { nodes: node.children ?? node.items ?? node.content });
const ALIGN = ['stretch', 'flex-start', 'start', 'center', 'flex-end', 'end', 'baseline'];
const JUSTIFY = ['flex-start', 'start', 'center', 'flex-end', 'end', 'space-between', 'space-around', 'space-evenly'];

register(
  ['stack', 'box', 'list'],
  ({ node }) =>
    Stack({
      gap: size(node.gap ?? node.spacing, 'md'),
      align: oneOf(node.align, ALIGN, 'stretch'),
      justify: oneOf(node.justify, JUSTIFY, 'flex-start'),
    }, childrenOf(node)),
);

register('group', ({ node }) =>
  Group({
    gap: size(node.gap ?? node.spacing, 'md'),
    align: oneOf(node.align, ALIGN, 'center'),
    justify: oneOf(node.justify ?? node.position, JUSTIFY, 'flex-start'),
    grow: node.grow === true,
    wrap: oneOf(node.wrap, ['wrap', 'nowrap'], 'wrap'),
  }, childrenOf(node)));

register('simpleGrid', ({ node }) => {
  const cols = isObject(node.cols)
    ? node.cols
    : { base: 1, sm: Math.min(2, Number(node.cols) || 2), md: Math.min(12, Number(node.cols ?? node.columns) || 2) };
  return SimpleGrid({ cols, spacing: size(node.gap ?? node.spacing, 'md') }, childrenOf(node));
});

register('grid', ({ node }) => {
  const list = Array.isArray(node.children ?? node.items) ? node.children ?? node.items : [];
  const span = (
    /** @type {any} */ child,
  ) => (isObject(child?.span) ? child.span : { base: 12, sm: Math.min(12, Math.max(1, Number(child?.span) || 6)) });
  return Grid(
    { gutter: size(node.gap ?? node.gutter, 'md') },
    ...list.map((/** @type {any} */ child, /** @type {number} */ index) =>
      GridCol({ key: index, span: span(child) }, h(Nodes, { nodes: child?.type ? child : child?.children }))
    ),
  );
});

function CardPart(/** @type {{node: any}} */ { node }) {
  const title = useResolved(node.title ?? node.label);
  const about = useResolved(node.description ?? node.subtitle);
  return h(
    'section',
    { className: 'panel' },
    title && h('header', { className: 'panel-head' }, icon(node.icon, 18), h(Heading, {}, text(title))),
    about && h('p', { className: 'dim panel-about' }, text(about)),
    Stack({ gap: size(node.gap, 'md') }, childrenOf(node)),
  );
}
register(['card', 'paper', 'section'], CardPart);

function TabsPart(/** @type {{node: any}} */ { node }) {
  const tabs = (Array.isArray(node.tabs ?? node.items) ? node.tabs ?? node.items : []).filter(isObject).map((
    /** @type {any} */ tab,
    /** @type {number} */ index,
  ) => ({ ...tab, id: text(tab.id ?? tab.value ?? index) }));
  const first = tabs.some((/** @type {any} */ tab) => tab.id === node.defaultTab) ? node.defaultTab : tabs[0]?.id;
  const [chosen, choose] = useState(first);
  const labels = useResolved(tabs.map((/** @type {any} */ tab) => tab.label ?? tab.title ?? tab.id));
  return Tabs(
    {
      value: chosen,
      onChange: choose,
      keepMounted: false,
      variant: oneOf(node.variant, ['default', 'outline', 'pills'], 'default'),
    },
    TabsList(
      {},
      ...tabs.map((/** @type {any} */ tab, /** @type {number} */ index) =>
        TabsTab({ key: tab.id, value: tab.id, leftSection: icon(tab.icon, 16) }, text(labels[index]))
      ),
    ),
    ...tabs.map((/** @type {any} */ tab) =>
      TabsPanel(
        { key: tab.id, value: tab.id, pt: 'md' },
        Stack({ gap: 'md' }, h(Nodes, { nodes: tab.children ?? tab.content ?? tab.layout })),
      )
    ),
  );
}
register('tabs', TabsPart);
