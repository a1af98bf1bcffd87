import t from 'tap';
import { readPath, withoutQueryParameter } from '../../src/gate/request-target.ts';

t.test('reads a path as the API behind the gate will', async (t) => {
  const readable = {
    '/v1/calls': '/v1/calls',
    '/v1/calls?page=2#x': '/v1/calls',
    '/v1/contacts/Ada%20Lovelace': '/v1/contacts/Ada Lovelace',
    '/v1/contacts/J%C3%BCrgen': '/v1/contacts/Jürgen',
    '/v1/calls/a%3Ab': '/v1/calls/a:b',
    '/v1/..calls/.a': '/v1/..calls/.a',
    '/v1/calls;page=2/...;': '/v1/calls;page=2/...;',
  };
  for (const [target, path] of Object.entries(readable)) t.equal(readPath(target), path, target);
});

t.test('refuses a path that two programs could read in two ways', async (t) => {
  const ambiguous = [
    ...['', 'v1', 'http://api.example/v1', '*', '/v1/../admin', '/v1/./x', '/v1/..', '/v1\\x'],
    ...['/v1/%2e%2e/admin', '/v1/.%2E/admin', '/v1%2Fadmin', '/v1%5cadmin', '/v1/%252e%252e/admin'],
    ...['/v1/..;/admin', '/v1/.;x=1/admin', '/v1/..%3b/admin', '/v1/..;'],
    ...['/v1/%00', '/v1/%0d%0aHost:x', '/v1/%7f', '/v1/%', '/v1/%zz', '/v1/%c3', '/v1/%c0%af'],
    ...['/v1/a b', '/v1/a\u0000', '/v1/a\nb', '/v1/a#b', `/${'x'.repeat(9_000)}`],
  ];
  for (const target of ambiguous) t.equal(readPath(target), undefined, JSON.stringify(target));
});

t.test('takes a key out of a query, however its name is spelled', async (t) => {
  const without = (target: string) => withoutQueryParameter(target, ['api_key']);
  t.equal(without('/v1/calls?api_key=secret'), '/v1/calls');
  t.equal(without('/v1/calls?page=2&api_key=secret&a=1'), '/v1/calls?page=2&a=1');
  t.equal(without('/v1/calls?api%5Fkey=secret&%61pi_key=2'), '/v1/calls');
  t.equal(without('/v1/calls?api_key=1&api_key=2&x=%zz'), '/v1/calls?x=%zz');
  t.equal(without('/v1/calls?api_keys=1'), '/v1/calls?api_keys=1');
  t.equal(without('/v1/calls'), '/v1/calls');
});
