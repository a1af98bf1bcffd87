import t from 'tap';
import { networkOf, undressed } from '../../src/lib/address.ts';

t.test('an IPv4 address stands for itself, in IPv6 clothes too (RFC 4291 §2.5.5.2)', async (t) => {
  t.equal(networkOf('192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(networkOf('::FFFF:c000:201'), '192.0.2.1');
  t.equal(networkOf('0:0:0:0:0:ffff:192.0.2.1'), '192.0.2.1');
});

t.test('an IPv6 address stands for its /64, however it is written', async (t) => {
  const network = '2001:db8:0:1::/64';
  for (const address of [
    '2001:db8:0:1::',
    '2001:db8::1:0:0:0:1',
    '2001:0DB8:0000:0001:ffff:ffff:ffff:ffff',
    '2001:db8:0:1:2:3:4.5.6.7',
    '2001:db8:0:1::9%eth0',
  ]) {
    t.equal(networkOf(address), network, address);
  }
  t.equal(networkOf('2001:db8:0:2::1'), '2001:db8:0:2::/64');
  t.equal(networkOf('::1'), '0:0:0:0::/64');
  t.equal(networkOf('::'), '0:0:0:0::/64');
});

t.test('what is no address shares one count', async (t) => {
  for (const text of [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '[::1]',
    ':::',
    '1::2::3',
  ]) {
    t.equal(networkOf(text), 'unknown', text);
  }
});

t.test('undressed, IPv4 is IPv4 and the rest is left alone', async (t) => {
  t.equal(undressed('::ffff:192.0.2.1'), '192.0.2.1');
  t.equal(undressed('0:0:0:0:0:FFFF:c000:201'), '192.0.2.1');
  for (const other of ['192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '::1', 'localhost', '']) {
    t.equal(undressed(other), other);
  }
});
