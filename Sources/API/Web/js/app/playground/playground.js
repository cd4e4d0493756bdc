/** For authors: write a page, or take a plugin's, and see it at once with what is wrong with it. */
import { text } from '../../core/format.js';
import { LIBRARY, pageOf } from '../../core/library/index.js';
import { readJson } from '../../core/place.js';
import { actionsOf, fieldsOf, flat } from '../../core/schema.js';
import { validate } from '../../core/validate.js';
import { catalogue } from '../../net/catalogue.js';
import { names } from '../../render/registry.js';
import { useStore, useTitle } from '../../ui/hooks.js';
import { icon } from '../../ui/icon.js';
import { Button, h, SegmentedControl, Select, useEffect, useMemo, useState } from '../../ui/kit.js';
import { go, search } from '../router.js';
import { Drawing } from './drawing.js';
import { Words } from '../../components/content/markdown.js';
import { Editor } from './editor.js';
import { Gallery } from './gallery.js';
import { PRETENDED, pretendedHost } from './host.js';
import { Library } from './library.js';

const PAUSE = 250;
const write = (/** @type {any} */ page) => JSON.stringify(page, null, 2);
const WAYS = [{ value: 'edit', label: 'Editor' }, { value: 'gallery', label: 'Gallery' }];

/** The value as it was when nothing had changed for a moment. @param {string} value */
function useSettled(value) {
  const [settled, set] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => set(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** @param {{start: string}} props */
function Workshop({ start }) {
  const { list } = useStore(catalogue);
  const [source, setSource] = useState(() => write(pageOf(LIBRARY[start]?.example ?? LIBRARY.table.example)));
  const [component, setComponent] = useState(LIBRARY[start] ? start : 'table');
  const [key, setKey] = useState(/** @type {string | null} */ (null));
  const [settings, setSettings] = useState({});
  const settled = useSettled(source);
  const read = useMemo(() => readJson(settled), [settled]);
  const [page, setPage] = useState(read.value);
  useEffect(() => void (read.problem === undefined && setPage(read.value)), [read]);
  const chosen = list.find((/** @type {any} */ one) => one.key === key);
  const plugin = useMemo(() => chosen ?? { ...PRETENDED, settings }, [chosen, settings]);
  const pretended = useMemo(() => pretendedHost(setSettings), []);
  const messages = useMemo(() =>
    validate(page, {
      types: names(),
      actions: chosen ? actionsOf(chosen.actions).map((one) => one.id) : [],
      settings: flat(fieldsOf(plugin.fields, true)).map((one) => one.id),
    }), [page, chosen, plugin]);
  const take = (/** @type {string | null} */ next) => {
    setKey(next);
    const one = list.find((/** @type {any} */ plugin) => plugin.key === next);
    if (one) setSource(write(one.ui_schema));
  };
  const example = (/** @type {string} */ name) => {
    setKey(null);
    setComponent(name);
    setSource(write(pageOf(LIBRARY[name].example)));
  };
  const withPages = useMemo(
    () =>
      list.filter((/** @type {any} */ one) => one.ui_schema).map((/** @type {any} */ one) => ({
        value: one.key,
        label: text(one.name || one.key),
      })),
    [list],
  );
  return h(
    'div',
    { className: 'workshop' },
    h(Library, { chosen: key ? '' : component, onChoose: example }),
    h(
      'div',
      { className: 'writing' },
      h(
        'div',
        { className: 'writing-bar' },
        Select({
          data: withPages,
          value: key,
          onChange: take,
          placeholder: 'Take a plugin’s page',
          'aria-label': 'Take a plugin’s page',
          size: 'xs',
          clearable: true,
          searchable: true,
        }),
        Button({
          size: 'xs',
          variant: 'default',
          leftSection: icon('wand-sparkles', 14),
          disabled: readJson(source).problem !== undefined,
          onClick: () => setSource(write(JSON.parse(source))),
        }, 'Format'),
        Button({
          size: 'xs',
          variant: 'default',
          leftSection: icon('copy', 14),
          onClick: () => void navigator.clipboard?.writeText(source).catch(() => {}),
        }, 'Copy'),
      ),
      h(Editor, { source, read, messages, onChange: setSource }),
    ),
    h(
      'div',
      { className: 'drawing-board' },
      !key && LIBRARY[component] &&
        h(
          'p',
          { className: 'dim example-about' },
          h('strong', {}, component),
          ' – ',
          h(Words, { source: LIBRARY[component].about }),
        ),
      key && h('p', { className: 'dim example-about' }, 'Buttons here run the plugin’s real actions.'),
      h(Drawing, { page, plugin, host: chosen ? undefined : pretended }),
    ),
  );
}

export default function PlaygroundPage() {
  useTitle('Playground');
  const asked = new URLSearchParams(useStore(search));
  const way = asked.get('view') === 'gallery' ? 'gallery' : 'edit';
  const component = asked.get('component') ?? '';
  return h(
    'div',
    { className: 'page wide' },
    h(
      'header',
      { className: 'page-head' },
      h(
        'div',
        {},
        h('h1', {}, 'Playground'),
        h('p', { className: 'dim' }, 'Write a plugin’s page and see it at once. Nothing here is saved.'),
      ),
      h(
        'div',
        { className: 'page-tools' },
        SegmentedControl({
          data: WAYS,
          value: way,
          onChange: (/** @type {string} */ next) =>
            void go(next === 'gallery' ? '/playground?view=gallery' : '/playground'),
          'aria-label': 'How to look at it',
        }),
      ),
    ),
    way === 'gallery' ? h(Gallery) : h(Workshop, { key: component, start: component }),
  );
}
