/**
 * Markdown as a tree of plain records: headings, lists, quotes, code, tables, emphasis, links. Never HTML: whatever
 * looks like a tag stays text.
 */

/** Longer texts are cut: somebody has to read them. */
const LONGEST = 50_000;
const INLINE =
  /(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)|!\[([^\]]*)\]\(([^)\s]+)[^)]*\)|\[([^\]]+)\]\(([^)\s]+)[^)]*\)|(\*\*|__)(?=\S)([\s\S]*?\S)\7|(\*|_)(?=\S)([^*_]*?[^\s*_])\9(?!\w)|~~(?=\S)([\s\S]*?\S)~~|(https?:\/\/[^\s<>")\]]+[^\s<>")\].,;:!?])/;

/** @param {string} source @returns {any[]} texts, and records `{kind, …}` */
export function inline(source, depth = 0) {
  const out = /** @type {any[]} */ ([]);
  let rest = source;
  while (rest) {
    const found = depth < 6 ? INLINE.exec(rest) : null;
    if (!found) {
      out.push(rest);
      break;
    }
    if (found.index) out.push(rest.slice(0, found.index));
    const [all, , code, alt, src, label, href, , strong, , emphasis, struck, url] = found;
    const inner = (/** @type {string} */ words) => inline(words, depth + 1);
    if (code !== undefined) out.push({ kind: 'code', text: code.trim() });
    else if (src !== undefined) out.push({ kind: 'image', alt, src });
    else if (href !== undefined) out.push({ kind: 'link', href, children: inner(label) });
    else if (strong !== undefined) out.push({ kind: 'strong', children: inner(strong) });
    else if (emphasis !== undefined) out.push({ kind: 'em', children: inner(emphasis) });
    else if (struck !== undefined) out.push({ kind: 'del', children: inner(struck) });
    else out.push({ kind: 'link', href: url, children: [url] });
    rest = rest.slice(found.index + all.length);
  }
  return out;
}

const ITEM = /^(\s{0,8})(?:[*+-]|(\d{1,9})[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/;
const cells = (/** @type {string} */ line) =>
  line.trim().replace(/^\||\|$/g, '').split('|').map((one) => inline(one.trim()));

/** @param {string[]} lines @param {number} at @returns {[any, number]} */
function list(lines, at) {
  const first = /** @type {RegExpExecArray} */ (ITEM.exec(lines[at]));
  const items = [];
  let next = at;
  for (; next < lines.length; next++) {
    const found = ITEM.exec(lines[next]);
    if (found) {
      const words = inline(found[4]);
      const done = found[3] === undefined ? undefined : found[3] !== ' ';
      items.push({ children: words, done, level: Math.min(3, Math.floor(found[1].length / 2)) });
    } else if (/^\s+\S/.test(lines[next]) && items.length) {
      items[items.length - 1].children.push(' ', ...inline(lines[next].trim()));
    } else break;
  }
  return [{ kind: 'list', ordered: first[2] !== undefined, start: Number(first[2] ?? 1), items }, next];
}

/** @param {string} source @returns {any[]} blocks */
export function markdown(source, depth = 0) {
  const lines = source.slice(0, LONGEST).replace(/\r\n?/g, '\n').split('\n');
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const fence = /^\s{0,3}(```+|~~~+)\s*([\w+-]*)/.exec(line);
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (fence) {
      let end = at + 1;
      while (end < lines.length && !lines[end].trim().startsWith(fence[1])) end++;
      blocks.push({ kind: 'code', language: fence[2], text: lines.slice(at + 1, end).join('\n') });
      at = end + 1;
    } else if (heading) {
      blocks.push({ kind: 'heading', level: heading[1].length, children: inline(heading[2]) });
      at++;
    } else if (/^\s{0,3}([*_-])(\s*\1){2,}\s*$/.test(line)) {
      blocks.push({ kind: 'rule' });
      at++;
    } else if (ITEM.test(line)) {
      const [made, next] = list(lines, at);
      blocks.push(made);
      at = next;
    } else if (/^\s{0,3}>/.test(line) && depth < 5) {
      let end = at;
      while (end < lines.length && /^\s{0,3}>/.test(lines[end])) end++;
      const inner = lines.slice(at, end).map((one) => one.replace(/^\s{0,3}>\s?/, '')).join('\n');
      blocks.push({ kind: 'quote', children: markdown(inner, depth + 1) });
      at = end;
    } else if (line.includes('|') && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? '')) {
      let end = at + 2;
      while (end < lines.length && lines[end].includes('|')) end++;
      blocks.push({ kind: 'table', head: cells(line), rows: lines.slice(at + 2, end).map(cells) });
      at = end;
    } else if (!line.trim()) at++;
    else {
      let end = at;
      while (
        end < lines.length && lines[end].trim() && !/^(#{1,6}\s|\s{0,3}(```|~~~|>))/.test(lines[end]) &&
        !(end > at && ITEM.test(lines[end]))
      ) end++;
      end = Math.max(end, at + 1);
      blocks.push({ kind: 'paragraph', children: inline(lines.slice(at, end).join('\n')) });
      at = end;
    }
  }
  return blocks;
}
