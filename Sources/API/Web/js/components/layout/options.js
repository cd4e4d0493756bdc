/** Options that many components share, taken only when they are what the component knows. */

const SIZES = new Set(['xs', 'sm', 'md', 'lg', 'xl']);

/** A size word or a number of pixels. @param {unknown} value @param {any} [fallback] */
export const size = (value, fallback) =>
  SIZES.has(/** @type {string} */ (value)) || (typeof value === 'number' && value >= 0 && value < 200)
    ? value
    : fallback;

/** @template T @param {unknown} value @param {T[]} allowed @param {T} fallback @returns {T} */
export const oneOf = (value, allowed, fallback) =>
  allowed.includes(/** @type {any} */ (value)) ? /** @type {any} */ (value) : fallback;

/** A number of pixels within bounds. @param {unknown} value @param {number} fallback @param {number} [least] @param {number} [most] */
export const pixels = (value, fallback, least = 40, most = 1200) => {
  const n = Number.parseFloat(String(value ?? ''));
  return Number.isFinite(n) && !/%|v[hw]/.test(String(value)) ? Math.min(most, Math.max(least, n)) : fallback;
};

/** A whole number within bounds. @param {unknown} value @param {number} fallback @param {number} least @param {number} most */
export const whole = (value, fallback, least, most) => {
  const n = Math.floor(Number(value));
  return value !== null && value !== '' && Number.isFinite(n) ? Math.min(most, Math.max(least, n)) : fallback;
};
