/** Puts something into the person's downloads. */
import { safeFilename } from '../core/url.js';

/** @param {string} name @param {BlobPart} data @param {string} type */
export function saveFile(name, data, type) {
  const made = URL.createObjectURL(new Blob([data], { type }));
  const link = Object.assign(document.createElement('a'), {
    href: made,
    download: safeFilename(name),
    rel: 'noopener',
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(made), 10_000);
}
