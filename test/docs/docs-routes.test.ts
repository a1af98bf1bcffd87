import t from 'tap';
import { createUser } from '../support/gatehouse.ts';
import { createUserAgent } from '../support/user-agent.ts';
import { openPage } from './docs-page.ts';

const { gatehouse, page, response } = await openPage(t, 'kaie');
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(gatehouse.issuer + path, { headers, redirect: 'manual' });

t.test('the page is public, may be kept, and is not sent again to whoever has it', async (t) => {
  t.match(response.headers.get('content-type'), 'text/html');
  t.equal(response.headers.get('cache-control'), 'public, max-age=300');
  t.equal(response.headers.get('set-cookie'), null, 'no cookie for a page that caches keep');
  t.match(response.headers.get('content-security-policy'), "script-src 'self'");
  const etag = response.headers.get('etag') ?? '';
  t.match(etag, /^"[\w-]+"$/);
  const again = await get('/docs/authentication', { 'if-none-match': `"other", W/${etag}` });
  t.equal(again.status, 304, 'RFC 9110 §13.1.2');
  t.equal(again.headers.get('etag'), etag);
  const other = await get('/docs/authentication', { 'if-none-match': '"other"' });
  t.equal(other.status, 200);
  const head = await fetch(response.url, { method: 'HEAD' });
  t.equal(head.headers.get('etag'), etag);
});

t.test('Markdown by its address and by Accept, HTML to browsers', async (t) => {
  const byAddress = await get('/docs/authentication.md');
  const markdown = await byAddress.text();
  t.match(byAddress.headers.get('content-type'), 'text/markdown; charset=utf-8');
  t.match(markdown, /^# Authentication\n/);
  t.match(markdown, '\n## API key authentication\n');
  t.match(markdown, '| 401 | `MISSING_AUTHENTICATION` | No authentication provided |');
  t.match(markdown, /```sh\ncurl /);
  const wanted = {
    'text/markdown': 'text/markdown',
    'text/markdown, text/html;q=0.5': 'text/markdown',
    'text/html,application/xhtml+xml,*/*;q=0.8': 'text/html',
    '*/*': 'text/html',
  };
  for (const [accept, type] of Object.entries(wanted)) {
    const answer = await get('/docs/authentication', { accept });
    t.match(answer.headers.get('content-type'), type, accept);
    t.equal(answer.headers.get('vary'), 'accept');
  }
  const byAccept = await get('/docs/authentication', { accept: 'text/markdown' });
  t.equal(await byAccept.text(), markdown);
  t.not(byAccept.headers.get('etag'), response.headers.get('etag'));
});

t.test('/llms.txt is an index and the whole text', async (t) => {
  const answer = await get('/llms.txt');
  const text = await answer.text();
  t.match(answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  t.match(text, /^# Kaie\n\n> /);
  for (const path of ['/docs/authentication.md', '/reference', '/openapi.json']) {
    t.ok(text.includes(`](${gatehouse.issuer}${path})`), path);
    t.equal((await get(path)).status, 200, path);
  }
  t.ok(text.endsWith(await (await get('/docs/authentication.md')).text()));
});

t.test('every link within the page leads somewhere', async (t) => {
  const anchors = Array.from(page.html.matchAll(/href="#([^"]+)"/g), ([, id = '']) => id);
  t.ok(anchors.length > 40);
  t.same(
    anchors.filter((id) => !page.ids.includes(id)),
    [],
  );
  t.equal(new Set(page.ids).size, page.ids.length, 'an id is used once');
  t.equal((await get('/docs')).headers.get('location'), '/docs/authentication');
});

t.test('the page names the menu that the dashboard has', async (t) => {
  const person = await createUser(gatehouse);
  const agent = createUserAgent();
  const signIn = await agent.get(`${gatehouse.issuer}/sign-in?return_to=/dashboard`);
  const { email, password } = person;
  const home = await agent.follow(
    await agent.submit(signIn, signIn.forms[0]!, { email, password }),
  );
  t.match(home.body, /sections-title"[^>]*>Settings<[\s\S]*API keys/);
  t.match(page.section('getting-your-api-key'), 'Navigate to Settings > API keys');
});

t.test('what a platform file says is text, never markup', async (t) => {
  const hostile = '<script>alert(1)</script> [x](javascript:alert(1)) `a` **b** | c';
  const { page } = await openPage(t, 'kaie', {
    change: (platform) => ({
      ...platform,
      name: hostile,
      scopes: platform.scopes.map((scope) => ({ ...scope, description: hostile })),
      dialect: {
        ...platform.dialect,
        denials: {
          ...platform.dialect.denials,
          missing_credential: {
            ...platform.dialect.denials.missing_credential,
            ...{ code: hostile, message: hostile },
          },
        },
      },
    }),
  });
  t.notMatch(page.html, '<script>');
  t.notMatch(page.html, 'href="javascript');
  t.ok(page.text.includes(hostile), 'word for word');
});
