import t from 'tap';
import { recordAuditEvent } from '../../src/audit/audit.store.ts';
import { AUDIT_EVENT_TYPES } from '../../src/audit/audit.ts';
import { auditExport } from '../../src/audit/audit-export.ts';
import { csvLine } from '../../src/lib/csv.ts';
import { en } from '../../src/pages/words/en.ts';
import type { Page } from '../support/user-agent.ts';
import { type Developer, type KeyDesk, openKeyDesk } from './key-desk.ts';

const typesIn = ({ body }: Page): string[] =>
  Array.from(body.matchAll(/<dd><code>([a-z_]+\.[a-z_]+)<\/code>/g), (match) => match[1]!);

const day = (date: string) => new Date(`${date}T12:00:00Z`);

/** Writes events of an organization. */
async function happen(
  { gatehouse }: KeyDesk,
  { user }: Developer,
  events: readonly { type: 'api_key.created' | 'client.created'; on: string; by?: string }[],
) {
  for (const { type, on, by } of events) {
    await recordAuditEvent(gatehouse.database.pool, {
      ...{ type, organizationId: user.organizationId, occurredAt: day(on) },
      actor: by ? { kind: 'user', id: by } : { kind: 'admin' },
      target: { kind: 'api_key', id: `key-of-${on}` },
      details: { name: '=cmd|calc', note: 'a "quoted", one' },
    });
  }
}

t.test('the log says in words what happened, by whom and to what', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  await ada.make({ name: 'Nightly export' });
  const { status, body } = await ada.open('/audit');
  t.equal(status, 200);
  t.match(body, 'API key created');
  t.match(body, 'Nightly export');
  t.match(body, 'Ada Example');
  for (const type of AUDIT_EVENT_TYPES) {
    t.ok(Object.hasOwn(en, `audit.event.${type.replace('.', '_')}`), `words for ${type}`);
  }
});

t.test('is narrowed by type, by actor and by day', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  await happen(desk, ada, [
    { type: 'api_key.created', on: '2026-01-10', by: ada.user.id },
    { type: 'api_key.created', on: '2026-01-12' },
    { type: 'client.created', on: '2026-01-12', by: ada.user.id },
    { type: 'client.created', on: '2026-01-14' },
  ]);
  const shown = async (query: string) => typesIn(await ada.open(`/audit?to=2026-02-01&${query}`));
  t.equal((await shown('')).length, 4);
  t.same(await shown('type=client.created'), ['client.created', 'client.created']);
  t.equal((await shown(`actor=user:${ada.user.id}`)).length, 2);
  t.equal((await shown('actor=admin:')).length, 2);
  t.equal((await shown('actor=user:nobody')).length, 0);
  t.equal((await shown('from=2026-01-12')).length, 3, 'days are included');
  const one = `from=2026-01-12&to=2026-01-12&actor=user:${ada.user.id}`;
  t.same(typesIn(await ada.open(`/audit?${one}`)), ['client.created']);
  t.equal((await shown('type=unheard.of')).length, 4, 'what is no type narrows nothing');
  for (const wrong of ['from=yesterday', 'from=2026-02-30', 'from=2026-03-01']) {
    const answer = await ada.open(`/audit?to=2026-02-01&${wrong}`);
    t.equal(answer.status, 422, wrong);
    t.match(answer.body, 'Choose days');
    t.same(typesIn(answer), []);
    t.notMatch(answer.body, /value="(?:yesterday|2026-02-30)"/, 'which a date field can’t show');
  }
});

t.test('an id that somebody made up has no name', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const other = await desk.owner();
  await desk.gatehouse.identity.users.update(
    other.user.id,
    { name: 'Quite Unguessable' },
    { actor: { kind: 'system' } },
  );
  const { body } = await ada.open(`/audit?actor=user:${other.user.id}`);
  t.notMatch(body, 'Quite Unguessable');
});

t.test('pages go on where the one before ended, with what was chosen', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  await happen(
    desk,
    ada,
    Array.from({ length: 60 }, () => ({ type: 'client.created', on: '2026-01-10' }) as const),
  );
  const first = await ada.open('/audit?type=client.created');
  t.equal(typesIn(first).length, 50);
  const next = /href="([^"]+cursor=[^"]+)"/.exec(first.body)![1]!.replaceAll('&amp;', '&');
  t.match(next, 'type=client.created');
  const second = await ada.agent.get(new URL(next, first.url).href);
  t.equal(typesIn(second).length, 10);
  t.equal((await ada.open('/audit?cursor=made-up')).status, 404);
  const neighbour = await desk.owner();
  const cursor = new URL(next, first.url).searchParams.get('cursor');
  const theirs = await neighbour.open(`/audit?type=client.created&cursor=${cursor}`);
  t.same(typesIn(theirs), [], 'a cursor is no permission');
});

t.test('is taken away as CSV and as JSON lines, with what was chosen', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const other = await desk.owner();
  const name = 'Ünlimited "Engines"\r\nX: y';
  const { organizations } = desk.gatehouse.identity;
  const system = { actor: { kind: 'system' } } as const;
  await organizations.update(ada.user.organizationId, { name }, system);
  await happen(desk, ada, [
    { type: 'api_key.created', on: '2026-01-10' },
    { type: 'client.created', on: '2026-01-11' },
  ]);
  await happen(desk, other, [{ type: 'api_key.created', on: '2026-01-10' }]);
  const csv = await ada.open('/audit/export?format=csv&to=2026-02-01&type=api_key.created');
  t.equal(csv.status, 200);
  t.match(csv.headers.get('content-type'), 'text/csv');
  t.match(
    csv.headers.get('content-disposition'),
    /^attachment; filename="audit-unlimited-engines-x-y-\d{4}-\d\d-\d\d\.csv"$/,
  );
  const lines = csv.body.trimEnd().split('\r\n');
  t.equal(lines.length, 2);
  t.match(lines[0], /^id,occurred_at,type,/);
  t.match(lines[1], ',2026-01-10T12:00:00.000Z,api_key.created,admin,,api_key,key-of-2026-01-10,');

  const jsonl = await ada.open('/audit/export?format=jsonl&to=2026-02-01');
  const events = jsonl.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.same(
    events.map(({ type }) => type),
    ['client.created', 'api_key.created'],
    'newest first',
  );
  t.match(events[1], {
    organization_id: ada.user.organizationId,
    actor: { kind: 'admin', id: null },
    details: { name: '=cmd|calc' },
  });
  for (const query of ['', 'format=xml', 'format=csv&from=yesterday', 'format=csv&format=csv']) {
    t.equal((await ada.open(`/audit/export?${query}`)).status, 404, query);
  }
});

t.test('of a long log every event is in the file once, and at most so many', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const { organizationId } = ada.user;
  await desk.gatehouse.database.pool.query(
    `INSERT INTO audit_events (type, actor_kind, organization_id)
     SELECT 'client.created', 'system', $1 FROM generate_series(1, 1700)`,
    [organizationId],
  );
  const { body } = await ada.open('/audit/export?format=jsonl&type=client.created');
  const ids = body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id);
  t.equal(ids.length, 1700);
  t.equal(new Set(ids).size, 1700);
  const { allAuditEvents } = await import('../../src/audit/audit.store.ts');
  const batches = allAuditEvents(desk.gatehouse.database, { organizationId }, 700);
  let written = '';
  for await (const part of auditExport(batches, 'jsonl')) written += part;
  t.equal(written.trimEnd().split('\n').length, 700);
});

t.test('no cell of the CSV is a formula', async (t) => {
  for (const cell of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '="a","b"']) {
    const line = csvLine([cell, 'plain', undefined]);
    t.match(line, /^"?'/, JSON.stringify(cell));
    t.match(line, /,plain,\r\n$/);
  }
  t.equal(csvLine(['a "b", c', "it's", '1-2=3', null]), `"a ""b"", c",it's,1-2=3,\r\n`);
});

t.test('is for those who manage the organization', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const eve = await desk.colleague(ada, 'member');
  const other = await desk.owner();
  for (const path of ['/audit', '/audit/export?format=csv']) {
    t.equal((await eve.open(path)).status, 403, path);
    t.equal((await other.open(path, ada.user.organizationId)).status, 404, path);
  }
  t.notMatch((await eve.open('/members')).body, '/audit"', 'members are not led there');
  t.match((await ada.open('/members')).body, '/audit"');
});
