/** Libraries that only some pages need, loaded when the first of them does. */
const at = (/** @type {string} */ path) => new URL(`../../vendor/${path}`, import.meta.url).href;

/** @returns {Promise<{default: {sanitize: (html: string, rules: object) => any}}>} */
export const loadPurify = () => import(at('dompurify/dompurify.js'));
/** @returns {Promise<{Sortable: any}>} */
export const loadSortable = () => import(at('sortable/sortable.js'));
