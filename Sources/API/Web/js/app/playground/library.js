/** The components to choose from, by family; choosing one puts its example into the editor. */
import { FAMILIES } from '../../core/library/index.js';
import { icon } from '../../ui/icon.js';
import { h, TextInput, useState } from '../../ui/kit.js';

/** @param {{chosen: string, onChoose: (name: string) => void}} props */
export function Library({ chosen, onChoose }) {
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLowerCase();
  const shown = FAMILIES.map((family) => ({
    ...family,
    list: Object.entries(family.entries).filter(([name, { about }]) =>
      `${name} ${about}`.toLowerCase().includes(wanted)
    ),
  })).filter(({ list }) => list.length);
  return h(
    'nav',
    { className: 'library', 'aria-label': 'Components' },
    TextInput({
      value: query,
      onChange: setQuery,
      size: 'xs',
      'aria-label': 'Search components',
      placeholder: 'Search components',
      leftSection: icon('search', 14),
    }),
    h(
      'div',
      { className: 'library-list' },
      ...shown.map((family) =>
        h(
          'section',
          { key: family.id },
          h('h2', {}, family.label),
          ...family.list.map(([name, { about }]) =>
            h('button', {
              key: name,
              type: 'button',
              title: about,
              'aria-pressed': chosen === name,
              onClick: () => onChoose(name),
            }, name)
          ),
        )
      ),
      !shown.length && h('p', { className: 'dim' }, 'No component matches.'),
    ),
  );
}
