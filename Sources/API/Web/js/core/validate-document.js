/** What a page declares around its nodes: data sources and further pages. */
import { text } from './format.js';
import { isObject } from './path.js';
import { nearest } from './suggest.js';
import { safeRoute } from './url.js';
import { checkNode, checkWords } from './validate.js';

const TYPES = ['action', 'resource', 'static', 'url'];
const MODES = ['refresh', 'append', 'patch'];
const PLACES = ['plugin', 'sidebar', 'hidden'];

/** @param {any} spec @param {string} at @param {import('./validate.js').Check} check */
function checkSource(spec, at, check) {
  if (!isObject(spec)) return check.say('error', at, 'A data source is an object with a type.');
  const type = spec.type ?? 'action';
  if (!TYPES.includes(type)) {
    check.say(
      'error',
      `${at}.type`,
      `There is no data source of type “${text(type)}”.${nearest(text(type), TYPES)} Known are ${TYPES.join(', ')}.`,
    );
  }
  if (type === 'action' && spec.action === undefined) {
    check.say('error', at, 'A source of type action says which action.');
  }
  if (type === 'resource' && spec.resource === undefined) {
    check.say('error', at, 'A source of type resource says which resource.');
  }
  if (type === 'url') {
    if (typeof spec.url !== 'string') check.say('error', at, 'A source of type url says which address.');
    else if (!/^\/(?!\/)/.test(spec.url)) {
      check.say('warning', `${at}.url`, 'Pages reach their own server only; let the plugin fetch other sites.');
    }
  }
  if (type === 'static' && ['data', 'value', 'payload', 'items', 'default'].every((key) => spec[key] === undefined)) {
    check.say('warning', at, 'A static source without data shows nothing until an event brings some.');
  }
  if (isObject(spec.refresh) && spec.refresh.interval !== undefined && !(Number(spec.refresh.interval) > 0)) {
    check.say('error', `${at}.refresh.interval`, 'The interval is a number of seconds.');
  }
  if (spec.pick !== undefined && !Array.isArray(spec.pick)) check.say('error', `${at}.pick`, 'pick is a list of keys.');
  if (spec.subscribe === undefined) return;
  if (!isObject(spec.subscribe)) {
    return check.say('error', `${at}.subscribe`, 'subscribe is an object: {"event": "plugin_event", "filter": {…}}.');
  }
  if (spec.subscribe.mode !== undefined && !MODES.includes(spec.subscribe.mode)) {
    check.say(
      'error',
      `${at}.subscribe.mode`,
      `There is no mode “${text(spec.subscribe.mode)}”; use ${MODES.join(', ')}.`,
    );
  }
}

/** @param {any} sources @param {import('./validate.js').Check} check */
export function checkSources(sources, check) {
  if (sources === undefined) return;
  if (!isObject(sources)) {
    return check.say('error', 'dataSources', 'dataSources is an object: a description under each name.');
  }
  for (const [id, spec] of Object.entries(sources)) {
    checkSource(spec, `dataSources.${id}`, check);
    if (isObject(spec) && spec.params !== undefined) checkWords(spec.params, `dataSources.${id}.params`, check);
  }
}

/** @param {any} pages @param {import('./validate.js').Check} check */
export function checkPages(pages, check) {
  if (pages === undefined) return;
  if (!Array.isArray(pages)) return check.say('error', 'pages', 'pages is a list.');
  const seen = new Set();
  pages.forEach((page, index) => {
    const at = `pages[${index}]`;
    if (!isObject(page)) return check.say('error', at, 'A page is an object with an id and a layout.');
    if (page.id === undefined) check.say('error', at, 'This page has no id, so it has no address.');
    if (seen.has(page.id)) check.say('error', `${at}.id`, `Two pages are called “${text(page.id)}”.`);
    seen.add(page.id);
    if (page.placement !== undefined && !PLACES.includes(page.placement)) {
      check.say('error', `${at}.placement`, `A page is placed in ${PLACES.join(', ')}.`);
    }
    if (page.route !== undefined && !safeRoute(page.route)) {
      check.say('warning', `${at}.route`, `“${text(page.route)}” cannot be a route; the page stays under /plugins.`);
    }
    if (page.requiresSetting !== undefined && check.settings.length && !check.settings.includes(page.requiresSetting)) {
      check.say(
        'warning',
        `${at}.requiresSetting`,
        `The plugin has no setting “${text(page.requiresSetting)}”.${
          nearest(text(page.requiresSetting), check.settings)
        }`,
      );
    }
    if (page.layout === undefined) check.say('error', at, 'This page has no layout.');
    else checkNode(page.layout, `${at}.layout`, check, 1);
  });
}
