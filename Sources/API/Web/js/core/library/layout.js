/** What authors can write, with an example of each: arrangement. `options` are those beyond what every node takes. */
const words = (/** @type {string} */ text) => ({ type: 'text', text });
const card = (/** @type {string} */ title) => ({ type: 'card', title, children: [words('What is in it')] });

/** @type {Record<string, import('./index.js').Entry>} */
export const layout = {
  stack: {
    about: 'Children below each other.',
    options: 'gap spacing align justify',
    example: { type: 'stack', gap: 'sm', children: [words('First'), words('Second')] },
  },
  group: {
    about: 'Children side by side, wrapping.',
    options: 'gap spacing align justify position grow wrap',
    example: {
      type: 'group',
      justify: 'space-between',
      children: [words('Left'), { type: 'badge', text: 'Right', color: 'teal' }],
    },
  },
  box: {
    about: 'A frame: padding, a border, a tint, a largest height.',
    options: 'padding p maxWidth maxHeight withBorder center',
    example: { type: 'box', padding: 'md', withBorder: true, children: [words('Boxed')] },
  },
  grid: {
    about: 'Twelve columns; each child says its span, by width if it likes.',
    options: 'gutter gap spacing cols columns',
    example: {
      type: 'grid',
      children: [{ ...card('Eight of twelve'), span: { base: 12, md: 8 } }, {
        ...card('Four'),
        span: { base: 12, md: 4 },
      }],
    },
  },
  simpleGrid: {
    about: 'Columns of the same width.',
    options: 'cols columns gap spacing verticalSpacing',
    example: { type: 'simpleGrid', cols: { base: 1, sm: 3 }, children: [card('One'), card('Two'), card('Three')] },
  },
  card: {
    about: 'A panel with a heading.',
    options: 'subtitle gap',
    example: {
      type: 'card',
      title: 'Health',
      icon: 'HeartPulse',
      description: 'Since this morning',
      children: [words('All is well.')],
    },
  },
  tabs: {
    about: 'One of several things at a time. Only the open one loads its data.',
    options: 'tabs items defaultTab defaultValue active variant orientation grow',
    example: {
      type: 'tabs',
      defaultTab: 'logs',
      tabs: [{ id: 'overview', label: 'Overview', icon: 'Gauge', children: [words('Overview')] }, {
        id: 'logs',
        label: 'Logs',
        badge: '3',
        children: [words('Logs')],
      }],
    },
  },
  accordion: {
    about: 'Parts that fold away.',
    options: 'items sections multiple defaultValue defaultOpen expanded',
    example: {
      type: 'accordion',
      items: [{
        id: 'a',
        label: 'What is this?',
        description: 'In one sentence',
        open: true,
        children: [words('A fold.')],
      }, { id: 'b', label: 'And this?', children: [words('Another.')] }],
    },
  },
  split: {
    about: 'Panes with a bar between them, moved by mouse or arrow keys.',
    options: 'sizes defaultSizes direction orientation height panes items',
    example: { type: 'split', sizes: [30, 70], children: [card('Narrow'), card('Wide')] },
  },
  carousel: {
    about: 'One slide after the other.',
    options: 'slides items autoplay interval',
    example: { type: 'carousel', children: [card('First slide'), card('Second slide')] },
  },
  modal: {
    about: 'A button that opens a dialog.',
    options: 'buttonLabel button_label size variant fullScreen opened defaultOpened',
    example: { type: 'modal', label: 'Open', title: 'A dialog', children: [words('Inside.')] },
  },
  drawer: {
    about: 'A button that opens a sheet at a side.',
    options: 'buttonLabel button_label size position variant opened defaultOpened',
    example: { type: 'drawer', label: 'Open', title: 'Details', position: 'right', children: [words('Inside.')] },
  },
  hoverCard: {
    about: 'Words that explain themselves when pointed at or focused.',
    options: 'width text',
    example: { type: 'hoverCard', label: 'Why?', children: [words('Because.')] },
  },
  menu: {
    about: 'A button with several actions or links below it.',
    options: 'items actions variant size',
    example: {
      type: 'menu',
      label: 'More',
      items: [{ id: 'restart', label: 'Restart', icon: 'RotateCcw' }, {
        id: 'remove',
        label: 'Remove',
        color: 'red',
        confirm: true,
      }],
    },
  },
  divider: {
    about: 'A line, with a word on it if you like.',
    options: 'text orientation labelPosition',
    example: { type: 'divider', label: 'Then' },
  },
};
