import t from 'tap';
import { PROBLEM_CODES, statusOf } from '../../src/management/problems.ts';
import { readPage } from '../docs/docs-page.ts';
import { startGatehouse } from '../support/gatehouse.ts';

const gatehouse = await startGatehouse(t, { platform: 'kaie' });
const response = await fetch(`${gatehouse.issuer}/reference`);
const page = readPage(await response.text());
const document = (await (await fetch(`${gatehouse.issuer}/openapi.json`)).json()) as {
  paths: Record<string, Record<string, { operationId: string; summary: string }>>;
  components: { schemas: Record<string, object> };
};

t.test('the reference is public, may be kept, and loads nothing from elsewhere', async (t) => {
  t.equal(response.status, 200);
  t.equal(response.headers.get('cache-control'), 'public, max-age=300');
  t.match(response.headers.get('content-security-policy'), "default-src 'none'");
  t.notMatch(response.headers.get('content-security-policy'), 'unsafe');
  const loaded = page.html.match(/<(?:script|link|img)\b[^>]*>/g) ?? [];
  for (const tag of loaded) t.match(tag, /(?:src|href)="\/assets\//);
  const etag = response.headers.get('etag')!;
  const again = await fetch(response.url, { headers: { 'if-none-match': etag } });
  t.equal(again.status, 304);
});

t.test('every operation and schema of the OpenAPI document is there', async (t) => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );
  t.ok(operations.length > 30);
  for (const { path, method, operationId, summary } of operations) {
    const anchor = page.html.indexOf(` id="${operationId}"`);
    const start = page.html.lastIndexOf('<details class="fold"', anchor);
    const own = page.html.slice(start, page.html.indexOf('</details>', start));
    t.ok(
      anchor > start &&
        start > 0 &&
        own.includes(` id="${operationId}"`) &&
        own.includes(`>${path}<`) &&
        own.includes(`>${method.toUpperCase()}<`),
      operationId,
    );
    t.ok(own.includes(summary.replaceAll("'", '&#39;')), summary);
  }
  for (const name of Object.keys(document.components.schemas)) {
    t.ok(page.ids.includes(`schema-${name}`), name);
  }
  const anchors = Array.from(page.html.matchAll(/href="#([^"]+)"/g), ([, id = '']) => id);
  t.same(
    anchors.filter((id) => !page.ids.includes(id)),
    [],
    'every link within the page leads somewhere',
  );
});

t.test('every problem has its own place, with its status and what to do', async (t) => {
  for (const code of PROBLEM_CODES) {
    t.match(page.section(`problem-${code}`), `${code} · ${statusOf(code)}`);
    t.ok(page.section(`problem-${code}`).length > 40, code);
  }
});

t.test('the type of a problem leads to its place (RFC 9457 §3.1.1)', async (t) => {
  const refused = await fetch(`${gatehouse.issuer}/manage/v1/organizations`);
  const { type } = (await refused.json()) as { type: string };
  const { origin, pathname, hash } = new URL(type);
  t.equal(`${origin}${pathname}`, response.url);
  t.ok(page.ids.includes(hash.slice(1)), hash);
});
