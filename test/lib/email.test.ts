import t from 'tap';
import { isEmail, normaliseEmail } from '../../src/lib/email.ts';

t.test('case, surrounding space and composition make no difference', async (t) => {
  t.equal(normaliseEmail(' Ann@Example.COM\n'), 'ann@example.com');
  t.equal(normaliseEmail('e\u0301va@example.com'), normaliseEmail('\u00c9va@example.com'));
});

t.test('addresses that mail could reach are accepted', async (t) => {
  const local = 'x'.repeat(64);
  for (const email of [
    'ann@example.com',
    "o'neil+a.b_c@mail.example.co",
    'пошта@приклад.укр',
    `${local}@localhost`,
  ]) {
    t.ok(isEmail(email), email);
  }
});

t.test('what is no address, or hides something, is not', async (t) => {
  for (const email of [
    '',
    'ann',
    '@example.com',
    'ann@',
    'a@b@c.example',
    'ann @example.com',
    'ann@exa mple.com',
    'ann@example..com',
    'ann@-example.com',
    'ann@[127.0.0.1]',
    'ann\0@example.com',
    'ann\u200b@example.com',
    'ann\ud800@example.com',
    'ann@example.com\r\nbcc: all@example.com',
    `${'x'.repeat(65)}@example.com`,
    `ann@${'example.'.repeat(40)}com`,
  ]) {
    t.notOk(isEmail(normaliseEmail(email)), JSON.stringify(email));
  }
});
