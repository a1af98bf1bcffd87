import t, { type Test } from 'tap';
import { findKeyDeeds, MOST_DEEDS } from '../../src/leaks/leaked-key-deeds.store.ts';
import { type Developer, openKeyDesk } from '../dashboard/key-desk.ts';
import { startReporter } from './reporter.ts';

// Rotating another key hands out its string: after a leak its owners learn of it without searching the log.

const ROTATED = 'It has rotated these keys';
const CHANGED = 'It has changed these keys';
const FULL = { permissions: 'set:full_access' };

async function start(t: Test) {
  const reporter = await startReporter(t);
  const desk = await openKeyDesk(t, { environment: reporter.environment });
  const { issuer, database } = desk.gatehouse;
  const manage = async (credential: string, method: string, path: string, body: object = {}) => {
    const response = await fetch(`${issuer}/manage/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as { id: string; key: string };
  };
  return {
    ...{ desk, manage, database },
    leak: (secret: string) => reporter.report(desk.gatehouse, [secret]),
    eventOf: async (id: string) => {
      const { rows } = await database.pool.query(
        `SELECT details FROM audit_events WHERE type = 'api_key.leaked' AND target_id = $1`,
        [id],
      );
      return rows[0].details;
    },
    named: async (who: Developer, name: string) => ({
      ...(await who.make({ ...FULL, name })),
      name,
    }),
  };
}

t.test('the notice and the event name the keys that a leaked key rotated or changed', async (t) => {
  const { desk, manage, leak, eventOf, named } = await start(t);
  const [ada, eve] = [await desk.owner(), await desk.owner()];
  const leaked = await named(ada, 'Leaked');
  const rotated = await named(ada, 'Rotated');
  const enabled = await named(ada, 'Enabled');
  const untouched = await named(ada, 'Untouched');
  const ended = await named(ada, 'Ended');
  const made = await manage(leaked.secret, 'POST', '/api-keys', {
    ...{ name: 'Made with it', permission_set: 'full_access' },
  });
  const taken = await manage(leaked.secret, 'POST', `/api-keys/${rotated.id}/rotate`);
  await manage(leaked.secret, 'PATCH', `/api-keys/${rotated.id}`, { name: 'Rotated' });
  await manage(made.key, 'PATCH', `/api-keys/${enabled.id}`, { disabled: true });
  await manage(made.key, 'PATCH', `/api-keys/${enabled.id}`, { disabled: false });
  await manage(leaked.secret, 'POST', `/api-keys/${made.id}/rotate`, { overlap_seconds: 60 });
  await manage(leaked.secret, 'POST', `/api-keys/${ended.id}/rotate`);
  const byAda = await ada.open(`/keys/${untouched.id}`);
  await ada.send(byAda, '/rotate', { overlap: '0' });
  const away = await ada.open(`/keys/${ended.id}/revoke`);
  await ada.send(away, '/revoke');

  t.same(await leak(leaked.secret), ['true_positive']);
  t.equal(await desk.lets(taken.key), true, 'what it rotated goes on working, with its new string');
  t.match(await eventOf(leaked.id), { rotated_ids: [rotated.id], changed_ids: [enabled.id] });
  t.strictSame(Object.keys(await eventOf(leaked.id)).sort(), [
    ...['changed_ids', 'found_at', 'rotated_ids', 'source'],
  ]);
  const overview = await ada.open('');
  const { body } = overview;
  const [, afterRotated = ''] = body.split(ROTATED);
  const [rotations = '', changes = ''] = afterRotated.split(CHANGED);
  t.match(rotations, `/keys/${rotated.id}">Rotated</a>`);
  t.match(changes, `/keys/${enabled.id}">Enabled</a>`, 'by a key that it had made, too');
  for (const { id } of [untouched, ended, made]) t.notMatch(afterRotated, `/keys/${id}`);
  t.notMatch(body, 'There are more');
  for (const secret of [leaked.secret, taken.key]) t.notMatch(body, secret.slice(10));
  t.notMatch((await eve.open('')).body, rotated.id, 'a neighbour learns nothing of it');
  t.same(
    (await findKeyDeeds(desk.gatehouse.database.pool, eve.user.organizationId, [leaked.id])).size,
    0,
  );

  ada.agent.setCookie('gatehouse_language=de', overview.url);
  t.match((await ada.open('')).body, 'Mit ihm wurden diese Schlüssel erneuert');
});

t.test('of a leaked key that did nothing to others nothing is said', async (t) => {
  const { desk, leak, eventOf, named } = await start(t);
  const ada = await desk.owner();
  const leaked = await named(ada, 'Leaked');
  await leak(leaked.secret);
  t.strictSame(Object.keys(await eventOf(leaked.id)).sort(), ['found_at', 'source']);
  const { body } = await ada.open('');
  t.match(body, 'found in public');
  for (const words of [ROTATED, CHANGED]) t.notMatch(body, words);
});

t.test('of very many keys the latest are named, and that there are more', async (t) => {
  const { desk, leak, eventOf, named, database } = await start(t);
  const ada = await desk.owner();
  const leaked = await named(ada, 'Leaked');
  await database.pool.query(
    `WITH made AS (
       INSERT INTO api_keys (id, organization_id, name, environment, scopes, allowed_addresses,
         created_by_kind)
       SELECT 'many-' || n, $1, 'Key ' || n, 'live', '{}', '{}', 'system'
       FROM generate_series(1, $3::int) AS numbers(n) RETURNING id)
     INSERT INTO audit_events (type, actor_kind, actor_id, organization_id, target_kind, target_id)
     SELECT 'api_key.rotated', 'api_key', $2, $1, 'api_key', id FROM made`,
    [ada.user.organizationId, leaked.id, MOST_DEEDS + 1],
  );
  await leak(leaked.secret);
  const details = await eventOf(leaked.id);
  t.equal(details.rotated_ids.length, MOST_DEEDS);
  t.equal(details.and_more, true);
  const { body } = await ada.open('');
  t.match(body, 'There are more; the audit log names them all.');
  t.match(body, `>Key ${MOST_DEEDS + 1}</a>`);
  t.notMatch(body, '>Key 1</a>');
});

t.test('however many keys a thief renames afterwards, the rotated one is named', async (t) => {
  const { desk, manage, leak, eventOf, named, database } = await start(t);
  const ada = await desk.owner();
  const leaked = await named(ada, 'Leaked');
  const production = await named(ada, 'Production');
  await manage(leaked.secret, 'POST', `/api-keys/${production.id}/rotate`);
  const { rows } = await database.pool.query<{ id: string }>(
    `INSERT INTO api_keys (id, organization_id, name, environment, scopes, allowed_addresses,
       created_by_kind)
     SELECT gen_random_uuid(), $1, 'Key ' || n, 'live', '{}', '{}', 'system'
     FROM generate_series(1, $2::int) AS numbers(n) RETURNING id`,
    [ada.user.organizationId, MOST_DEEDS + 1],
  );
  for (const { id } of rows) {
    await manage(leaked.secret, 'PATCH', `/api-keys/${id}`, { name: 'Renamed' });
  }
  await leak(leaked.secret);
  const details = await eventOf(leaked.id);
  t.strictSame(details.rotated_ids, [production.id]);
  t.strictSame(
    details.changed_ids,
    rows
      .slice(1)
      .map(({ id }) => id)
      .reverse(),
    'the latest',
  );
  t.equal(details.and_more, true);
  const [, rotations = ''] = (await ada.open('')).body.split(ROTATED);
  t.match(rotations.split(CHANGED)[0], `/keys/${production.id}">Production</a>`);
});
