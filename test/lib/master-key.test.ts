import { createHmac, hkdfSync } from 'node:crypto';
import t from 'tap';
import { createMasterKey } from '../../src/lib/master-key.ts';

const KEY = Buffer.alloc(32, 7);

t.test('hashes a secret by HMAC-SHA-256 with a key of its own (RFC 2104, RFC 5869)', async (t) => {
  const hashKey = hkdfSync('sha256', KEY, Buffer.alloc(0), 'gatehouse:secret-hash', 32);
  const { hashSecret, sameHash } = createMasterKey(KEY);
  for (const secret of ['', 'ghcs_secret', 'ü'.repeat(100)]) {
    const expected = createHmac('sha256', Buffer.from(hashKey)).update(secret).digest();
    t.same(hashSecret(secret), expected);
    t.same(hashSecret(secret), expected, 'and again, from memory');
    t.ok(sameHash(hashSecret(secret), expected));
    t.notOk(sameHash(hashSecret(`${secret}x`), expected));
  }
  t.notOk(sameHash(hashSecret('a'), hashSecret('a').subarray(1)), 'lengths may differ');
  const other = createMasterKey(Buffer.alloc(32, 8));
  t.notSame(other.hashSecret('a'), hashSecret('a'), 'another key, another hash');
});

t.test('opens a box for its context and with its key alone', async (t) => {
  const { encrypt, decrypt } = createMasterKey(KEY);
  const box = encrypt(Buffer.from('private'), 'kid-1');
  t.equal(decrypt(box, 'kid-1').toString(), 'private');
  t.notSame(encrypt(Buffer.from('private'), 'kid-1'), box, 'never the same twice');
  t.throws(() => decrypt(box, 'kid-2'));
  t.throws(() => createMasterKey(Buffer.alloc(32, 8)).decrypt(box, 'kid-1'));
  for (let at = 0; at < box.length; at += 1) {
    const altered = Buffer.from(box);
    altered[at]! ^= 1;
    t.throws(() => decrypt(altered, 'kid-1'), `byte ${at}`);
  }
});

t.test('refuses a key of another length', async (t) => {
  for (const length of [0, 16, 31, 33]) {
    t.throws(() => createMasterKey(Buffer.alloc(length)), RangeError);
  }
});
