import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeFilename, safeRoute, safeUrl } from '../js/core/url.js';

const base = 'https://site.example/plugins';

test('http, https, mailto and this site pass', () => {
  assert.equal(safeUrl('https://a.example/x', base), 'https://a.example/x');
  assert.equal(safeUrl('/data/report.csv', base), 'https://site.example/data/report.csv');
  assert.equal(safeUrl('mailto:a@b.example', base), 'mailto:a@b.example');
});

test('everything that could run or read is refused', () => {
  const bad = [
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'blob:https://a/b',
    'file:///etc/passwd',
    'vbscript:x',
    '',
    '  ',
    null,
    5,
    {},
    'https://',
  ];
  for (const url of bad) assert.equal(safeUrl(url, base), undefined, String(url));
});

test('file names lose folders, line ends and direction marks', () => {
  assert.equal(safeFilename('../x\r\nSet-Cookie:a'), 'xSet-Cookiea');
  assert.equal(safeFilename('..\\..\\evil.exe'), 'evil.exe');
  assert.equal(safeFilename('.bashrc'), 'bashrc');
  assert.equal(safeFilename('inv\u202efdp.exe'), 'invfdp.exe');
  for (const empty of ['', '..', '/', null, undefined]) assert.equal(safeFilename(empty), 'download');
  assert.ok(safeFilename('a'.repeat(500)).length <= 120);
});

test('a page’s route is a plain path that hides none of ours', () => {
  assert.equal(safeRoute('/dashboards/service-monitor/'), '/dashboards/service-monitor');
  assert.equal(safeRoute('/plugins/mine/page'), '/plugins/mine/page');
  for (
    const bad of [
      '/',
      '/plugins',
      '/plugins/',
      '/api/x',
      '/assets/x',
      '/ws/',
      '/events',
      '//evil.example',
      '/a/../api',
      'dash',
      'https://evil.example',
      '/a b',
      '/a?b',
      null,
      5,
    ]
  ) {
    assert.equal(safeRoute(bad), undefined, String(bad));
  }
});
