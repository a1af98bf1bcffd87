import type { Test } from 'tap';
import t from 'tap';
import { listAuditEvents, recordAuditEvent } from '../../src/audit/audit.store.ts';
import type { AuditEvent } from '../../src/audit/audit.ts';
import { auditDetails, isAuditEventType } from '../../src/audit/audit.ts';
import { openDatabase } from '../../src/database/database.ts';
import { silentLog } from '../../src/database/log.ts';
import { InvalidCursorError } from '../../src/lib/cursor.ts';
import { createTestDatabase } from '../support/postgres.ts';

const EVENT: AuditEvent = { type: 'client.created', actor: { kind: 'user', id: 'u1' } };

async function openLog(t: Pick<Test, 'teardown'>) {
  const { connectionString } = await createTestDatabase(t);
  const database = openDatabase({ connectionString, log: silentLog });
  t.teardown(() => database.close());
  return database;
}

t.test('an event is read back as it was written', async (t) => {
  const database = await openLog(t);
  const event: AuditEvent = {
    ...EVENT,
    organizationId: 'acme',
    target: { kind: 'client', id: 'c1' },
    address: '2001:db8::1',
    requestId: 'req-1',
    details: { scopes: ['a', 'b'], nested: { count: 2, note: null } },
    occurredAt: new Date('2026-11-21T12:00:00.123Z'),
  };
  await recordAuditEvent(database.pool, event);
  await recordAuditEvent(database.pool, EVENT);
  const { items, nextCursor } = await listAuditEvents(database, {});
  t.match(items[1], event);
  t.match(items[0], { ...EVENT, organizationId: undefined, target: undefined, details: {} });
  t.ok(items[0]!.occurredAt instanceof Date);
  t.equal(nextCursor, null);
});

t.test('an event shares the fate of the transaction it is written in', async (t) => {
  const database = await openLog(t);
  const failing = database.transaction(async (tx) => {
    await recordAuditEvent(tx, EVENT);
    throw new Error('the change failed');
  });
  await t.rejects(failing, { message: 'the change failed' });
  t.same((await listAuditEvents(database, {})).items, []);
  await database.transaction((tx) => recordAuditEvent(tx, EVENT));
  t.equal((await listAuditEvents(database, {})).items.length, 1);
});

t.test('details that promise a secret are refused, at any depth', async (t) => {
  const refused = ['password', 'client_secret', 'clientSecret', 'token', 'refresh-token', 'apiKey'];
  for (const name of [...refused, 'KEY', 'Authorization', 'code', 'cookies', 'password_hash']) {
    t.throws(() => auditDetails({ [name]: 'x' }), TypeError, name);
    t.throws(() => auditDetails({ list: [{ deep: { [name]: 'x' } }] }), TypeError, name);
  }
  const fine = { secret_hint: 'gh_…1234', keyId: 'k1', token_kind: 'refresh', keyboard: 'qwertz' };
  t.same(auditDetails(fine), fine);
});

t.test("a caller's odd text is kept as far as Postgres can keep it", async (t) => {
  const database = await openLog(t);
  const odd = `a\0b\ud800'; DROP TABLE audit_events; --${'x'.repeat(10_000)}`;
  await recordAuditEvent(database.pool, {
    ...EVENT,
    requestId: odd,
    address: odd,
    details: { odd, [odd]: 1 },
  });
  const { items } = await listAuditEvents(database, {});
  t.match(items[0]!.requestId, /^a\ufffdb\ufffd'; DROP TABLE audit_events; --x+$/);
  t.equal(items[0]!.requestId!.length, 512);
  t.equal(items[0]!.details.odd, items[0]!.requestId);
});

t.test('an organization reads its own events, newest first, page by page', async (t) => {
  const database = await openLog(t);
  for (let index = 0; index < 7; index += 1) {
    const organizationId = index % 2 === 0 ? 'acme' : 'bolt';
    const type = index < 3 ? 'client.created' : 'client.deleted';
    await recordAuditEvent(database.pool, { ...EVENT, type, organizationId, details: { index } });
  }
  const read = async (filter: Parameters<typeof listAuditEvents>[1]) => {
    const page = await listAuditEvents(database, filter);
    return { ...page, order: page.items.map(({ details }) => details.index) };
  };
  const first = await read({ organizationId: 'acme', limit: 3 });
  t.same(first.order, [6, 4, 2]);
  const before = first.nextCursor!;
  t.same((await read({ organizationId: 'acme', limit: 3, before })).order, [0]);
  t.same((await read({ organizationId: 'bolt', before })).order, [1], 'a cursor opens no door');
  t.same((await read({ type: 'client.created', organizationId: 'acme' })).order, [2, 0]);
  for (const organizationId of ['', "' OR true --", '\0']) {
    t.same((await read({ organizationId })).order, []);
  }
});

t.test('a forged cursor is refused', async (t) => {
  const database = await openLog(t);
  const forge = (...content: unknown[]) =>
    Buffer.from(JSON.stringify(content)).toString('base64url');
  for (const before of [
    '1',
    forge('audit', '-1'),
    forge('audit', '9'.repeat(19)),
    forge('audit', '1; DROP TABLE audit_events'),
    forge('audit', 5),
    forge('users', '5'),
  ]) {
    await t.rejects(listAuditEvents(database, { before }), InvalidCursorError, before);
  }
  t.same((await listAuditEvents(database, { before: forge('audit', '9'.repeat(18)) })).items, []);
});

t.test('only known types are types', async (t) => {
  t.equal(isAuditEventType('sign_in.failed'), true);
  t.equal(isAuditEventType('toString'), false);
});
