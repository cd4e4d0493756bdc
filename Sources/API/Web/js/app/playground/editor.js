/** The text of a page and what is wrong with it: every message leads to its line. */
import { lineAt, placesOf } from '../../core/place.js';
import { Icon } from '../../ui/icon.js';
import { h, useMemo, useRef } from '../../ui/kit.js';

const SHOWN = 50;

/** @param {string} source @param {any[]} messages @param {{problem?: string, at?: number}} read */
function placed(source, messages, read) {
  if (read.problem) {
    return [{ level: 'error', path: '', message: read.problem, at: read.at ?? 0, ...lineAt(source, read.at ?? 0) }];
  }
  const places = placesOf(source);
  const find = (/** @type {string} */ path) => {
    // What is missing is looked for where it should stand.
    for (let at = path; at; at = at.replace(/(\.[^.[]+|\[\d+\]|^[^.[]+)$/, '')) {
      if (places.has(at)) return places.get(at) ?? 0;
    }
    return 0;
  };
  return messages.map((one) => ({ ...one, at: find(one.path), ...lineAt(source, find(one.path)) }));
}

/** @param {{source: string, read: any, messages: any[], onChange: (source: string) => void}} props */
export function Editor({ source, read, messages, onChange }) {
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const list = useMemo(() => placed(source, messages, read), [source, messages, read]);
  const lines = useMemo(() => source.split('\n').length, [source]);
  const marked = new Map(list.map((one) => [one.line, one.level]));
  const goTo = (/** @type {any} */ one) => {
    const from = area.current;
    if (!from) return;
    const end = source.indexOf('\n', one.at);
    from.focus();
    from.setSelectionRange(one.at, end < 0 ? source.length : end);
    from.scrollTop = Math.max(0, (one.line - 6) * 20);
  };
  const gutter = useRef(/** @type {HTMLElement | null} */ (null));
  const scrolled = () => void (gutter.current && area.current && (gutter.current.scrollTop = area.current.scrollTop));
  const errors = list.filter((one) => one.level === 'error').length;
  return h(
    'div',
    { className: 'editor' },
    h(
      'div',
      { className: 'editor-text' },
      h(
        'div',
        { className: 'gutter', ref: gutter, 'aria-hidden': true },
        ...Array.from(
          { length: Math.min(lines, 5000) },
          (_, index) => h('span', { key: index, className: marked.get(index + 1) }, index + 1),
        ),
      ),
      h('textarea', {
        ref: area,
        value: source,
        spellCheck: false,
        autoCapitalize: 'off',
        autoComplete: 'off',
        wrap: 'off',
        'aria-label': 'The page as JSON',
        'aria-describedby': 'editor-messages',
        onScroll: scrolled,
        onChange: (/** @type {any} */ event) => onChange(event.target.value),
      }),
    ),
    h(
      'div',
      { className: 'editor-foot', id: 'editor-messages' },
      h(
        'p',
        { className: `editor-sum ${errors ? 'bad' : list.length ? 'fair' : 'good'}`, role: 'status' },
        h(Icon, { name: errors ? 'circle-x' : list.length ? 'triangle-alert' : 'circle-check', size: 16 }),
        list.length
          ? `${errors} ${errors === 1 ? 'error' : 'errors'}, ${list.length - errors} ${
            list.length - errors === 1 ? 'hint' : 'hints'
          }`
          : 'Nothing is wrong with this page.',
      ),
      list.length > 0 && h(
        'ul',
        { className: 'messages' },
        ...list.slice(0, SHOWN).map((one, index) =>
          h(
            'li',
            { key: index },
            h(
              'button',
              { type: 'button', className: `message ${one.level}`, onClick: () => goTo(one) },
              h('span', { className: 'message-line' }, `${one.line}:${one.column}`),
              h('span', {}, one.path && h('code', {}, one.path), ' ', one.message),
            ),
          )
        ),
      ),
    ),
  );
}
