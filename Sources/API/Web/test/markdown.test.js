import assert from 'node:assert/strict';
import test from 'node:test';
import { code128 } from '../js/core/barcode.js';
import { inline, markdown } from '../js/core/markdown.js';

test('blocks', () => {
  const kinds = markdown('# A\n\n* one\n* two\n\n> said\n\n```py\nx\n```\n\n---\n\n|a|b|\n|-|-|\n|1|2|\n\ntext').map((
    one,
  ) => one.kind);
  assert.deepEqual(kinds, ['heading', 'list', 'quote', 'code', 'rule', 'table', 'paragraph']);
});

test('inline marks', () => {
  assert.deepEqual(inline('**b** and `c`, [l](https://e.org)'), [
    { kind: 'strong', children: ['b'] },
    ' and ',
    { kind: 'code', text: 'c' },
    ', ',
    { kind: 'link', href: 'https://e.org', children: ['l'] },
  ]);
  assert.deepEqual(inline('2 * 3 * 4 and snake_case_name'), ['2 * 3 * 4 and snake_case_name']);
});

test('tags stay text', () => {
  assert.deepEqual(markdown('<script>x</script>'), [{ kind: 'paragraph', children: ['<script>x</script>'] }]);
});

test('hostile lengths end quickly', () => {
  const began = process.cpuUsage();
  for (const one of ['*'.repeat(20000), '['.repeat(20000), '_a'.repeat(9000), '`'.repeat(20001), '> '.repeat(3000)]) {
    markdown(one);
  }
  // Processor time: a busy machine is not the renderer's fault.
  const { user } = process.cpuUsage(began);
  assert.ok(user < 2_000_000, `${user / 1000} ms`);
});

test('a list of one line, and one that continues', () => {
  const [made] = markdown('1. one\n   more\n2. two\n- [x] done');
  assert.equal(made.items.length, 3);
  assert.equal(made.ordered, true);
});

test('code 128 has start, check and stop, eleven modules each', () => {
  const widths = /** @type {number[]} */ (code128('SKIRRET-1'));
  assert.equal(widths.reduce((a, b) => a + b), 11 * 11 + 13);
  assert.equal(code128('ü'), undefined);
  assert.equal(code128(''), undefined);
});
