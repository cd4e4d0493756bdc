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

/** What a module imports statically. @param {string} name */
function importsOf(name) {
  const source = readFileSync(fileURLToPath(new URL(name, JS)), 'utf8');
  return [...source.matchAll(IMPORT)].map(([, from]) => normalize(join(dirname(name), from)));
}

/** A module and all that it needs, as they are met. @param {string} name @param {Set<string>} [seen] */
function graphOf(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const one of importsOf(name)) graphOf(one, seen);
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

/**
 * The modules of the shell, and those of each page beyond them.
 * @returns {{shell: string[], pages: Record<string, string[]>}}
 */
export function preloads() {
  const shell = graphOf('main.js');
  const rest = (/** @type {string[]} */ entries) =>
    [...entries.reduce((seen, one) => graphOf(one, seen), new Set())].filter((one) => !shell.has(one));
  // The shell's own entry is a script of the page already.
  return {
    shell: [...shell].filter((one) => one !== 'main.js'),
    pages: Object.fromEntries(Object.entries(PAGES).map(([page, entries]) => [page, rest(entries)])),
  };
}

/**
 * What each module imports that is not of the shell, for all that pages and parts need.
 * @param {[string, string][]} parts
 * @returns {[string, string[]][]}
 */
function imports(parts) {
  const shell = graphOf('main.js');
  const entries = [...Object.values(PAGES).flat(), ...parts.map(([, file]) => file)];
  const all = [...entries.reduce((seen, one) => graphOf(one, seen), new Set())].filter((one) => !shell.has(one));
  return all.sort()
    .map((name) => /** @type {[string, string[]]} */ ([name, importsOf(name).filter((one) => !shell.has(one))]))
    .filter(([, found]) => found.length);
}

/**
 * A key, and names in one string over as many lines as it takes.
 * @param {string[]} names
 * @param {string} before
 */
function wrapped(names, before) {
  const width = 106;
  const lines = [''];
  for (const [at, name] of names.entries()) {
    const word = at + 1 < names.length ? `${name} ` : name;
    if (lines[lines.length - 1].length + word.length > width) lines.push('');
    lines[lines.length - 1] += word;
  }
  const isShort = lines.length === 1 && before.length + lines[0].length < width;
  return `${before}${isShort ? ' ' : '\n      '}${lines.map((line) => `'${line}'`).join(' +\n      ')}`;
}

/** Both files as they should be. @returns {Map<URL, string>} */
export function written() {
  const links = preloads().shell.map((one) => `    <link rel="modulepreload" href="/assets/__BUILD__/js/${one}">\n`);
  const index = readFileSync(FILES.index, 'utf8').replace(
    /(<!-- begin: test\/preloads\.js -->\n)[^]*?( *<!-- end -->)/,
    (_, begin, end) => begin + links.join('') + end,
  );
  const parts = [...families(), ...PARTS];
  const lists = {
    pages: Object.entries(PAGES).map(([page, entries]) => wrapped(entries, /\W/.test(page) ? `'${page}':` : `${page}:`)),
    families: parts.map(([types, file]) => wrapped(types.split(' '), `'${file}':`)),
    imports: imports(parts).map(([name, found]) => wrapped(found, `'${name}':`)),
  };
  const early = Object.entries(lists).reduce(
    (text, [name, list]) =>
      text.replace(
        new RegExp(`(/\\* begin ${name} \\*/)[^]*?(/\\* end ${name} \\*/)`),
        (_, begin, end) => `${begin}\n${list.map((one) => `    ${one},\n`).join('')}    ${end}`,
      ),
    readFileSync(FILES.early, 'utf8'),
  );
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
