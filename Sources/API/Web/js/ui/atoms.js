/** Small parts made of plain elements, cheap enough to stand in every row of a long table. */
import { toneOf } from '../core/color.js';
import { isLazy } from '../core/source.js';
import { Icon } from './icon.js';
import { createContext, h, Skeleton, useContext } from './kit.js';

/** The level of headings inside panels: 2 on a page of their own, 3 inside a card that has its own heading. */
export const Level = createContext(2);

/** @param {{children?: any}} props */
export const Heading = ({ children }) => h(`h${useContext(Level)}`, {}, children);

/** A coloured word. @param {{tone?: string, dot?: boolean, title?: string, icon?: string, children?: any}} props */
export const Pill = ({ tone = 'gray', dot = false, title, icon, children }) =>
  h(
    'span',
    { className: `pill tone-${toneOf(tone)}`, title },
    dot && h('span', { className: 'dot', 'aria-hidden': true }),
    icon && h(Icon, { name: icon, size: 13 }),
    children,
  );

/** A button that is only an icon, always with a name. @param {any} props */
export const IconButton = ({ label, icon, size = 18, className = '', ...props }) =>
  h(
    'button',
    { type: 'button', className: `icon-button ${className}`, 'aria-label': label, title: label, ...props },
    h(Icon, { name: icon, size }),
  );

/** Nothing here, and what to do about it. @param {{icon?: string, title: string, action?: () => void, children?: any}} props */
export const Empty = ({ icon = 'inbox', title, action, children }) =>
  h(
    'div',
    { className: 'empty' },
    h('span', { className: 'empty-icon' }, h(Icon, { name: icon, size: 26 })),
    h('p', { className: 'empty-title' }, title),
    children && h('p', { className: 'dim' }, ...[children].flat()),
    action &&
      h(
        'button',
        { type: 'button', className: 'mini-button tone-indigo', onClick: action },
        h(Icon, { name: 'refresh-cw', size: 14 }),
        'Load',
      ),
  );

/** Something failed; the rest of the page goes on. @param {{title?: string, message: any, onRetry?: () => void, retryLabel?: string}} props */
export const Problem = ({ title = 'This could not be shown', message, onRetry, retryLabel = 'Try again' }) =>
  h(
    'div',
    { className: 'problem', role: 'alert' },
    h(Icon, { name: 'circle-alert', size: 18 }),
    h(
      'div',
      {},
      h('strong', {}, title),
      h('p', {}, message),
      onRetry && h('button', { type: 'button', className: 'link-button', onClick: onRetry }, retryLabel),
    ),
  );

/** Lines where words will be. @param {{lines?: number}} props */
export const Waiting = ({ lines = 3 }) =>
  h(
    'div',
    { className: 'skeletons', role: 'status', 'aria-busy': true, 'aria-label': 'Loading' },
    ...Array.from(
      { length: lines },
      (_, i) => Skeleton({ key: i, height: 14, width: `${92 - i * 14}%`, radius: 'sm' }),
    ),
  );

/** The three states every part bound to data shares; undefined when there is data to draw.
 *  @param {{data: any, error: any, loading: boolean, refresh: () => void, updated?: number, spec?: any}} source
 *  @param {{lines?: number, empty?: boolean, title?: string}} [options] */
export function pending({ data, error, loading, refresh, updated, spec }, options) {
  const { lines = 3, empty = false, title = 'Nothing here yet' } = options ?? {};
  // What is shown instead of data that never came says nothing about whether there is any.
  if (error && (data === undefined || empty)) {
    return h(Problem, {
      title: 'The data could not be loaded',
      message: String(error.message ?? error),
      onRetry: () => refresh(),
    });
  }
  if (loading && data === undefined) return h(Waiting, { lines });
  if (!empty) return undefined;
  // A lazy source waits for somebody to ask.
  const isWaiting = spec && isLazy(spec) && !updated && !loading;
  return h(Empty, { title, action: isWaiting ? () => refresh() : undefined });
}

/** Umbel and root: our mark. */
export const Mark = ({ size = 28 }) =>
  h(
    'svg',
    { className: 'mark', width: size, height: size, viewBox: '0 0 32 32', 'aria-hidden': true },
    h('rect', { className: 'mark-ground', width: 32, height: 32, rx: 9 }),
    h('path', { className: 'mark-stem', d: 'M16 25.5V17m0 0C16 12.5 12.5 10 9 9.5M16 17c0-4.5 3.5-7 7-7.5M16 17V8' }),
    h('circle', { cx: 16, cy: 7, r: 2.3, className: 'mark-dot' }),
    h('circle', { cx: 8, cy: 9.5, r: 2, className: 'mark-dot' }),
    h('circle', { cx: 24, cy: 9.5, r: 2, className: 'mark-dot' }),
  );
