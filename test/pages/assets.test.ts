import t from 'tap';
import { exactRequest } from '../support/exact-request.ts';
import { startGatehouse } from '../support/gatehouse.ts';

const gatehouse = await startGatehouse(t);
const ask = (target: string, accept: string) =>
  exactRequest(gatehouse.config.port, { target, headers: { accept } });

/** None is a file of ours. */
const PATHS = [
  ...['/assets/%00', '/assets/x//', '/assets/%5c..%5cpackage.json', '/assets/', '/assets'],
  ...['/assets/..%2f..%2fpackage.json', '/assets/%2e%2e/package.json', '/assets//etc/passwd'],
  ...['/assets/./forms.js', '/assets/playground/', '/assets/playground', '/assets/none.js'],
];

t.test('what is no file answers as any path that nobody answers (RFC 9110 §15.5.5)', async (t) => {
  const about = /req_[\w-]+|"\/[^"]*"/g;
  for (const accept of ['text/html', '*/*']) {
    const unknown = await ask('/nothing/here', accept);
    for (const path of PATHS) {
      const answer = await ask(path, accept);
      t.equal(answer.status, 404, `${path} for ${accept}`);
      t.equal(answer.text.replaceAll(about, ''), unknown.text.replaceAll(about, ''), path);
      const { date, 'x-request-id': id, 'content-length': length, ...headers } = answer.headers;
      const { date: d, 'x-request-id': i, 'content-length': l, ...expected } = unknown.headers;
      t.same(headers, expected, `${path} for ${accept}`);
      t.notMatch(answer.text, /FST_|[Ss]tatic/, path);
    }
  }
  const file = await ask('/assets/forms.js', '*/*');
  t.match(file, { status: 200, headers: { 'x-content-type-options': 'nosniff' } });
});

t.test(
  'a part of a file that it does not have is refused as such (RFC 9110 §15.5.17)',
  async (t) => {
    const headers = { range: 'bytes=99999999-' };
    const target = '/assets/forms.js';
    const answer = await exactRequest(gatehouse.config.port, { target, headers });
    t.equal(answer.status, 416);
    t.notMatch(answer.text, /FST_|[Ss]tatic/);
  },
);
