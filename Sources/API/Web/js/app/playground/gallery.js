/** Every component's example, drawn: the gallery, and what the looks are tested on. */
import { FAMILIES, pageOf } from '../../core/library/index.js';
import { Words } from '../../components/content/markdown.js';
import { Node } from '../../render/node.js';
import { RuntimeProvider } from '../../render/runtime.js';
import { Level } from '../../ui/atoms.js';
import { h, useMemo, useState } from '../../ui/kit.js';
import { Link } from '../router.js';
import { PRETENDED, pretendedHost } from './host.js';

/** @param {{name: string, entry: any, settings: object, host: any}} props */
function Example({ name, entry, settings, host }) {
  const plugin = useMemo(
    () => ({ ...PRETENDED, settings, key: `playground-${name}`, ui_schema: pageOf(entry.example) }),
    [name, entry, settings],
  );
  return h(
    'section',
    { className: 'example', 'data-example': name, 'aria-label': name },
    h(
      'header',
      {},
      h('h3', {}, name),
      h('span', { className: 'dim' }, h(Words, { source: entry.about })),
      h(Link, {
        to: `/playground?component=${encodeURIComponent(name)}`,
        className: 'link',
        'aria-label': `Edit the example of ${name}`,
      }, 'Edit'),
    ),
    h(Level.Provider, { value: 4 }, h(RuntimeProvider, { plugin, host }, h(Node, { node: plugin.ui_schema.layout }))),
  );
}

export function Gallery() {
  const [settings, setSettings] = useState({});
  const host = useMemo(() => pretendedHost(setSettings), []);
  return h(
    'div',
    {},
    ...FAMILIES.map((family) =>
      h(
        'section',
        { key: family.id, className: 'example-family' },
        h('h2', {}, family.label),
        h(
          'div',
          { className: 'examples' },
          ...Object.entries(family.entries).map(([name, entry]) =>
            h(Example, { key: name, name, entry, settings, host })
          ),
        ),
      )
    ),
  );
}
