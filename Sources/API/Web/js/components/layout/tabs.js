/** `tabs` and `accordion`: one place for several things. Only what is open is drawn, so only that loads its data. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { isShown } from '../../core/condition.js';
import { Nodes } from '../../render/node.js';
import { register } from '../../render/registry.js';
import { useResolved, useSight } from '../../render/runtime.js';
import { Icon, icon } from '../../ui/icon.js';
import { h, Stack, Tabs, TabsList, TabsPanel, TabsTab, useId, useState } from '../../ui/kit.js';
import { oneOf, size } from './options.js';

/** @param {any} list @param {object} scope @returns {any[]} */
const partsOf = (list, scope) =>
  (Array.isArray(list) ? list : []).filter((one) => isObject(one) && isShown(one, scope)).map((one, index) => ({
    ...one,
    id: text(one.id ?? one.value ?? index),
  }));
const bodyOf = (/** @type {any} */ part) =>
  Stack({ gap: size(part.gap, 'md') }, h(Nodes, { nodes: part.children ?? part.content ?? part.layout ?? part.items }));
/** The label of a part, or its id. @param {any[]} parts */
const useLabels = (parts) =>
  useResolved(
    parts.map((part) => ({ label: part.label ?? part.title ?? part.id, about: part.description, badge: part.badge })),
  );

/** @param {{node: any}} props */
function TabsPart({ node }) {
  const tabs = partsOf(node.tabs ?? node.items ?? node.children, useSight(node.tabs, []));
  const wanted = text(node.defaultTab ?? node.defaultValue ?? node.active);
  const [chosen, choose] = useState(wanted);
  const at = tabs.some((tab) => tab.id === chosen) ? chosen : tabs[0]?.id;
  const words = useLabels(tabs);
  return Tabs(
    {
      value: at,
      onChange: choose,
      keepMounted: false,
      variant: oneOf(node.variant, ['default', 'outline', 'pills'], 'default'),
      orientation: oneOf(node.orientation, ['horizontal', 'vertical'], 'horizontal'),
    },
    TabsList(
      { grow: node.grow === true },
      ...tabs.map((tab, index) =>
        TabsTab({
          key: tab.id,
          value: tab.id,
          leftSection: icon(tab.icon, 16),
          disabled: tab.disabled === true,
          rightSection: words[index].badge && h('span', { className: 'pill tone-gray' }, text(words[index].badge)),
        }, text(words[index].label))
      ),
    ),
    ...tabs.map((tab) => TabsPanel({ key: tab.id, value: tab.id, pt: 'md' }, bodyOf(tab))),
  );
}
register('tabs', TabsPart);

/** @param {{node: any}} props */
function Accordion({ node }) {
  const id = useId();
  const parts = partsOf(node.items ?? node.sections ?? node.children, useSight(node.items, []));
  const words = useLabels(parts);
  const first = [node.defaultValue ?? node.defaultOpen ?? node.expanded ?? []].flat().map(text);
  const [open, setOpen] = useState(
    /** @type {string[]} */ (parts.filter((one) => one.open === true).map((one) => one.id).concat(first)),
  );
  const many = node.multiple === true;
  const toggle = (/** @type {string} */ key) =>
    setOpen((/** @type {string[]} */ now) =>
      now.includes(key) ? now.filter((one) => one !== key) : many ? [...now, key] : [key]
    );
  return h(
    'div',
    { className: 'accordion' },
    ...parts.map((part, index) => {
      const isOpen = open.includes(part.id);
      const panel = `${id}-${index}`;
      return h(
        'div',
        { key: part.id, className: 'fold' },
        h(
          'button',
          {
            type: 'button',
            className: 'fold-head',
            'aria-expanded': isOpen,
            'aria-controls': isOpen ? panel : undefined,
            onClick: () => toggle(part.id),
          },
          icon(part.icon, 18),
          h(
            'span',
            { className: 'fold-words' },
            h('span', {}, text(words[index].label)),
            words[index].about && h('span', { className: 'dim' }, text(words[index].about)),
          ),
          h('span', { className: 'spring' }),
          h(Icon, { name: isOpen ? 'chevron-up' : 'chevron-down', size: 17 }),
        ),
        isOpen && h('div', { className: 'fold-body', id: panel }, bodyOf(part)),
      );
    }),
  );
}
register(['accordion', 'collapse'], Accordion);
