/** What an author's page says wrong, with the path of each place. Nothing is refused: whatever can be drawn is drawn. */
import { safeColor } from './color.js';
import { filters, text } from './format.js';
import { COMMON, LIBRARY } from './library/index.js';
import { isObject } from './path.js';
import { DEEPEST_NODE, iconName, MOST_CHILDREN } from './schema.js';
import { nearest } from './suggest.js';
import { checkActions, checkColumns, checkFields } from './validate-parts.js';
import { checkPages, checkSources } from './validate-document.js';

/** @typedef {{path: string, level: 'error' | 'warning', message: string}} Message */
/** @typedef {{sources: string[], actions: string[], settings: string[], types: Set<string>, say: (level: 'error' | 'warning', path: string, message: string) => void}} Check */

/** Names that templates see besides the sources. */
const SCOPE = ['settings', 'context', 'data', 'row', 'value', 'item', 'index', 'values', 'selection', 'result', 'page'];
const MOST_MESSAGES = 200;
const plain = (/** @type {unknown} */ type) => text(type).toLowerCase().replace(/[\s_-]/g, '');

/** The options that a type takes; undefined when nobody has written them down. @type {Map<string, Set<string>>} */
const OPTIONS = new Map();
for (const { options, example } of Object.values(LIBRARY)) {
  const known = OPTIONS.get(plain(example.type)) ?? new Set(COMMON.split(' '));
  options.split(' ').forEach((one) => known.add(one));
  OPTIONS.set(plain(example.type), known);
}

const TYPES = [...new Set(Object.values(LIBRARY).map(({ example }) => example.type))];

/** Templates in a text: paths and filters only, of names that exist. @param {string} words @param {string} path @param {Check} check */
export function checkTemplate(words, path, check) {
  for (const [whole, inner] of words.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const [at, ...steps] = inner.split('|').map((one) => one.trim());
    if (!/^[\w$ .[\]"'-]*$/.test(at)) {
      check.say('error', path, `${whole}: templates are paths, nothing is computed in them.`);
      continue;
    }
    const root = at.split(/[.[]/)[0].trim();
    const known = [...SCOPE, ...check.sources];
    if (root && !known.includes(root)) {
      check.say('warning', path, `${whole}: nothing is called “${root}” here.${nearest(root, known)}`);
    }
    for (const step of steps) {
      const name = step.split(':')[0].trim();
      if (!Object.hasOwn(filters, name)) {
        check.say('warning', path, `${whole}: there is no filter “${name}”.${nearest(name, Object.keys(filters))}`);
      }
    }
  }
  if (/\{\{[^}]*$/.test(words)) check.say('warning', path, 'A template is opened with {{ and never closed.');
}

/** Templates anywhere in a value. @param {any} value @param {string} path @param {Check} check @param {number} [depth] */
export function checkWords(value, path, check, depth = 0) {
  if (typeof value === 'string') checkTemplate(value, path, check);
  else if (depth < 30 && Array.isArray(value)) {
    value.forEach((one, index) => checkWords(one, `${path}[${index}]`, check, depth + 1));
  } else if (depth < 30 && isObject(value)) {
    for (const [key, one] of Object.entries(value)) checkWords(one, `${path}.${key}`, check, depth + 1);
  }
}

/** Keys below which other nodes stand. */
const BELOW = ['children', 'items', 'content', 'layout', 'panes', 'slides'];
const PARTS = ['tabs', 'items', 'sections'];
const looksLikeNode = (/** @type {any} */ one) => isObject(one) && typeof one.type === 'string';

/** @param {any} node @param {string} path @param {Check} check @param {number} depth */
export function checkNode(node, path, check, depth) {
  if (typeof node === 'string' || typeof node === 'number' || node === null || node === false) return;
  if (depth > DEEPEST_NODE) {
    return check.say('error', path, `Nodes lie more than ${DEEPEST_NODE} levels deep; these are not drawn.`);
  }
  if (Array.isArray(node)) {
    if (node.length > MOST_CHILDREN) {
      check.say('error', path, `${node.length} nodes in one list; ${MOST_CHILDREN} are drawn.`);
    }
    return node.slice(0, MOST_CHILDREN).forEach((one, index) => checkNode(one, `${path}[${index}]`, check, depth));
  }
  if (!isObject(node)) {
    return check.say(
      'error',
      path,
      `A node is an object with a type, this is ${node === undefined ? 'nothing' : `a ${typeof node}`}.`,
    );
  }
  const type = plain(node.type);
  if (!type) return check.say('error', path, 'This node has no type.');
  if (!check.types.has(type)) {
    return check.say(
      'error',
      `${path}.type`,
      `There is no component “${text(node.type)}”.${nearest(text(node.type), TYPES)}`,
    );
  }

  const options = OPTIONS.get(type);
  for (const key of Object.keys(node)) {
    if (options && !options.has(key)) {
      check.say('warning', `${path}.${key}`, `${text(node.type)} does not use “${key}”.${nearest(key, [...options])}`);
    }
  }
  if (typeof node.source === 'string' && !check.sources.includes(node.source)) {
    check.say(
      'error',
      `${path}.source`,
      `There is no data source “${node.source}”.${nearest(node.source, check.sources)}`,
    );
  }
  if (typeof node.color === 'string' && !node.color.includes('{{') && !safeColor(node.color)) {
    check.say('warning', `${path}.color`, `“${node.color}” is no colour; use a name like teal, or #12b886.`);
  }
  if (typeof node.icon === 'string' && !iconName(node.icon)) {
    check.say('warning', `${path}.icon`, `“${node.icon}” is no icon; use a Lucide name like Activity.`);
  }
  if (node.fields !== undefined && type !== 'settingsform') {
    checkFields(node.fields, `${path}.fields`, check, ['form', 'wizard'].includes(type));
  }
  if (node.columns !== undefined && type.includes('table')) checkColumns(node.columns, `${path}.columns`, check);
  checkActions(node, type, path, check);
  for (const [key, value] of Object.entries(node)) {
    if (
      BELOW.includes(key) &&
      (key === 'children' || looksLikeNode(value) || (Array.isArray(value) && value.some(looksLikeNode)))
    ) checkNode(value, `${path}.${key}`, check, depth + 1);
    else if (PARTS.includes(key) && ['tabs', 'accordion', 'collapse'].includes(type) && Array.isArray(value)) {
      value.forEach((part, index) => {
        const at = `${path}.${key}[${index}]`;
        if (!isObject(part)) return check.say('error', at, 'Each part is an object with a label and children.');
        if (part.id === undefined) {
          check.say('warning', at, 'Without an id, a part is found by its place and changes when others are added.');
        }
        checkNode(part.children ?? part.content ?? part.layout ?? part.items ?? [], `${at}.children`, check, depth + 1);
      });
    } else checkWords(value, `${path}.${key}`, check);
  }
}

/**
 * @param {any} page a plugin's `ui`, or a single node
 * @param {{types: Set<string>, actions?: string[], settings?: string[]}} known `types` without case or punctuation, as the registry compares them
 * @returns {Message[]}
 */
export function validate(page, known) {
  const messages = /** @type {Message[]} */ ([]);
  /** @type {Check} */
  const check = {
    sources: isObject(page) && isObject(page.dataSources) ? Object.keys(page.dataSources) : [],
    actions: known.actions ?? [],
    settings: known.settings ?? [],
    types: known.types,
    say: (level, path, message) =>
      void (messages.length < MOST_MESSAGES && messages.push({ level, path: path.replace(/^\./, ''), message })),
  };
  if (!isObject(page)) check.say('error', '', 'A page is an object: {"layout": {…}}.');
  else if (page.type !== undefined && page.layout === undefined) checkNode(page, '', check, 1);
  else {
    checkSources(page.dataSources, check);
    if (page.layout === undefined && page.pages === undefined) {
      check.say('error', '', 'There is neither a layout nor pages, so nothing is drawn.');
    }
    if (page.layout !== undefined) checkNode(page.layout, 'layout', check, 1);
    if (page.preview !== undefined) checkNode(page.preview, 'preview', check, 1);
    checkPages(page.pages, check);
  }
  return messages.sort((a, b) => Number(a.level === 'warning') - Number(b.level === 'warning'));
}
