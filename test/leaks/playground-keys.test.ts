import t from 'tap';
import { newKey } from '../../src/credentials/key-format.ts';
import { askForKey, DISCOVERIES } from '../credentials/stranger.ts';
import { openDesk } from '../gate/desk.ts';
import { startReporter } from './reporter.ts';

const reporter = await startReporter(t);
const desk = await openDesk(t, 'kloakd', { environment: reporter.environment });
const { gatehouse } = desk;

t.test('a leaked playground key ends at once, a stranger’s beside it does not', async (t) => {
  const { key } = (await askForKey(gatehouse)).body;
  const other = (await askForKey(gatehouse)).body.key;
  t.match(await desk.bearer('POST', DISCOVERIES, key), { allowed: true });
  t.match(await desk.bearer('POST', DISCOVERIES, other), { allowed: true });
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => reporter.report(gatehouse, [key])),
  );
  for (const labels of answers) t.same(labels, ['true_positive']);
  t.match(await desk.bearer('POST', DISCOVERIES, key), {
    ...{ allowed: false, reason: 'expired_credential' },
  });
  t.match(await desk.bearer('POST', DISCOVERIES, other), { allowed: true });
  t.same(await reporter.report(gatehouse, [key]), ['true_positive'], 'later, too');

  const { rows } = await gatehouse.database.pool.query(
    `SELECT organization_id, target_kind, details FROM audit_events WHERE type = 'api_key.leaked'`,
  );
  t.match(rows, [{ organization_id: null, target_kind: 'playground_key' }]);
  t.equal(rows.length, 1, 'once, in the operator’s log');
  t.notMatch(JSON.stringify(rows), key);
  t.notMatch(gatehouse.logLines.join('\n'), key);
});

t.test('keys of every environment are known, made-up ones of any are not', async (t) => {
  const organization = await desk.organization();
  const { keyEnvironments } = gatehouse.platform;
  for (const { name, prefix, issues } of keyEnvironments) {
    const real =
      issues === 'api_key'
        ? (await desk.key(organization, { environment: name })).key
        : (await askForKey(gatehouse)).body.key;
    const labels = await reporter.report(gatehouse, [real, newKey(prefix)]);
    t.same(labels, ['true_positive', 'false_positive'], name);
  }
});
