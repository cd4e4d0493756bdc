/** Arrangement: stack, group, box, grid, simpleGrid, card, split. */
import { toneOf } from '../../core/color.js';
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { Nodes } from '../../render/node.js';
import { register } from '../../render/registry.js';
import { useResolved } from '../../render/runtime.js';
import { Heading, Level } from '../../ui/atoms.js';
import { icon } from '../../ui/icon.js';
import { Grid, GridCol, Group, h, SimpleGrid, Stack, useContext } from '../../ui/kit.js';
import { oneOf, pixels, size, whole } from './options.js';

export const childrenOf = (/** @type {any} */ node) =>
  h(Nodes, { nodes: node.children ?? node.items ?? node.content ?? node.layout });
const ALIGN = ['stretch', 'flex-start', 'start', 'center', 'flex-end', 'end', 'baseline'];
const JUSTIFY = ['flex-start', 'start', 'center', 'flex-end', 'end', 'space-between', 'space-around', 'space-evenly'];

register(['stack', 'column'], ({ node }) =>
  Stack({
    gap: size(node.gap ?? node.spacing, 'md'),
    align: oneOf(node.align, ALIGN, 'stretch'),
    justify: oneOf(node.justify, JUSTIFY, 'flex-start'),
  }, childrenOf(node)));

register(['group', 'row'], ({ node }) =>
  Group({
    gap: size(node.gap ?? node.spacing, 'md'),
    align: oneOf(node.align, ALIGN, 'center'),
    justify: oneOf(node.justify ?? node.position, JUSTIFY, 'flex-start'),
    grow: node.grow === true,
    wrap: oneOf(node.wrap, ['wrap', 'nowrap'], 'wrap'),
  }, childrenOf(node)));

const PADS = /** @type {Record<string, number>} */ ({ xs: 6, sm: 10, md: 16, lg: 22, xl: 30 });
const padOf = (/** @type {unknown} */ value) =>
  typeof value === 'string' && Object.hasOwn(PADS, value) ? PADS[value] : pixels(value, 0, 0, 80);

register(['box', 'container', 'center'], ({ node }) =>
  h('div', {
    className: `box ${node.type === 'center' || node.center === true ? 'centred' : ''} ${
      node.withBorder === true ? 'bordered' : ''
    } ${node.color ? `toned tone-${toneOf(node.color)}` : ''}`,
    style: {
      padding: padOf(node.padding ?? node.p) || undefined,
      maxWidth: node.maxWidth === undefined ? undefined : pixels(node.maxWidth, 1200),
      maxHeight: node.maxHeight === undefined ? undefined : pixels(node.maxHeight, 400),
    },
    tabIndex: node.maxHeight === undefined ? undefined : 0,
  }, childrenOf(node)));

/** Columns by width, from one number or from a number for each width. @param {any} cols @param {number} fallback */
function columnsOf(cols, fallback) {
  const entries = isObject(cols)
    ? ['base', 'xs', 'sm', 'md', 'lg', 'xl'].filter((key) => cols[key] !== undefined).map((
      key,
    ) => [key, whole(cols[key], 1, 1, 12)])
    : [];
  if (entries.length) return { base: 1, ...Object.fromEntries(entries) };
  const most = whole(cols, fallback, 1, 12);
  return { base: 1, sm: Math.min(2, most), md: most };
}

register(['simpleGrid', 'columns'], ({ node }) =>
  SimpleGrid({
    cols: columnsOf(node.cols ?? node.columns, 2),
    spacing: size(node.spacing ?? node.gap, 'md'),
    verticalSpacing: size(node.verticalSpacing ?? node.gap ?? node.spacing, 'md'),
  }, childrenOf(node)));

register('grid', ({ node }) => {
  const list = [node.children ?? node.items ?? []].flat();
  // Children that say no span share the line: as many of them as `cols` says, or two.
  const share = Math.max(1, Math.floor(12 / whole(node.cols ?? node.columns, 2, 1, 12)));
  const span = (/** @type {any} */ child) =>
    isObject(child?.span)
      ? {
        base: 12,
        ...Object.fromEntries(
          Object.entries(columnsOf(child.span, 12)).filter(([key]) => child.span[key] !== undefined),
        ),
      }
      : { base: 12, sm: whole(child?.span, share, 1, 12) };
  return Grid(
    { gutter: size(node.gutter ?? node.gap ?? node.spacing, 'md') },
    ...list.map((/** @type {any} */ child, /** @type {number} */ index) =>
      GridCol(
        { key: index, span: span(child) },
        h(Nodes, { nodes: isObject(child) && !child.type ? child.children : child }),
      )
    ),
  );
});

/** @param {{node: any}} props */
function CardPart({ node }) {
  const level = useContext(Level);
  const shown = useResolved({ title: node.title ?? node.label, about: node.description ?? node.subtitle });
  return h(
    'section',
    { className: `panel ${node.color ? `edged tone-${toneOf(node.color)}` : ''}` },
    shown.title && h('header', { className: 'panel-head' }, icon(node.icon, 18), h(Heading, {}, text(shown.title))),
    shown.about && h('p', { className: 'dim panel-about' }, text(shown.about)),
    h(
      Level.Provider,
      { value: shown.title ? Math.min(5, level + 1) : level },
      Stack({ gap: size(node.gap, 'md') }, childrenOf(node)),
    ),
  );
}
register(['card', 'paper', 'section', 'panel'], CardPart);
