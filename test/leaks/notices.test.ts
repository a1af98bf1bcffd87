import t, { type Test } from 'tap';
import { findLeakNotices, findLeaks } from '../../src/leaks/leaked-keys-shown.store.ts';
import { type Developer, openKeyDesk } from '../dashboard/key-desk.ts';
import { startReporter } from './reporter.ts';

// Klen declares no webhooks: whoever owns a leaked key hears of it at the dashboard.

const PLACE = 'https://github.com/acme/shop/blob/main/.env';
const TITLE = 'An API key was found in public, and revoked';
const DAY_MS = 86_400_000;

async function start(t: Test) {
  const reporter = await startReporter(t);
  const { environment } = reporter;
  const desk = await openKeyDesk(t, { platform: 'klen', environment });
  const leak = async (of: Developer) => {
    const key = await of.make();
    const place = `${PLACE}#${key.secret}`;
    t.same(await reporter.report(desk.gatehouse, [key.secret], place), ['true_positive']);
    return key;
  };
  return { desk, leak };
}

t.test('the key’s page, the list and the overview say where it was found', async (t) => {
  const { desk, leak } = await start(t);
  const ada = await desk.owner();
  const other = await ada.make({ name: 'Another key' });
  t.notMatch((await ada.open('')).body, 'found in public');
  const { id, secret } = await leak(ada);
  for (const path of ['', `/keys/${id}`, '/keys?revoked=1']) {
    const { body } = await ada.open(path);
    t.match(body, `found in public at ${PLACE}#[key], `, path);
    t.notMatch(body, secret.slice(10), 'without the key');
    t.equal(body.split('found in public at').length, 2, 'once');
  }
  const overview = await ada.open('');
  t.match(overview.body, TITLE);
  t.match(overview.body, `/keys/${id}"`);
  t.notMatch((await ada.open(`/keys/${other.id}`)).body, 'found in public');
  ada.agent.setCookie('gatehouse_language=de', overview.url);
  t.match((await ada.open('')).body, `öffentlich gefunden unter ${PLACE}`);
});

t.test('a neighbour neither sees nor dismisses it', async (t) => {
  const { desk, leak } = await start(t);
  const [ada, eve] = [await desk.owner(), await desk.owner()];
  const { id } = await leak(ada);
  const own = await leak(eve);
  const page = await eve.open('');
  t.notMatch(page.body, id);
  const form = page.forms.find(({ action }) => action.endsWith('/dismiss'))!;
  const at = (organizationId: string, key: string) =>
    `${desk.gatehouse.issuer}/dashboard/organizations/${organizationId}/leaks/${key}/dismiss`;
  const post = (action: string) => eve.agent.submit(page, { ...form, action });
  await post(at(eve.user.organizationId, id));
  t.equal((await post(at(ada.user.organizationId, id))).status, 404);
  t.match((await ada.open('')).body, TITLE, 'still there');
  t.match((await eve.open('')).body, own.id, 'and so is their own');
});

t.test('whoever manages dismisses it for everybody, once or many times at once', async (t) => {
  const { desk, leak } = await start(t);
  const ada = await desk.owner();
  const [admin, member] = [await desk.colleague(ada, 'admin'), await desk.colleague(ada, 'member')];
  const { id } = await leak(ada);
  const seen = await member.open('');
  t.match(seen.body, TITLE);
  t.notMatch(seen.body, '/dismiss"', 'members look on');
  const page = await admin.open('');
  const forced = await member.agent.submit(seen, {
    ...page.forms.find(({ action }) => action.endsWith('/dismiss'))!,
    fields: seen.forms.find(({ action }) => action.endsWith('/sign-out'))!.fields,
  });
  t.equal(forced.status, 403);
  const answers = await Promise.all(Array.from({ length: 5 }, () => admin.send(page, '/dismiss')));
  for (const { status } of answers) t.equal(status, 303);
  t.match((await admin.agent.follow(answers[0]!)).body, 'The notice is put away');
  for (const one of [ada, admin, member]) t.notMatch((await one.open('')).body, TITLE);
  t.match((await ada.open(`/keys/${id}`)).body, 'found in public at', 'the key’s page remembers');
});

t.test('after 30 days nobody is told any more', async (t) => {
  const { desk, leak } = await start(t);
  const ada = await desk.owner();
  const { id } = await leak(ada);
  const { pool } = desk.gatehouse.database;
  const reportedAt = (await findLeaks(pool, [id])).get(id)!.reportedAt.getTime();
  const toldAt = (ms: number) =>
    findLeakNotices(pool, ada.user.organizationId, new Date(reportedAt + ms));
  t.match(await toldAt(30 * DAY_MS - 1), [{ keyId: id }]);
  t.same(await toldAt(30 * DAY_MS), []);
});
