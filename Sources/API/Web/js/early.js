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
  var ask = function (path) {
    return fetch(path, { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
  };
  var session = ask('/api/auth/session/');
  var plugins = session.then(function (answer) {
    return answer.clone().json();
  }).then(function (found) {
    return found.authenticated ? ask('/api/plugins/plugins/') : undefined;
  });
  globalThis.asked = {
    '/api/auth/session/': session.catch(nothing),
    '/api/plugins/plugins/': plugins.catch(nothing),
  };

  // Written by test/preloads.js: the modules of each page beyond those of the shell, which index.html names.
  var pages = /** @type {Record<string, string[]>} */ ({
    /* begin */
    plugins: [
      'app/pages/plugins.js',
      'app/plugins/arrange.js',
      'app/plugins/card.js',
      'render/node.js',
      'core/condition.js',
      'core/template.js',
      'render/runtime.js',
      'render/host.js',
      'render/scope.js',
      'render/sources.js',
      'render/load.js',
      'app/plugins/badges.js',
      'app/plugins/legacy.js',
      'components/inputs/form.js',
      'components/inputs/sourced.js',
      'components/inputs/field.js',
      'components/inputs/choice.js',
      'components/inputs/numbers.js',
      'components/inputs/file.js',
      'components/inputs/moments.js',
      'components/inputs/words.js',
      'components/actions/button.js',
      'render/run.js',
      'core/result.js',
      'components/layout/options.js',
      'app/plugins/remove.js',
      'app/plugins/toggle.js',
      'app/plugins/import.js',
    ],
    plugin: [
      'app/pages/plugin.js',
      'render/node.js',
      'core/condition.js',
      'core/template.js',
      'render/runtime.js',
      'render/host.js',
      'render/scope.js',
      'render/sources.js',
      'render/load.js',
      'app/plugins/badges.js',
      'app/plugins/card.js',
      'app/plugins/legacy.js',
      'components/inputs/form.js',
      'components/inputs/sourced.js',
      'components/inputs/field.js',
      'components/inputs/choice.js',
      'components/inputs/numbers.js',
      'components/inputs/file.js',
      'components/inputs/moments.js',
      'components/inputs/words.js',
      'components/actions/button.js',
      'render/run.js',
      'core/result.js',
      'components/layout/options.js',
      'app/plugins/remove.js',
      'app/plugins/toggle.js',
    ],
    tasks: [
      'app/tasks/index.js',
      'app/tasks/overview.js',
      'net/tasks.js',
      'components/data/spark.js',
      'core/series.js',
      'app/live.js',
      'core/calm.js',
      'app/parts.js',
      'app/tasks/charts.js',
      'core/readings.js',
      'app/tasks/coming.js',
      'app/tasks/frame.js',
      'app/tabs.js',
      'app/tasks/rule.js',
      'app/tasks/queues.js',
      'app/tasks/running.js',
      'app/foldgrid.js',
      'app/tasks/log.js',
      'core/log.js',
      'components/realtime/logview.js',
      'ui/save.js',
      'app/tasks/workers.js',
    ],
    'tasks/history': [
      'app/tasks/index.js',
      'app/tasks/history.js',
      'net/tasks.js',
      'app/live.js',
      'core/calm.js',
      'app/parts.js',
      'app/moment.js',
      'components/inputs/moments.js',
      'app/tasks/frame.js',
      'app/tabs.js',
    ],
    'tasks/schedules': [
      'app/tasks/index.js',
      'app/tasks/schedules.js',
      'net/tasks.js',
      'app/cron.js',
      'core/sources.js',
      'app/foldgrid.js',
      'app/live.js',
      'core/calm.js',
      'app/parts.js',
      'app/tasks/editor.js',
      'app/moment.js',
      'components/inputs/moments.js',
      'app/tasks/rule.js',
      'app/tasks/ruleform.js',
      'app/tasks/frame.js',
      'app/tabs.js',
    ],
    'tasks/dead': [
      'app/tasks/index.js',
      'app/tasks/dead.js',
      'net/tasks.js',
      'app/live.js',
      'core/calm.js',
      'app/parts.js',
      'app/tasks/frame.js',
      'app/tabs.js',
      'app/tasks/letters.js',
      'components/content/code.js',
      'components/layout/options.js',
      'app/foldgrid.js',
      'app/tasks/again.js',
    ],
    'tasks/id': [
      'app/tasks/index.js',
      'app/tasks/task.js',
      'net/tasks.js',
      'components/content/code.js',
      'components/layout/options.js',
      'app/live.js',
      'core/calm.js',
      'app/parts.js',
      'app/tasks/again.js',
      'app/tasks/frame.js',
      'app/tabs.js',
      'app/tasks/log.js',
      'core/log.js',
      'components/realtime/logview.js',
      'ui/save.js',
      'app/tasks/story.js',
      'core/attempts.js',
    ],
    sources: [
      'app/sources/index.js',
      'core/sources.js',
      'net/sources.js',
      'app/parts.js',
      'app/sources/card.js',
      'net/tasks.js',
      'app/sources/editor.js',
      'components/inputs/file.js',
      'app/cron.js',
    ],
    settings: [
      'app/settings/index.js',
      'core/settings.js',
      'core/settings-groups.js',
      'net/settings.js',
      'app/parts.js',
      'app/tabs.js',
      'app/users/key.js',
      'net/users.js',
      'components/content/code.js',
      'components/layout/options.js',
      'app/users/myself.js',
      'app/users/levels.js',
      'app/settings/colours.js',
      'app/settings/group.js',
      'components/inputs/form.js',
      'core/condition.js',
      'core/template.js',
      'components/inputs/sourced.js',
      'render/runtime.js',
      'render/host.js',
      'render/scope.js',
      'render/sources.js',
      'render/load.js',
      'components/inputs/field.js',
      'components/inputs/choice.js',
      'components/inputs/numbers.js',
      'components/inputs/file.js',
      'components/inputs/moments.js',
      'components/inputs/words.js',
      'app/settings/networks.js',
    ],
    users: [
      'app/users/index.js',
      'net/users.js',
      'app/parts.js',
      'app/users/editor.js',
      'app/users/levels.js',
      'app/users/myself.js',
      'app/users/key.js',
      'components/content/code.js',
      'components/layout/options.js',
    ],
    events: [
      'app/pages/events.js',
    ],
    playground: [
      'app/playground/playground.js',
      'core/library/index.js',
      'core/template.js',
      'core/library/actions.js',
      'core/library/data.js',
      'core/library/layout.js',
      'core/library/words.js',
      'core/place.js',
      'core/validate.js',
      'core/suggest.js',
      'core/validate-parts.js',
      'core/validate-document.js',
      'app/playground/drawing.js',
      'render/node.js',
      'core/condition.js',
      'render/runtime.js',
      'render/host.js',
      'render/scope.js',
      'render/sources.js',
      'render/load.js',
      'components/content/markdown.js',
      'core/markdown.js',
      'ui/vendor.js',
      'app/playground/editor.js',
      'app/playground/gallery.js',
      'app/playground/host.js',
      'app/playground/library.js',
    ],
    /* end */
  });
  var parts = location.pathname.split('/').filter(Boolean);
  var deep = pages[parts.slice(0, 2).join('/')] ||
    (parts[0] === 'plugins' && parts.length > 1 ? pages.plugin : undefined);
  var modules = parts.length ? deep || pages[parts[0]] || pages.plugin : pages.plugins;
  var script = /** @type {HTMLScriptElement} */ (document.currentScript);
  modules.forEach(function (name) {
    var href = script.src.replace(/early\.js$/, name);
    document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href: href }));
  });
})();
