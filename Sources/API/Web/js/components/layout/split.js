/** `split`: two panes or more with bars between them, moved by mouse, touch or arrow keys. `carousel`: one slide after the other. */
import { isObject } from '../../core/path.js';
import { text } from '../../core/format.js';
import { Node, Nodes } from '../../render/node.js';
import { register } from '../../render/registry.js';
import { useResolved } from '../../render/runtime.js';
import { IconButton } from '../../ui/atoms.js';
import { Fragment, h, useEffect, useRef, useState } from '../../ui/kit.js';
import { pixels } from './options.js';

const LEAST = 8;
const STEP = 5;

/** Shares of 100, one for each pane. @param {unknown} given @param {number} count */
export function sharesOf(given, count) {
  const list = Array.isArray(given) ? given.slice(0, count).map(Number).filter((n) => n > 0 && n <= 1000) : [];
  const use = list.length === count ? list : Array.from({ length: count }, () => 1);
  const sum = use.reduce((a, b) => a + b, 0);
  return use.map((n) => (100 * n) / sum);
}

/** Moves the bar after pane `at` by `by`, within what both neighbours can give. @param {number[]} shares @param {number} at @param {number} by */
export function moved(shares, at, by) {
  const change = Math.max(LEAST - shares[at], Math.min(shares[at + 1] - LEAST, by));
  return shares.map((n, index) => (index === at ? n + change : index === at + 1 ? n - change : n));
}

/** @param {{node: any}} props */
function Split({ node }) {
  const panes = [node.children ?? node.panes ?? node.items ?? []].flat().slice(0, 6);
  const down = node.direction === 'vertical' || node.orientation === 'vertical';
  const [shares, setShares] = useState(() => sharesOf(node.sizes ?? node.defaultSizes, panes.length));
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const drag = (/** @type {number} */ at) => (/** @type {any} */ event) => {
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    const whole = (down ? box.current?.clientHeight : box.current?.clientWidth) || 1;
    const begin = down ? event.clientY : event.clientX;
    const from = shares;
    const move = (/** @type {any} */ now) =>
      setShares(moved(from, at, (100 * ((down ? now.clientY : now.clientX) - begin)) / whole));
    const bar = event.currentTarget;
    bar.addEventListener('pointermove', move);
    bar.addEventListener('pointerup', () => bar.removeEventListener('pointermove', move), { once: true });
  };
  const key = (/** @type {number} */ at) => (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowLeft: -STEP, ArrowUp: -STEP, ArrowRight: STEP, ArrowDown: STEP, Home: -100, End: 100 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    setShares(moved(shares, at, by));
  };
  return h(
    'div',
    {
      className: `split ${down ? 'down' : ''}`,
      ref: box,
      style: { height: node.height === undefined ? (down ? 420 : undefined) : pixels(node.height, 420) },
    },
    ...panes.map((pane, index) =>
      h(
        Fragment,
        { key: index },
        h(
          'div',
          {
            className: 'pane',
            tabIndex: 0,
            role: 'group',
            'aria-label': `Pane ${index + 1}`,
            style: { flexBasis: 0, flexGrow: shares[index] ?? 1 },
          },
          h(Nodes, { nodes: isObject(pane) && !pane.type ? pane.children : pane }),
        ),
        index < panes.length - 1 && h('div', {
          className: 'split-bar',
          role: 'separator',
          tabIndex: 0,
          'aria-label': `Size of pane ${index + 1}`,
          'aria-orientation': down ? 'horizontal' : 'vertical',
          'aria-valuenow': Math.round(shares[index]),
          'aria-valuemin': LEAST,
          'aria-valuemax': 100 - LEAST,
          onPointerDown: drag(index),
          onKeyDown: key(index),
        }),
      )
    ),
  );
}
register(['split', 'splitPane', 'resizable'], Split);

/** @param {{node: any}} props */
function Carousel({ node }) {
  const slides = [node.children ?? node.slides ?? node.items ?? []].flat().slice(0, 50);
  const title = text(useResolved(node.title ?? node.label ?? 'Slides'));
  const [at, setAt] = useState(0);
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const show = (/** @type {number} */ index) => {
    const next = (index + slides.length) % slides.length;
    setAt(next);
    box.current?.scrollTo({ left: next * box.current.clientWidth, behavior: 'smooth' });
  };
  const every = Number(node.autoplay === true ? 5 : node.autoplay ?? node.interval) || 0;
  useEffect(() => {
    if (!every || matchMedia('(prefers-reduced-motion: reduce)').matches) return undefined;
    const timer = setInterval(
      () => box.current?.matches(':hover, :focus-within') || show(at + 1),
      Math.max(2, every) * 1000,
    );
    return () => clearInterval(timer);
  }, [every, at, slides.length]);
  const scrolled = () =>
    void (box.current && setAt(Math.round(box.current.scrollLeft / Math.max(1, box.current.clientWidth))));
  return h(
    'section',
    { className: 'carousel', 'aria-roledescription': 'carousel', 'aria-label': title },
    h(
      'div',
      {
        className: 'slides',
        ref: box,
        onScroll: scrolled,
        tabIndex: 0,
        role: 'group',
        'aria-label': `${title}, ${at + 1} of ${slides.length}`,
      },
      ...slides.map((slide, index) =>
        h(
          'div',
          { key: index, className: 'slide', 'aria-hidden': index !== at, inert: index === at ? undefined : '' },
          h(Node, { node: slide }),
        )
      ),
    ),
    slides.length > 1 && h(
      'div',
      { className: 'carousel-foot' },
      h(IconButton, { label: 'Previous slide', icon: 'chevron-left', onClick: () => show(at - 1) }),
      h('span', { className: 'dim', 'aria-live': 'polite' }, `${at + 1} / ${slides.length}`),
      h(IconButton, { label: 'Next slide', icon: 'chevron-right', onClick: () => show(at + 1) }),
    ),
  );
}
register('carousel', Carousel);
