/**
 * The modules that each page is made of, for the lists in index.html and js/early.js that let a browser fetch them all
 * at once instead of one import after the other.
 *
 *     node Sources/API/Web/test/preloads.js --write
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const JS = new URL('../js/', import.meta.url);
const FILES = { index: new URL('../index.html', import.meta.url), early: new URL('early.js', JS) };

/** What is fetched to draw an address; `plugin` is also every address that none of the others knows. */
const PAGES = /** @type {Record<string, string[]>} */ ({
  plugins: ['app/pages/plugins.js'],
  'plugins/browse': ['app/hub/index.js'],
  plugin: ['app/pages/plugin.js'],
  tasks: ['app/tasks/index.js', 'app/tasks/overview.js'],
  'tasks/history': ['app/tasks/index.js', 'app/tasks/history.js'],
  'tasks/schedules': ['app/tasks/index.js', 'app/tasks/schedules.js'],
  'tasks/dead': ['app/tasks/index.js', 'app/tasks/dead.js'],
  'tasks/id': ['app/tasks/index.js', 'app/tasks/task.js'],
  sources: ['app/sources/index.js'],
  settings: ['app/settings/index.js'],
  users: ['app/users/index.js'],
  events: ['app/pages/events.js'],
  playground: ['app/playground/playground.js'],
});

const IMPORT = /^(?:import|export)\s(?:[^;'"]*?\sfrom\s+)?'(\.[^']+)'/gm;

/** A module and all that it imports statically. @param {string} name @param {Set<string>} [seen] */
export function graphOf(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const source = readFileSync(fileURLToPath(new URL(name, JS)), 'utf8');
  for (const [, from] of source.matchAll(IMPORT)) graphOf(normalize(join(dirname(name), from)), seen);
  return seen;
}

/** What pages draw that is no component of a layout. @type {[string, string][]} */
const PARTS = [['legacy', 'app/plugins/legacy.js']];

const DECLARED = /declare\(\s*([^()]*?),\s*\(\) => import\('\.\/([^']+)'\)/g;

/** What components/index.js declares: types as they are compared, and their file. @returns {[string, string][]} */
function families() {
  const source = readFileSync(fileURLToPath(new URL('components/index.js', JS)), 'utf8');
  return [...source.matchAll(DECLARED)].map(([, types, file]) => {
    const names = [...types.matchAll(/'([^']*)'/g)].map(([, words]) => words).join('');
    return [names.toLowerCase().replace(/[_-]/g, ''), `components/${file}`];
  });
}

/** @returns {{shell: string[], pages: Record<string, string[]>, families: [string, string[]][]}} */
export function preloads() {
  const shell = graphOf('main.js');
  const rest = (/** @type {string[]} */ entries) =>
    [...entries.reduce((seen, one) => graphOf(one, seen), new Set())].filter((one) => !shell.has(one));
  // The shell's own entry is a script of the page already.
  return {
    shell: [...shell].filter((one) => one !== 'main.js'),
    pages: Object.fromEntries(Object.entries(PAGES).map(([page, entries]) => [page, rest(entries)])),
    families: [...families(), ...PARTS].map(([types, file]) => [types, rest([file])]),
  };
}

/** Both files as they should be. @returns {Map<URL, string>} */
export function written() {
  const { shell, pages, families } = preloads();
  const links = shell.map((one) => `    <link rel="modulepreload" href="/assets/__BUILD__/js/${one}">\n`).join('');
  const index = readFileSync(FILES.index, 'utf8').replace(
    /(<!-- begin: test\/preloads\.js -->\n)[^]*?( *<!-- end -->)/,
    (_, begin, end) => begin + links + end,
  );
  const lists = Object.entries(pages).map(([page, list]) =>
    `    ${page.includes('/') ? `'${page}'` : page}: [\n${list.map((one) => `      '${one}',\n`).join('')}    ],\n`
  );
  const parts = families.map(([types, list]) =>
    `    [\n      '${types}',\n      [\n${list.map((one) => `        '${one}',\n`).join('')}      ],\n    ],\n`
  );
  const between = (/** @type {string} */ mark) =>
    new RegExp(`(/\\* begin ${mark} \\*/)[^]*?(/\\* end ${mark} \\*/)`);
  const early = readFileSync(FILES.early, 'utf8')
    .replace(between('pages'), (_, begin, end) => `${begin}\n${lists.join('')}    ${end}`)
    .replace(between('families'), (_, begin, end) => `${begin}\n${parts.join('')}    ${end}`);
  return new Map([[FILES.index, index], [FILES.early, early]]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isWriting = process.argv.includes('--write');
  for (const [file, content] of written()) {
    if (readFileSync(file, 'utf8') === content) continue;
    if (isWriting) writeFileSync(file, content);
    else process.exitCode = 1;
    console.log(`${fileURLToPath(file)} ${isWriting ? 'written' : 'is out of date; run with --write'}`);
  }
}
