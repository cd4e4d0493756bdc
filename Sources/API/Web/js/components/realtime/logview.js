/** A window on lines: follows the newest, pauses, searches, shows some levels only, saves to a file. */
import { number, time } from '../../core/format.js';
import { Heading, IconButton } from '../../ui/atoms.js';
import { Icon, icon as drawn } from '../../ui/icon.js';
import { h, memo, TextInput, useEffect, useRef, useState } from '../../ui/kit.js';
import { saveFile } from '../../ui/save.js';

const LEVELS = ['debug', 'info', 'warning', 'error'];
/** Lines drawn; older ones come into view by searching. */
const DRAWN = 1000;
/** Pixels from the bottom that still count as being there. */
const NEAR = 40;

/** @typedef {{id?: number, at?: Date, level: string, words: string}} Line `id` tells it from others, however many go before it */

const Row = memo((/** @type {{line: Line}} */ { line }) =>
  h(
    'div',
    { className: `log-line level-${line.level}` },
    h('time', {}, line.at ? time(line.at) : ''),
    h('span', { className: 'log-level' }, line.level),
    h('span', { className: 'log-words' }, line.words),
  )
);

/** A line as text. @param {Line} line */
const plain = (line) => [line.at?.toISOString(), line.level.toUpperCase(), line.words].filter(Boolean).join(' ');

/** @param {{title: string, icon?: unknown, lines: Line[], blank: any, height?: number, name?: string, children?: any}} props */
export function LogView({ title, icon, lines: all, blank, height = 340, name = 'log.txt', children }) {
  const [query, setQuery] = useState('');
  const [least, setLeast] = useState(0);
  const [frozen, freeze] = useState(/** @type {Line[] | undefined} */ (undefined));
  const [following, follow] = useState(true);
  const wanted = query.trim().toLowerCase();
  const shown = frozen ?? all;
  const lines = least || wanted
    ? shown.filter(({ words, level }) => LEVELS.indexOf(level) >= least && words.toLowerCase().includes(wanted))
    : shown;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const toEnd = () => void (box.current && (box.current.scrollTop = box.current.scrollHeight));
  useEffect(() => void (following && toEnd()), [following, lines.length, all]);
  const scrolled = () => {
    const { scrollHeight = 0, scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    follow(scrollHeight - scrollTop - clientHeight < NEAR);
  };
  const missed = frozen ? Math.max(0, all.length - frozen.length) : 0;
  const turnLevel = () => setLeast((least + 1) % LEVELS.length);
  return h(
    'section',
    { className: 'panel flush', 'aria-label': title },
    h(
      'header',
      { className: 'panel-head table-head' },
      drawn(icon ?? 'scroll-text', 18),
      h(Heading, {}, title),
      h(
        'span',
        { className: 'dim' },
        `${number(lines.length)} ${lines.length === 1 ? 'line' : 'lines'}${missed ? `, ${missed} more` : ''}`,
      ),
      children,
      TextInput({
        'aria-label': `Search in ${title}`,
        placeholder: 'Search…',
        size: 'xs',
        value: query,
        onChange: setQuery,
        leftSection: drawn('search', 14),
        className: 'table-filter',
      }),
      h(
        'button',
        { type: 'button', className: 'mini-button tone-gray', onClick: turnLevel, title: 'Show this level and worse' },
        h(Icon, { name: 'list-filter', size: 14 }),
        least ? `${LEVELS[least]} +` : 'all levels',
      ),
      h(IconButton, {
        label: frozen ? 'Resume' : 'Pause',
        icon: frozen ? 'play' : 'pause',
        'aria-pressed': Boolean(frozen),
        onClick: () => freeze(frozen ? undefined : all),
      }),
      h(IconButton, {
        label: 'Save as a file',
        icon: 'download',
        disabled: !lines.length,
        onClick: () => saveFile(name, lines.map(plain).join('\n'), 'text/plain'),
      }),
    ),
    h(
      'div',
      { className: 'log-frame' },
      h(
        'div',
        {
          className: 'log',
          role: 'log',
          'aria-label': title,
          tabIndex: 0,
          ref: box,
          onScroll: scrolled,
          style: { height: all.length ? height : Math.min(height, 120) },
        },
        ...(lines.length ? lines.slice(-DRAWN).map((line, index) => h(Row, { key: line.id ?? index, line })) : [
          typeof blank === 'string'
            ? h('p', { key: 'none', className: 'dim log-none' }, all.length ? 'No line matches.' : blank)
            : blank,
        ]),
      ),
      !following && lines.length > 0 &&
        h(
          'button',
          { type: 'button', className: 'log-follow', onClick: () => (follow(true), toEnd()) },
          h(Icon, { name: 'arrow-down', size: 14 }),
          'Newest',
        ),
    ),
  );
}
