// Runs before the first paint and before any module: colours, so that a dark page never flashes white (the rest of the
// story is ui/theme.js); what the page will ask the server for first; and the files that the page will be made of.
(function () {
  var choice = 'auto';
  try {
    choice = localStorage.getItem('skirret:colour-scheme') || 'auto';
  } catch (error) {
    // Storage switched off: follow the system.
  }
  var dark = choice === 'dark' || (choice === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.mantineColorScheme = dark ? 'dark' : 'light';

  // Who is signed in, and the plugins: net/api.js takes these answers over, or asks again when there are none.
  var nothing = function () {
    return undefined;
  };
  // Read to its end here, so that whoever takes it over has it in the same turn and draws once.
  var ask = function (path) {
    return fetch(path, { headers: { Accept: 'application/json' }, credentials: 'same-origin' }).then(function (answer) {
      var said = answer.json();
      answer.json = function () {
        return said;
      };
      return said.then(function () {
        return answer;
      });
    });
  };
  var session = ask('/api/auth/session/');
  // Whoever was signed in when this browser was here last most likely is, and need not wait to be told so.
  var wasIn = false;
  try {
    wasIn = localStorage.getItem('skirret:signed-in') === 'yes';
  } catch (error) {
    // Then one question comes after the other.
  }
  var plugins = wasIn ? ask('/api/plugins/plugins/') : session.then(function (answer) {
    return answer.json();
  }).then(function (found) {
    return found.authenticated ? ask('/api/plugins/plugins/') : undefined;
  });
  globalThis.asked = {
    '/api/auth/session/': session.catch(nothing),
    '/api/plugins/plugins/': plugins.catch(nothing),
  };

  // Written by test/preloads.js: the modules of each page, those of each family of components, and what they import
  // beyond the shell, which index.html names.
  var pages = /** @type {Record<string, string>} */ ({
    /* begin pages */
    plugins: 'app/pages/plugins.js',
    'plugins/browse': 'app/hub/index.js',
    plugin: 'app/pages/plugin.js',
    tasks: 'app/tasks/index.js app/tasks/overview.js',
    'tasks/history': 'app/tasks/index.js app/tasks/history.js',
    'tasks/schedules': 'app/tasks/index.js app/tasks/schedules.js',
    'tasks/dead': 'app/tasks/index.js app/tasks/dead.js',
    'tasks/id': 'app/tasks/index.js app/tasks/task.js',
    sources: 'app/sources/index.js',
    settings: 'app/settings/index.js',
    users: 'app/users/index.js',
    events: 'app/pages/events.js',
    playground: 'app/playground/playground.js',
    /* end pages */
  });
  /** The files that draw components, and their types as they are compared. */
  var families = /** @type {Record<string, string>} */ ({
    /* begin families */
    'components/layout/layout.js':
      'stack column group row box container center simplegrid columns grid card paper section panel',
    'components/layout/tabs.js': 'tabs accordion collapse',
    'components/layout/split.js': 'split splitpane resizable carousel',
    'components/layout/overlay.js': 'modal dialog drawer hovercard popover tooltip',
    'components/layout/menu.js': 'menu dropdown',
    'components/content/content.js':
      'text paragraph title heading divider alert notice callout badge pill link anchor copy copybutton json ' +
      'code pre kbd key highlight',
    'components/content/markdown.js': 'markdown html',
    'components/content/media.js': 'image img video barcode qrcode',
    'components/data/stat.js': 'stat statistic metric kpi',
    'components/data/progress.js':
      'progress progressbar ring ringprogress radialprogress gauge loader spinner loading status statuslight ' +
      'indicator',
    'components/data/lists.js': 'list timeline',
    'components/data/cards.js': 'cardlist listcards cards pagination',
    'components/data/tree.js': 'tree',
    'components/table/table.js': 'table datatable',
    'components/charts/chart.js':
      'chart linechart areachart barchart composedchart radarchart scatterchart heatmapchart piechart donutchart ' +
      'doughnutchart radialbarchart treemapchart',
    'components/realtime/logstream.js': 'logstream log logs',
    'components/actions/button.js': 'action actionbutton button buttons buttongroup',
    'components/actions/form.js': 'form wizard',
    'components/actions/settings.js': 'settingsform settings',
    'components/actions/sortable.js': 'sortablelist sortable draglist',
    'components/actions/guides.js': 'spotlight commandpalette tour',
    'app/plugins/legacy.js': 'legacy',
    /* end families */
  });
  var imports = /** @type {Record<string, string>} */ ({
    /* begin imports */
    'app/cron.js': 'core/sources.js net/tasks.js',
    'app/foldgrid.js': 'app/parts.js',
    'app/hub/card.js':
      'core/hub.js app/plugins/avatar.js app/plugins/toggle.js app/hub/details.js app/hub/install.js',
    'app/hub/details.js': 'core/hub.js net/hub.js app/parts.js',
    'app/hub/index.js':
      'core/hub.js net/hub.js components/table/pager.js app/parts.js app/plugins/tabs.js app/plugins/waiting.js ' +
      'app/hub/card.js app/hub/repos.js',
    'app/hub/install.js': 'core/hub.js net/hub.js',
    'app/hub/repos.js': 'core/hub.js net/hub.js app/parts.js app/hub/card.js app/hub/install.js',
    'app/live.js': 'core/calm.js net/tasks.js app/parts.js',
    'app/moment.js': 'components/inputs/moments.js',
    'app/pages/plugin.js':
      'render/node.js render/runtime.js app/plugins/avatar.js app/plugins/badges.js app/plugins/requirements.js ' +
      'app/plugins/safemode.js app/plugins/toggle.js app/tabs.js',
    'app/pages/plugins.js':
      'app/plugins/arrange.js app/plugins/card.js app/plugins/import.js app/plugins/safemode.js ' +
      'app/plugins/tabs.js app/plugins/waiting.js',
    'app/playground/drawing.js': 'render/node.js render/runtime.js',
    'app/playground/editor.js': 'core/place.js',
    'app/playground/gallery.js':
      'core/library/index.js components/content/markdown.js render/node.js render/runtime.js ' +
      'app/playground/host.js',
    'app/playground/library.js': 'core/library/index.js',
    'app/playground/playground.js':
      'core/library/index.js core/place.js core/validate.js app/playground/drawing.js ' +
      'components/content/markdown.js app/playground/editor.js app/playground/gallery.js app/playground/host.js ' +
      'app/playground/library.js',
    'app/plugins/card.js':
      'render/node.js render/runtime.js app/plugins/avatar.js app/plugins/badges.js app/plugins/legacy.js ' +
      'app/plugins/remove.js app/plugins/requirements.js app/plugins/toggle.js',
    'app/plugins/import.js': 'components/inputs/file.js app/plugins/toggle.js',
    'app/plugins/legacy.js':
      'components/inputs/form.js components/inputs/keeper.js components/actions/button.js render/host.js ' +
      'render/run.js app/parts.js',
    'app/plugins/requirements.js': 'net/installs.js app/parts.js',
    'app/plugins/safemode.js': 'render/run.js',
    'app/settings/colours.js': 'app/parts.js',
    'app/settings/group.js': 'core/settings.js components/inputs/form.js net/settings.js app/parts.js',
    'app/settings/index.js':
      'core/settings.js net/settings.js app/parts.js app/tabs.js app/users/key.js app/users/myself.js ' +
      'app/settings/colours.js app/settings/group.js app/settings/networks.js',
    'app/settings/networks.js':
      'core/settings.js components/inputs/form.js net/settings.js app/parts.js app/settings/group.js',
    'app/sources/card.js': 'core/sources.js net/sources.js net/tasks.js app/live.js app/sources/runs.js',
    'app/sources/editor.js': 'core/sources.js net/sources.js components/inputs/file.js app/cron.js',
    'app/sources/index.js':
      'core/sources.js net/sources.js app/live.js app/parts.js app/sources/card.js app/sources/editor.js',
    'app/sources/runs.js': 'net/tasks.js app/live.js app/parts.js app/tasks/frame.js',
    'app/tasks/again.js': 'net/tasks.js',
    'app/tasks/charts.js': 'core/readings.js app/live.js app/parts.js app/tasks/lines.js',
    'app/tasks/coming.js': 'net/tasks.js app/live.js app/parts.js app/tasks/frame.js app/tasks/rule.js',
    'app/tasks/dead.js': 'net/tasks.js app/live.js app/parts.js app/tasks/frame.js app/tasks/letters.js',
    'app/tasks/editor.js': 'net/tasks.js app/cron.js app/moment.js app/tasks/rule.js app/tasks/ruleform.js',
    'app/tasks/frame.js': 'app/tabs.js',
    'app/tasks/history.js': 'net/tasks.js app/live.js app/moment.js app/parts.js app/tasks/frame.js',
    'app/tasks/letters.js':
      'net/tasks.js components/content/code.js app/foldgrid.js app/live.js app/parts.js app/tasks/again.js',
    'app/tasks/lines.js': 'core/readings.js',
    'app/tasks/log.js': 'core/log.js components/realtime/logview.js app/tasks/reports.js',
    'app/tasks/overview.js':
      'net/tasks.js components/data/spark.js app/live.js app/parts.js app/tasks/charts.js app/tasks/coming.js ' +
      'app/tasks/frame.js app/tasks/queues.js app/tasks/running.js app/tasks/workers.js',
    'app/tasks/queues.js': 'net/tasks.js app/live.js app/parts.js',
    'app/tasks/reports.js': 'core/calm.js core/tasklog.js net/tasks.js app/live.js',
    'app/tasks/rule.js': 'core/sources.js',
    'app/tasks/ruleform.js': 'app/cron.js app/moment.js app/tasks/rule.js',
    'app/tasks/running.js':
      'core/calm.js net/tasks.js app/foldgrid.js app/live.js app/parts.js app/tasks/frame.js app/tasks/log.js ' +
      'app/tasks/reports.js',
    'app/tasks/schedules.js':
      'net/tasks.js app/cron.js app/foldgrid.js app/live.js app/parts.js app/tasks/editor.js app/tasks/frame.js ' +
      'app/tasks/rule.js',
    'app/tasks/story.js': 'core/attempts.js net/tasks.js app/parts.js app/tasks/frame.js',
    'app/tasks/task.js':
      'net/tasks.js components/content/code.js app/live.js app/parts.js app/tasks/again.js app/tasks/frame.js ' +
      'app/tasks/log.js app/tasks/reports.js app/tasks/story.js',
    'app/tasks/workers.js': 'net/tasks.js app/foldgrid.js app/live.js app/parts.js app/tasks/frame.js',
    'app/users/editor.js': 'net/users.js app/users/levels.js app/users/myself.js',
    'app/users/index.js':
      'net/users.js app/parts.js app/users/editor.js app/users/key.js app/users/levels.js app/users/myself.js',
    'app/users/key.js': 'net/users.js components/content/code.js app/parts.js',
    'app/users/myself.js': 'net/users.js app/parts.js app/users/key.js app/users/levels.js',
    'components/actions/button.js':
      'core/condition.js render/runtime.js render/run.js components/layout/options.js',
    'components/actions/form.js':
      'render/run.js render/runtime.js render/scope.js components/inputs/form.js components/actions/button.js ' +
      'components/actions/steps.js',
    'components/actions/guides.js':
      'render/run.js render/runtime.js components/data/items.js components/actions/button.js',
    'components/actions/settings.js': 'render/runtime.js components/inputs/form.js components/inputs/keeper.js',
    'components/actions/sortable.js':
      'render/run.js render/runtime.js render/scope.js ui/sortlist.js components/data/items.js ' +
      'components/actions/button.js',
    'components/charts/axes.js': 'components/layout/options.js',
    'components/charts/chart.js':
      'render/runtime.js components/layout/options.js components/charts/data.js components/charts/axes.js ' +
      'components/charts/heatmap.js components/charts/shares.js',
    'components/charts/data.js': 'core/series.js render/runtime.js',
    'components/charts/heatmap.js': 'components/charts/data.js',
    'components/charts/shares.js': 'core/treemap.js',
    'components/content/code.js': 'components/layout/options.js',
    'components/content/content.js':
      'render/runtime.js components/layout/layout.js components/layout/options.js components/content/code.js ' +
      'components/content/markdown.js',
    'components/content/markdown.js': 'core/markdown.js render/runtime.js ui/vendor.js',
    'components/content/media.js': 'core/barcode.js render/runtime.js components/layout/options.js',
    'components/data/cards.js':
      'render/node.js render/runtime.js render/scope.js components/actions/button.js components/content/media.js ' +
      'components/layout/options.js components/table/pager.js components/data/items.js',
    'components/data/items.js': 'core/template.js render/runtime.js components/layout/options.js',
    'components/data/lists.js': 'render/node.js render/runtime.js render/scope.js components/data/items.js',
    'components/data/progress.js': 'render/runtime.js components/layout/options.js',
    'components/data/spark.js': 'core/series.js',
    'components/data/stat.js': 'render/runtime.js components/data/spark.js',
    'components/data/tree.js':
      'render/runtime.js render/run.js components/actions/button.js components/data/items.js',
    'components/inputs/choice.js': 'components/inputs/framed.js',
    'components/inputs/field.js':
      'components/inputs/choice.js components/inputs/file.js components/inputs/moments.js ' +
      'components/inputs/numbers.js components/inputs/words.js',
    'components/inputs/file.js': 'components/inputs/framed.js',
    'components/inputs/form.js': 'core/condition.js components/inputs/sourced.js',
    'components/inputs/numbers.js': 'components/inputs/framed.js',
    'components/inputs/sourced.js': 'render/runtime.js components/inputs/field.js',
    'components/layout/layout.js': 'render/node.js render/runtime.js components/layout/options.js',
    'components/layout/menu.js': 'render/run.js render/runtime.js components/actions/button.js',
    'components/layout/overlay.js':
      'render/runtime.js components/actions/button.js components/layout/layout.js components/layout/options.js',
    'components/layout/split.js': 'render/node.js render/runtime.js components/layout/options.js',
    'components/layout/tabs.js':
      'core/condition.js render/node.js render/runtime.js components/layout/options.js',
    'components/realtime/logstream.js':
      'core/log.js render/runtime.js components/layout/options.js components/realtime/logview.js',
    'components/realtime/logview.js': 'ui/save.js',
    'components/table/bulk.js': 'render/scope.js components/actions/button.js',
    'components/table/cell.js': 'core/template.js components/content/media.js',
    'components/table/edit.js': 'components/table/cell.js',
    'components/table/edits.js': 'render/run.js render/runtime.js components/actions/button.js',
    'components/table/head.js': 'components/table/cell.js components/table/state.js',
    'components/table/row.js':
      'render/node.js render/scope.js components/actions/button.js components/table/cell.js ' +
      'components/table/edit.js',
    'components/table/state.js':
      'components/data/items.js components/layout/options.js components/table/cell.js',
    'components/table/table.js':
      'render/runtime.js render/scope.js components/layout/options.js components/table/bulk.js ' +
      'components/table/edits.js components/table/head.js components/table/pager.js components/table/row.js ' +
      'components/table/state.js components/table/virtual.js',
    'core/condition.js': 'core/template.js',
    'core/library/index.js':
      'core/template.js core/library/actions.js core/library/data.js core/library/layout.js core/library/words.js',
    'core/settings.js': 'core/settings-groups.js',
    'core/validate-document.js': 'core/suggest.js core/validate.js',
    'core/validate-parts.js': 'core/suggest.js',
    'core/validate.js': 'core/library/index.js core/suggest.js core/validate-parts.js core/validate-document.js',
    'net/following.js': 'net/tasks.js',
    'net/installs.js': 'net/following.js',
    'render/host.js': 'net/following.js net/watch.js',
    'render/node.js': 'core/condition.js render/runtime.js render/scope.js',
    'render/run.js': 'core/result.js net/tasks.js render/host.js render/runtime.js',
    'render/runtime.js': 'core/template.js render/host.js render/scope.js render/sources.js',
    'render/sources.js': 'core/template.js render/load.js',
    'ui/sortlist.js': 'core/order.js ui/vendor.js',
    /* end imports */
  });

  var script = /** @type {HTMLScriptElement} */ (document.currentScript);
  var named = /** @type {Record<string, boolean>} */ ({});
  var fetchAhead = function (/** @type {string} */ name) {
    if (named[name]) return;
    named[name] = true;
    var href = script.src.replace(/early\.js$/, name);
    document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href: href }));
    if (imports[name]) fetchAll(imports[name]);
  };
  var fetchAll = function (/** @type {string} */ names) {
    names.split(' ').forEach(fetchAhead);
  };
  var parts = location.pathname.split('/').filter(Boolean);
  var isList = !parts.length || (parts[0] === 'plugins' && parts.length === 1);
  var deep = pages[parts.slice(0, 2).join('/')] ||
    (parts[0] === 'plugins' && parts.length > 1 ? pages.plugin : undefined);
  fetchAll(parts.length ? deep || pages[parts[0]] || pages.plugin : pages.plugins);

  // What a plugin's page is drawn with is known from the answer, long before there is anything that draws.
  var typesIn = function (/** @type {any} */ value, /** @type {Record<string, boolean>} */ found, /** @type {number} */ depth) {
    if (typeof value !== 'object' || value === null || depth > 40) return found;
    if (typeof value.type === 'string') found[value.type.toLowerCase().replace(/[\s_-]/g, '')] = true;
    Object.keys(value).forEach(function (key) {
      typesIn(value[key], found, depth + 1);
    });
    return found;
  };
  var fetchFamilies = function (/** @type {Record<string, boolean>} */ types) {
    Object.keys(families).forEach(function (name) {
      var isDrawn = families[name].split(' ').some(function (type) {
        return types[type];
      });
      if (isDrawn) fetchAhead(name);
    });
  };
  /** The layouts of a plugin that this address draws first; of a list, those of small cards. */
  var layoutsOf = function (/** @type {any} */ plugin) {
    var schema = plugin.ui_schema || {};
    if (isList) return plugin.enabled && schema.preview;
    var isItsOwn = parts[0] === 'plugins' && plugin.key === decodeURIComponent(parts[1]);
    if (isItsOwn && parts.length === 2) return schema.layout || { type: 'legacy' };
    return (Array.isArray(schema.pages) ? schema.pages : []).filter(function (/** @type {any} */ page) {
      return isItsOwn ? page.id === parts[2] : page.route === location.pathname;
    });
  };
  plugins.then(function (answer) {
    return answer && answer.json();
  }).then(function (answer) {
    if (!answer) return;
    fetchFamilies(typesIn(answer.plugins.map(layoutsOf), {}, 0));
  }).catch(nothing);
  // render/node.js says likewise what it is about to draw, or one import would wait for the other.
  globalThis.fetchTypes = function (types) {
    var found = /** @type {Record<string, boolean>} */ ({});
    types.forEach(function (type) {
      found[type] = true;
    });
    fetchFamilies(found);
  };
})();
