import { createHmac, randomBytes } from 'node:crypto';
import t from 'tap';
import { createHmacSha256 } from '../../src/lib/hmac.ts';

t.test('agrees with RFC 4231', async (t) => {
  const hmac = createHmacSha256(Buffer.alloc(20, 0x0b));
  t.equal(
    hmac('Hi There').toString('hex'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  );
  t.equal(
    createHmacSha256(Buffer.from('Jefe'))('what do ya want for nothing?').toString('hex'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

t.test('agrees with node:crypto for any key and message', async (t) => {
  for (let length = 0; length < 200; length += 1) {
    const key = randomBytes(length % 65);
    const message = randomBytes(length).toString('latin1');
    const expected = createHmac('sha256', key).update(message).digest('hex');
    t.equal(createHmacSha256(key)(message).toString('hex'), expected, `${length}`);
  }
});

t.test('refuses a key that would have to be hashed first', async (t) => {
  t.throws(() => createHmacSha256(Buffer.alloc(65)), RangeError);
});
