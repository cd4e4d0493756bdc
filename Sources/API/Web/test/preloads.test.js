import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { preloads, written } from './preloads.js';

test('the lists of modules to fetch first are those that the pages import', () => {
  for (const [file, content] of written()) {
    assert.equal(readFileSync(file, 'utf8'), content, 'run: node Sources/API/Web/test/preloads.js --write');
  }
});

test('the shell fetches no component, no page and nothing for forms', () => {
  const { shell } = preloads();
  assert.deepEqual(
    shell.filter((one) => /^components\/[^/]+\/|^app\/(pages|tasks|sources|users|plugins)\//.test(one)),
    [],
  );
  assert.ok(shell.length > 20 && shell.length < 60, `${shell.length} modules`);
});

test('every type that a file registers is declared to be in that file', async () => {
  // What the modules look for while they are read, and do not use.
  const nothing = () => ({ matches: false, addEventListener: () => {} });
  class Part {}
  Object.assign(globalThis, {
    React: new Proxy({ Component: Part }, { get: (own, name) => own[name] ?? ((/** @type {any} */ one) => one ?? {}) }),
    dash_mantine_components: {},
    addEventListener: nothing,
    matchMedia: nothing,
    location: { pathname: '/', search: '' },
  });
  const registry = await import('../js/render/registry.js');
  await import('../js/components/index.js');
  const declared = registry.names();
  for (const type of declared) {
    const before = registry.lookup(type);
    await registry.fetchType(type);
    assert.ok(before ?? registry.lookup(type), `no file registers “${type}”`);
  }
  const folder = new URL('../js/components/', import.meta.url);
  const families = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
  for (const family of families) {
    for (const file of readdirSync(new URL(`${family.name}/`, folder))) {
      await import(new URL(`${family.name}/${file}`, folder).href);
    }
  }
  assert.deepEqual([...registry.names()].filter((one) => !declared.has(one)), [], 'name these in components/index.js');
});

test('a page of a plugin fetches what its layout names, all at once, as soon as the plugins are known', async () => {
  const fetched = /** @type {string[]} */ ([]);
  const answers = /** @type {Record<string, any>} */ ({
    '/api/auth/session/': { authenticated: true },
    '/api/plugins/plugins/': {
      plugins: [
        { key: 'other', enabled: true, ui_schema: { layout: { type: 'tree' } } },
        { key: 'mine', enabled: true, ui_schema: { layout: [{ type: 'stack', children: [{ type: 'Data_Table' }] }] } },
      ],
    },
  });
  const page = {
    localStorage: { getItem: () => null },
    matchMedia: () => ({ matches: false }),
    location: { pathname: '/plugins/mine' },
    document: {
      documentElement: { dataset: {} },
      currentScript: { src: 'https://here/js/early.js' },
      createElement: () => ({}),
      head: { append: (/** @type {any} */ link) => void fetched.push(link.href.replace('https://here/js/', '')) },
    },
    /** @param {string} path */
    fetch: async (path) => ({ ok: true, json: async () => answers[path] }),
  };
  const context = /** @type {any} */ (createContext(page));
  runInContext(readFileSync(new URL('../js/early.js', import.meta.url), 'utf8'), context);
  assert.deepEqual(fetched, preloads().pages.plugin, 'the page itself');
  await context.asked['/api/plugins/plugins/'];
  await new Promise((ready) => setImmediate(ready));
  assert.equal(new Set(fetched).size, fetched.length, 'each once');
  for (const one of ['components/table/table.js', 'components/table/cell.js', 'components/layout/layout.js']) {
    assert.ok(fetched.includes(one), `${one} is not fetched ahead`);
  }
  assert.ok(!fetched.includes('components/data/tree.js'), 'another plugin’s page is not fetched');
  context.fetchTypes(['tree', 'legacy']);
  assert.ok(fetched.includes('components/data/tree.js') && fetched.includes('app/plugins/legacy.js'));
});
