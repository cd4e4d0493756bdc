/** Which file draws which types. It is fetched when a page first names one of them, and registers them. */
import { declare } from '../render/registry.js';

declare(
  'stack column group row box container center simpleGrid columns grid card paper section panel',
  () => import('./layout/layout.js'),
);
declare('tabs accordion collapse', () => import('./layout/tabs.js'));
declare('split splitPane resizable carousel', () => import('./layout/split.js'));
declare('modal dialog drawer hoverCard popover tooltip', () => import('./layout/overlay.js'));
declare('menu dropdown', () => import('./layout/menu.js'));
declare(
  'text paragraph title heading divider alert notice callout badge pill link anchor copy copyButton json code pre kbd key highlight',
  () => import('./content/content.js'),
);
declare('markdown html', () => import('./content/markdown.js'));
declare('image img video barcode qrcode', () => import('./content/media.js'));
declare('stat statistic metric kpi', () => import('./data/stat.js'));
declare(
  'progress progressBar ring ringProgress radialProgress gauge loader spinner loading status statusLight indicator',
  () => import('./data/progress.js'),
);
declare('list timeline', () => import('./data/lists.js'));
declare('cardList listCards cards pagination', () => import('./data/cards.js'));
declare('tree', () => import('./data/tree.js'));
declare('table dataTable', () => import('./table/table.js'));
declare(
  'chart lineChart areaChart barChart composedChart radarChart scatterChart heatmapChart pieChart donutChart doughnutChart ' +
    'radialbarChart treemapChart',
  () => import('./charts/chart.js'),
);
declare('logStream log logs', () => import('./realtime/logstream.js'));
declare('action actionButton button buttons buttonGroup', () => import('./actions/button.js'));
declare('form wizard', () => import('./actions/form.js'));
declare('settingsForm settings', () => import('./actions/settings.js'));
declare('sortableList sortable dragList', () => import('./actions/sortable.js'));
declare('spotlight commandPalette tour', () => import('./actions/guides.js'));
