/** What authors can write, with an example of each: data, charts, what is live. */
const COLUMNS = [
  { id: 'name', label: 'Name', sortable: true, editable: true },
  { id: 'status', label: 'Status', filter: 'select', badge: { colors: { up: 'teal', down: 'red' } } },
  { id: 'load', label: 'Load', render: 'progress' },
  { id: 'seen', label: 'Seen', format: 'ago' },
];
const ITEMS = 'items data rows limit emptyText emptyMessage';
const CHART =
  'chartType kind xKey x yKey series data rows height stacked curve curveType legend withLegend grid dots unit xLabel yLabel xAxis yAxis tooltip orientation horizontal nameKey labelKey valueKey dataKey colors centerLabel emptyText';
const SERIES = {
  xKey: 'time',
  series: [{ dataKey: 'up', label: 'Up', color: '#4dabf7' }, { dataKey: 'down', label: 'Down', color: 'red' }],
  height: 200,
};
const SHARES = { source: 'shares', nameKey: 'label', valueKey: 'value', height: 200 };

/** @param {string} chartType @param {string} about @param {object} more @returns {import('./index.js').Entry} */
const chart = (chartType, about, more) => ({
  about,
  options: CHART,
  example: { type: 'chart', chartType, title: chartType, ...more },
});

/** @type {Record<string, import('./index.js').Entry>} */
export const data = {
  table: {
    about: 'Rows: sorted, searched, filtered, paged, chosen, edited, opened, acted upon.',
    options:
      `columns rows data items rowKey pageSize pagination search searchable filterable columnFilters selectable selection bulkActions rowActions initialSort expandable onEditAction virtual virtualized height maxHeight emptyText emptyMessage`,
    example: {
      type: 'table',
      title: 'Workers',
      source: 'rows',
      columns: COLUMNS,
      search: true,
      selectable: true,
      pageSize: 5,
      initialSort: [{ id: 'name' }],
      bulkActions: [{ id: 'restart', label: 'Restart', params: { ids: '{{ selection.ids }}' } }],
      rowActions: [{
        id: 'restart',
        label: 'Restart',
        color: 'orange',
        confirm: { message: 'Restart {{ row.name }}?' },
      }],
      onEditAction: 'rename',
      expandable: { fields: [{ path: 'note', label: 'Note' }] },
    },
  },
  cardList: {
    about: 'Items as cards, with a picture, facts and actions.',
    options:
      `${ITEMS} cols columns pageSize image thumbnail imageKey itemTitle titleKey descriptionKey heading fields metadata meta badge badgeColor actions rowActions rowKey idKey`,
    example: {
      type: 'cardList',
      source: 'rows',
      limit: 3,
      title: '{{ item.name }}',
      fields: [{ path: 'status', label: 'Status' }],
    },
  },
  list: {
    about: 'Items as lines.',
    options: `${ITEMS} ordered template labelKey itemLayout item`,
    example: {
      type: 'list',
      source: 'rows',
      limit: 3,
      template: '{{ item.name }} is {{ item.status }}',
      icon: 'Server',
    },
  },
  pagination: {
    about: 'Items in pages, as cards.',
    options: `${ITEMS} pageSize cols itemTitle titleKey fields`,
    example: { type: 'pagination', source: 'rows', pageSize: 3 },
  },
  tree: {
    about: 'Branches that open.',
    options: `${ITEMS} nodes expanded defaultExpanded idKey rowKey labelKey childrenKey template onSelectAction action`,
    example: {
      type: 'tree',
      items: [{ id: 1, label: 'News', children: [{ id: 2, label: 'World' }] }, { id: 3, label: 'Sport' }],
      expanded: ['1'],
    },
  },
  timeline: {
    about: 'What happened, newest where you put it.',
    options: `${ITEMS} timeKey titleKey itemTitle descriptionKey time`,
    example: {
      type: 'timeline',
      items: [{ title: 'Started', time: 1800000000, color: 'teal', text: 'By hand' }, {
        title: 'Failed',
        time: 1800000600,
        color: 'red',
      }],
    },
  },
  stat: {
    about: 'A figure: a literal, a template, or `metricPath` in its source.',
    options:
      'value metricPath fallback defaultValue placeholder delta change lessIsBetter format unit suffix prefix help helpText sparkline',
    example: {
      type: 'stat',
      label: 'Up',
      value: '{{ metrics.up }}',
      icon: 'Server',
      color: 'teal',
      delta: 2,
      sparkline: { source: 'series', dataKey: 'up' },
    },
  },
  progress: {
    about: 'How far, 0 to 100 or to `max`.',
    options: 'value max sections striped animated showValue size',
    example: { type: 'progress', label: 'Import', value: 42, striped: true },
  },
  ring: {
    about: 'How far, round.',
    options: 'value max sections size thickness centerLabel center',
    example: { type: 'ring', label: 'Disk', value: 73, color: 'orange' },
  },
  loader: {
    about: 'Something is going on; with a source, only while that loads.',
    options: 'text size variant',
    example: { type: 'loader', label: 'Working' },
  },
  status: {
    about: 'A light and a word.',
    options: 'value status text colors labels pulse',
    example: { type: 'status', label: 'Host', value: 'up', pulse: true },
  },
  logStream: {
    about: 'Lines as they arrive: follow, pause, search, levels, save.',
    options: 'limit lines value height emptyText defaultText',
    example: { type: 'logStream', title: 'Log', source: 'lines', height: 160 },
  },
  line: chart('line', 'Series over x.', { source: 'series', ...SERIES }),
  area: chart('area', 'Series as areas, stacked if you like.', { source: 'series', ...SERIES, stacked: true }),
  bar: chart('bar', 'Series as bars.', { source: 'series', ...SERIES }),
  composed: chart('composed', 'Bars, lines and areas together.', {
    source: 'series',
    ...SERIES,
    series: [{ dataKey: 'up', type: 'bar' }, { dataKey: 'down', type: 'line', color: 'red' }],
  }),
  radar: chart('radar', 'Series around a centre.', {
    source: 'shares',
    xKey: 'label',
    series: [{ dataKey: 'value' }],
    height: 200,
  }),
  scatter: chart('scatter', 'Points.', { source: 'series', xKey: 'up', yKey: 'down', height: 200 }),
  heatmap: chart('heatmap', 'A square for each x and y.', {
    source: 'series',
    xKey: 'time',
    yKey: 'kind',
    valueKey: 'up',
    height: 160,
  }),
  pie: chart('pie', 'Parts of a whole.', SHARES),
  donut: chart('donut', 'Parts of a whole, with a hole.', SHARES),
  radialBar: chart('radialBar', 'A ring for each part.', SHARES),
  treemap: chart('treemap', 'Areas as large as their parts.', SHARES),
};
