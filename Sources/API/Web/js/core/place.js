/** Where in a JSON text a path lies, so that a message about it can lead there. */

/** A scanner of JSON that is known to parse. @param {string} text @returns {Map<string, number>} path → offset of its value */
export function placesOf(text) {
  const places = new Map();
  let at = 0;
  const space = () => {
    while (/\s/.test(text[at] ?? '')) at++;
  };
  const string = () => {
    const from = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at++;
    return JSON.parse(text.slice(from, at));
  };
  /** @param {string} path */
  const value = (path) => {
    space();
    places.set(path, at);
    const first = text[at];
    if (first === '"') return void string();
    if (first !== '{' && first !== '[') {
      while (at < text.length && !/[,\]}\s]/.test(text[at])) at++;
      return;
    }
    const [isObject, end] = [first === '{', first === '{' ? '}' : ']'];
    at++;
    for (let index = 0;; index++) {
      space();
      if (at >= text.length || text[at] === end) break;
      if (text[at] === ',') at++;
      space();
      let key = `[${index}]`;
      if (isObject) {
        const name = string();
        key = path ? `.${name}` : name;
        space();
        at++;
      }
      value(path + key);
      space();
      if (text[at] === end) break;
    }
    at++;
  };
  try {
    value('');
  } catch {
    // Nested deeper than the stack: what was found so far is what there is.
  }
  return places;
}

/** JSON, or what is wrong with it and where. @param {string} text @returns {{value?: any, problem?: string, at?: number}} */
export function readJson(text) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const said = String(/** @type {Error} */ (error).message);
    const place = /position (\d+)/.exec(said);
    const at = place ? Number(place[1]) : text.length;
    return { problem: `This is not JSON: ${said.replace(/ in JSON at position.*|\s*\(line.*/s, '')}`, at };
  }
}

/** Line and column of an offset, both from 1. @param {string} text @param {number} at */
export function lineAt(text, at) {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
