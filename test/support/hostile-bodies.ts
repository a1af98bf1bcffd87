import { FORM } from './raw-request.ts';

const GRANT = 'grant_type=client_credentials';

/** What no form is made of, but a few that are right for some endpoint. */
export const HOSTILE_BODIES: [
  name: string,
  headers: Record<string, string>,
  body: string | Buffer,
][] = [
  ['JSON', { 'content-type': 'application/json' }, '{"grant_type":"client_credentials"}'],
  ['broken JSON', { 'content-type': 'application/json' }, '{'],
  ['JSON called a form', FORM, '{"grant_type":"client_credentials"}'],
  ['text', { 'content-type': 'text/plain' }, GRANT],
  ['XML', { 'content-type': 'application/xml' }, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc">]>'],
  ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--'],
  ['no type', {}, GRANT],
  ['an empty type', { 'content-type': '' }, GRANT],
  ['a broken type', { 'content-type': ';;;=' }, GRANT],
  ['two types', { 'content-type': 'application/x-www-form-urlencoded, text/plain' }, GRANT],
  ['UTF-7', { 'content-type': `${FORM['content-type']}; charset=utf-7` }, '+AGc-rant_type=x'],
  ['UTF-16', FORM, Buffer.from(GRANT, 'utf16le')],
  ['nothing', FORM, ''],
  ['bytes', FORM, Buffer.from([0, 255, 254, 128, 61, 38, 37])],
  ['percent signs', FORM, '%=%&%zz=%f&&&==='],
  ['a NUL in a value', FORM, 'grant_type=a%00b'],
  ['a NUL in a name', FORM, '%00=x'],
  ['prototype names', FORM, '__proto__=x&constructor=y&toString=z&hasOwnProperty=1'],
  ['nested names', FORM, '__proto__[admin]=1&constructor[prototype][a]=b&a[b][c]=d'],
  ['ten thousand parameters', FORM, 'a=b&'.repeat(10_000)],
  ['a value of 50,000 letters', FORM, `grant_type=${'x'.repeat(50_000)}`],
  ['a body of 60,000 letters', FORM, `grant_type=${'x'.repeat(60_000)}`],
  ['a body of 300,000 letters', FORM, `grant_type=${'x'.repeat(300_000)}`],
  ['gzip', { ...FORM, 'content-encoding': 'gzip' }, Buffer.from([31, 139, 8, 0])],
];
