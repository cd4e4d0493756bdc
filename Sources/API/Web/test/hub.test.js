import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, found, latestOf, remedyOf, signatureOf, stateOf, troubleOf, warningsOf } from '../js/core/hub.js';

const OFFER = {
  repo_id: 1,
  repo_name: 'Mine',
  slug: 'logos',
  name: 'Logos',
  latest_version: '1.10.0',
  latest_url: 'https://example.org/logos.zip',
  latest_sha256: 'ab',
  install_status: 'not_installed',
  signature_verified: true,
};

test('what is asked for is found, updates first', () => {
  const offers = [
    { ...OFFER, slug: 'b', name: 'Beta', install_status: 'installed' },
    { ...OFFER, slug: 'a', name: 'Alpha' },
    { ...OFFER, slug: 'c', name: 'Gamma', install_status: 'update_available' },
  ];
  const slugs = (query, which) => found(offers, query, which).map((one) => one.slug);
  assert.deepEqual(slugs('', 'all'), ['c', 'a', 'b']);
  assert.deepEqual(slugs('', 'new'), ['a']);
  assert.deepEqual(slugs('', 'installed'), ['c', 'b']);
  assert.deepEqual(slugs('', 'updates'), ['c']);
  assert.deepEqual(slugs('alpha mine', 'all'), ['a']);
});

test('the server is told what it checks the download by, and nothing empty', () =>
  assert.deepEqual(bodyOf(OFFER, latestOf(OFFER)), {
    repo_id: 1,
    slug: 'logos',
    version: '1.10.0',
    download_url: 'https://example.org/logos.zip',
    sha256: 'ab',
  }));

test('warnings name what is replaced, turned back, unsigned or unchecked', () => {
  assert.deepEqual(warningsOf(OFFER, latestOf(OFFER)), []);
  const of = (offer, version = latestOf({ ...OFFER, ...offer })) =>
    warningsOf({ ...OFFER, ...offer }, version).join(' ');
  assert.match(of({ install_status: 'unmanaged' }), /by hand/);
  assert.match(of({ install_status: 'different_repo', installed_source_repo_name: 'Other' }), /“Other”/);
  assert.match(of({ installed_version: '2.0' }), /older than what is installed, 2\.0/);
  assert.equal(of({ installed_version: '1.9.0' }), '', '1.10 is newer than 1.9');
  assert.match(of({ latest_sha256: undefined }), /no checksum/);
  assert.match(of({ signature_verified: null }), /Nobody vouches/);
  assert.match(of({}, { ...latestOf(OFFER), prerelease: true }), /prerelease/);
});

test('a signature is right, wrong, or not there', () =>
  assert.deepEqual([true, false, null, undefined].map((one) => signatureOf(one).word), [
    'Signed',
    'Signature wrong',
    'Not signed',
    'Not signed',
  ]));

test('an error has a remedy: the server’s own, or ours', () => {
  assert.equal(remedyOf({ code: 'wrong_checksum', body: { hint: 'Theirs' } }), 'Theirs');
  assert.match(remedyOf({ code: 'wrong_checksum' }), /Refresh the repository/);
  assert.equal(remedyOf({ code: 'constructor' }), '');
  assert.equal(troubleOf({ last_fetch_status: '200' }), '');
  assert.match(troubleOf({ last_fetch_status: '404' }), /not at this address/);
  assert.match(troubleOf({ last_fetch_status: '503' }), /503/);
  assert.equal(troubleOf({ last_fetch_status: 'timed out' }), 'timed out');
  assert.deepEqual(stateOf({ install_status: '__proto__' }), ['gray', '']);
});
