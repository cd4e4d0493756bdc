/** Colours, type and names for screen readers, once, for everything the library draws. */
import { Store } from '../core/store.js';

const KEY = 'skirret:colour-scheme';
const system = globalThis.matchMedia('(prefers-color-scheme: dark)');

const read = () => {
  try {
    return localStorage.getItem(KEY) ?? 'auto';
  } catch {
    return 'auto'; // Storage may be switched off; the choice then lasts as long as the page.
  }
};

/** `'auto'`, `'light'` or `'dark'`, as chosen. */
export const choice = new Store(read());
const drawn = () => (choice.get() === 'auto' ? (system.matches ? 'dark' : 'light') : choice.get());
/** `'light'` or `'dark'`, as drawn. */
export const scheme = new Store(drawn());

const apply = () => {
  document.documentElement.dataset.mantineColorScheme = drawn();
  scheme.set(drawn());
};
system.addEventListener('change', apply);
choice.subscribe(apply);

/** @param {string} next */
export function chooseScheme(next) {
  choice.set(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // As above.
  }
}

const named = (/** @type {string} */ label) => ({ 'aria-label': label });

/** Greys with the blue of our own surfaces, so that the library's parts do not look foreign among them. */
const DARK = [
  '#e8eaf2',
  '#c4cad9',
  '#9aa3b8',
  '#6b7489',
  '#363d4f',
  '#262b38',
  '#1c202b',
  '#171a23',
  '#12151d',
  '#0f1117',
];

/** The library's own, with shades from 7 on so dark that words on them are white: black on red reads like a mistake. */
const RED = ['#fff5f5', '#ffe3e3', '#ffc9c9', '#ffa8a8', '#ff8787', '#ff6b6b', '#fa5252', '#d92b2b', '#c62828', '#b02525'];
const BLUE = ['#e7f5ff', '#d0ebff', '#a5d8ff', '#74c0fc', '#4dabf7', '#339af0', '#228be6', '#1971c2', '#1864ab', '#155a9a'];

export const theme = {
  colors: { dark: DARK, red: RED, blue: BLUE },
  primaryColor: 'indigo',
  // White on shade 7 of our accent reads at 5:1 in both schemes.
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  // Below this luminance white text is at least 4.5:1, above it black is.
  luminanceThreshold: 0.18,
  defaultRadius: 'md',
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", ui-monospace, "Cascadia Code", monospace',
  headings: { fontFamily: 'Inter, system-ui, sans-serif', fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: {
      defaultProps: {
        closeButtonProps: named('Close'),
        centered: true,
        // No blur: without a graphics card every frame of a closing dialog would blur the whole page anew.
        overlayProps: { backgroundOpacity: 0.6 },
      },
    },
    Drawer: { defaultProps: { closeButtonProps: named('Close') } },
    Notification: { defaultProps: { closeButtonProps: named('Dismiss') } },
    Select: { defaultProps: { clearButtonProps: named('Clear') } },
    // Help below, so that inputs side by side stand on one line whichever of them has some.
    InputWrapper: { defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] } },
    Switch: { defaultProps: { withThumbIndicator: false } },
    Checkbox: { defaultProps: { radius: 'sm' } },
  },
};
