import t from 'tap';
import { authorizationHeaders, formTargetOf, pageHeaders } from '../../src/doors/headers.ts';

t.test('names a redirect URI as a source of form-action (CSP3 form-action)', async (t) => {
  const expected: [uri: string, source: string | undefined][] = [
    // Not the host: the app may send the browser on to another (test/flows/browser.test.ts).
    ['https://app.example.com/callback?a=b', 'https:'],
    ['https://APP.example.com:443/callback', 'https:'],
    ['http://127.0.0.1:49152/callback', 'http:'],
    ['http://[::1]:49152/callback', 'http:'],
    ['com.example.app:/callback', 'com.example.app:'],
    ['not a uri', undefined],
    ['/callback', undefined],
  ];
  for (const [uri, source] of expected) t.equal(formTargetOf(uri), source, uri);
});

t.test('lets no redirect URI write a directive of its own into the policy', async (t) => {
  const hostile = [
    "https://a;script-src-elem'unsafe-inline'/",
    'https://a;sandbox;b/',
    "https://a,default-src'none'/",
    'https://app.example.com/;script-src *',
    "com.example.app:;script-src 'unsafe-inline'",
    "x;script-src 'unsafe-inline':/",
  ];
  for (const uri of hostile) {
    const source = formTargetOf(uri) ?? '';
    t.notMatch(source, /[;,\s']/, uri);
    const policy = pageHeaders([source])['content-security-policy']!;
    t.equal(policy.split(/[;,]/).length, 9, `${uri}: as many directives as ever`);
    t.notMatch(policy, /unsafe|sandbox|script-src-elem/, uri);
  }
});

t.test(
  'forbids framing, other origins and inline scripts on every page (RFC 9700 §4.16)',
  async (t) => {
    for (const headers of [pageHeaders(), pageHeaders(['https://a']), authorizationHeaders()]) {
      const policy = headers['content-security-policy']!.split('; ');
      t.ok(policy.includes("default-src 'none'"));
      t.ok(policy.includes("script-src 'self'"));
      t.ok(policy.includes("frame-ancestors 'none'"));
      t.ok(policy.includes("base-uri 'none'"));
      t.equal(headers['x-frame-options'], 'DENY');
      t.equal(headers['x-content-type-options'], 'nosniff');
      t.equal(headers['referrer-policy'], 'no-referrer');
      t.equal(headers['cache-control'], 'no-store');
    }
  },
);
