/** What authors can write, with an example of each: words and pictures. */

/** @type {Record<string, import('./index.js').Entry>} */
export const words = {
  text: {
    about: 'A paragraph; with `richText`, Markdown.',
    options: 'text value content size dimmed weight fw bold italic mono align lineClamp richText markdown',
    example: { type: 'text', text: '**{{ metrics.up }}** workers are up.', richText: true },
  },
  title: {
    about: 'A heading of level 2 to 6.',
    options: 'text value content order level',
    example: { type: 'title', text: 'Workers', order: 2 },
  },
  markdown: {
    about: 'Headings, lists, tables, code. Tags in it stay text.',
    options: 'text value content markdown',
    example: { type: 'markdown', text: '## Notes\n\n* one\n* two\n\n| name | size |\n| - | - |\n| a | 1 |' },
  },
  html: {
    about: 'HTML, cleaned before it is shown: no scripts, styles, forms or pictures of other sites.',
    options: 'html text value content',
    example: { type: 'html', html: '<p>Some <em>HTML</em>.</p>' },
  },
  highlight: {
    about: 'Text with words marked.',
    options: 'text value content highlight query words',
    example: { type: 'highlight', text: 'A needle in a haystack', highlight: 'needle' },
  },
  code: {
    about: 'Code to read and copy.',
    options: 'text value code content language copy inline wrap height maxHeight',
    example: { type: 'code', language: 'python', text: 'print("hello")' },
  },
  json: {
    about: 'A value as JSON.',
    options: 'text value code content copy inline wrap height maxHeight',
    example: { type: 'json', source: 'metrics' },
  },
  kbd: { about: 'Keys to press.', options: 'keys text value', example: { type: 'kbd', keys: ['Ctrl', 'K'] } },
  copy: {
    about: 'A value with a button that copies it.',
    options: 'value text',
    example: { type: 'copy', value: 'abc-123' },
  },
  link: {
    about: 'A link; http, https, mailto and this site only.',
    options: 'href url to text',
    example: { type: 'link', label: 'Documentation', href: 'https://example.org' },
  },
  badge: {
    about: 'A coloured word.',
    options: 'text value dot',
    example: { type: 'badge', label: 'New', color: 'grape', icon: 'Sparkles' },
  },
  alert: {
    about: 'Something to notice.',
    options: 'message text variant richText',
    example: {
      type: 'alert',
      title: 'Look',
      message: 'Three workers are down.',
      color: 'orange',
      icon: 'TriangleAlert',
    },
  },
  image: {
    about: 'A picture of this site, or one in the data.',
    options: 'src url value alt width height fit rounded',
    example: {
      type: 'image',
      src:
        'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAnUlEQVR42g3JIQ4DIAwAwL1tT+AJVNfUoKmtI6kmwWGZrEQiK5FIPjHO3ucLN8CJsAmcYRWYDWzA7/PFG/BE3ITOuArOhjbwRbohnZg2Jee0Spot2Ugv8g35xLwpO+dV8mzZRn4hN8iJskmcZRWZTWzIC71BT9RN6qyr6GxqQ1/UG+qJdVN1rqvU2aqN+qLf0E/sm7pzX6XP1m303x+9bXPBFIgyKgAAAABJRU5ErkJggg==',
      alt: 'A square of many blues',
      width: 80,
      height: 80,
    },
  },
  video: {
    about: 'A film of this site; others open in a new tab.',
    options: 'src url value alt controls loop muted height',
    example: { type: 'video', src: 'https://example.org/clip.mp4', title: 'How it works' },
  },
  barcode: {
    about: 'Code 128.',
    options: 'value text showValue height',
    example: { type: 'barcode', value: 'SKIRRET-1' },
  },
};
