/** What nodes carry: fields, columns, actions, charts. */
import { text } from './format.js';
import { isObject } from './path.js';
import { inputType } from './schema.js';
import { nearest } from './suggest.js';

const INPUTS =
  'text textarea password search json number slider range color switch checkbox select multiselect tags radio segmented chips date time datetime daterange file info section fieldset group heading'
    .split(' ');
const CHOICES = ['select', 'multiselect', 'radio', 'segmented'];
const RENDERS = ['status', 'badge', 'progress', 'json', 'code', 'icon', 'image', 'link'];
const CHARTS =
  'line area bar composed composite column radar scatter bubble spline heatmap pie donut doughnut radialbar radial treemap'
    .split(' ');

/** @param {any} list @param {string} path @param {import('./validate.js').Check} check @param {boolean} areInputs */
export function checkFields(list, path, check, areInputs) {
  if (!Array.isArray(list)) return check.say('error', path, 'Fields are a list.');
  const seen = new Set();
  list.forEach((field, index) => {
    const at = `${path}[${index}]`;
    if (!areInputs) return;
    if (!isObject(field)) return check.say('error', at, 'A field is an object with an id and a type.');
    const input = inputType(field.type);
    if (field.id === undefined && field.name === undefined && input !== 'info') {
      check.say('error', at, 'This field has no id, so it is left out.');
    }
    if (seen.has(field.id)) check.say('error', `${at}.id`, `Two fields are called “${text(field.id)}”.`);
    if (field.id !== undefined) seen.add(field.id);
    if (!INPUTS.includes(input)) {
      check.say(
        'error',
        `${at}.type`,
        `There is no input “${text(field.type)}”; it is edited as text.${nearest(text(field.type), INPUTS)}`,
      );
    }
    if (CHOICES.includes(input) && !Array.isArray(field.options) && field.optionsSource === undefined) {
      check.say('warning', at, `A ${input} without options or optionsSource has nothing to choose.`);
    }
    if (Array.isArray(field.fields)) checkFields(field.fields, `${at}.fields`, check, true);
    const source = isObject(field.optionsSource) ? field.optionsSource.source : field.optionsSource;
    if (typeof source === 'string' && !check.sources.includes(source)) {
      check.say(
        'error',
        `${at}.optionsSource`,
        `There is no data source “${source}”.${nearest(source, check.sources)}`,
      );
    }
  });
}

/** @param {any} list @param {string} path @param {import('./validate.js').Check} check */
export function checkColumns(list, path, check) {
  if (!Array.isArray(list)) return check.say('error', path, 'Columns are a list.');
  list.forEach((column, index) => {
    const at = `${path}[${index}]`;
    if (typeof column === 'string') return;
    if (!isObject(column)) return check.say('error', at, 'A column is an object or the name of a key.');
    if (column.id === undefined && column.accessor === undefined && column.path === undefined) {
      check.say('error', at, 'This column says neither id nor accessor.');
    }
    if (column.render !== undefined && !RENDERS.includes(column.render)) {
      check.say(
        'warning',
        `${at}.render`,
        `There is no way to render “${text(column.render)}”.${nearest(text(column.render), RENDERS)}`,
      );
    }
    if (column.type === 'actions' && !Array.isArray(column.actions)) {
      check.say('error', at, 'A column of actions has a list of actions.');
    }
  });
}

const RUNS = ['action', 'actionbutton', 'button', 'form', 'wizard'];
const LISTS = ['actions', 'rowActions', 'bulkActions', 'buttons'];

/** @param {any} node @param {string} type @param {string} path @param {import('./validate.js').Check} check */
export function checkActions(node, type, path, check) {
  const known = (/** @type {unknown} */ given, /** @type {string} */ at) => {
    const id = text(given);
    if (check.actions.length && !id.includes('{{') && !check.actions.includes(id)) {
      check.say(
        'warning',
        at,
        `The plugin declares no action “${id}”; its run() is called with it all the same.${nearest(id, check.actions)}`,
      );
    }
  };
  if (RUNS.includes(type) && node.action === undefined && node.id === undefined) {
    check.say('error', path, `A ${text(node.type)} says which action it runs.`);
  }
  if (typeof node.action === 'string') known(node.action, `${path}.action`);
  for (const key of LISTS) {
    if (!Array.isArray(node[key])) continue;
    node[key].forEach((/** @type {any} */ one, /** @type {number} */ index) => {
      const at = `${path}.${key}[${index}]`;
      if (!isObject(one) || (one.id === undefined && one.action === undefined)) {
        check.say('error', at, 'An action is an object with an id.');
      } else known(one.action ?? one.id, at);
    });
  }
  if (type === 'chart' && node.chartType !== undefined) {
    const kind = text(node.chartType).toLowerCase().replace(/[\s_-]/g, '');
    if (!CHARTS.includes(kind)) {
      check.say(
        'error',
        `${path}.chartType`,
        `There is no chart “${text(node.chartType)}”.${nearest(text(node.chartType), CHARTS)}`,
      );
    }
  }
}
