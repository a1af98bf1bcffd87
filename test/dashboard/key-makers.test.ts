import t from 'tap';
import { newSigner } from '../credentials/signer.ts';
import { type Developer, formOf, openKeyDesk } from './key-desk.ts';

// What the pages say of who made something, and of a key that another one shuts out.

const FULL = { permissions: 'set:full_access' };

async function start() {
  const desk = await openKeyDesk(t);
  const { issuer } = desk.gatehouse;
  const manage = async (credential: string, path: string, body: object) => {
    const response = await fetch(`${issuer}/manage/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(await response.text());
    return (await response.json()) as { id: string; client_id: string; key: string };
  };
  return { desk, manage };
}

const badges = (body: string) =>
  [...body.matchAll(/class="badge[^"]*">([^<]+)</g)].map(([, word]) => word);

t.test('a key that one above it shuts out is shown as that, until it is let in', async (t) => {
  const { desk, manage } = await start();
  const [ada, eve] = [await desk.owner(), await desk.owner()];
  const parent = await ada.make({ ...FULL, name: 'Deployment' });
  const child = await manage(parent.secret, '/api-keys', {
    name: 'Worker',
    permission_set: 'read_only',
  });
  const press = async (who: Developer, id: string, action: string) =>
    who.agent.follow(await who.send(await who.open(`/keys/${id}`), action));
  t.same(badges((await ada.open('/keys')).body), ['Active', 'Active']);

  await press(ada, parent.id, '/disable');
  t.equal(await desk.lets(child.key), false);
  t.same(badges((await ada.open('/keys')).body), ['Shut out', 'Disabled']);
  for (const path of ['/keys', `/keys/${child.id}`]) {
    const { body } = await ada.open(path);
    t.match(body, 'Shut out by the API key “Deployment”, which is disabled', path);
    t.match(body, `/keys/${parent.id}"`, 'with a way there');
  }
  t.match((await ada.open(`/keys/${parent.id}/revoke`)).body, 'A key that was made with it');
  t.notMatch((await eve.open('/keys')).body, parent.id, 'a neighbour sees nothing of it');

  const page = await ada.open(`/keys/${child.id}`);
  ada.agent.setCookie('gatehouse_language=de', page.url);
  t.match(
    (await ada.open(`/keys/${child.id}`)).body,
    'Ausgesperrt durch den API-Schlüssel „Deployment“, der deaktiviert ist',
  );
  ada.agent.setCookie('gatehouse_language=en', page.url);

  await press(ada, child.id, '/disable');
  const enabled = await press(ada, child.id, '/enable');
  t.match(enabled.body, 'a key above it shuts it out', 'enabling it is not said to let it in');
  await press(ada, parent.id, '/enable');
  t.equal(await desk.lets(child.key), true);
  const after = await ada.open('/keys');
  t.same(badges(after.body), ['Active', 'Active']);
  t.notMatch(after.body, 'Shut out by');
});

t.test('the pages of apps and service accounts say who made them', async (t) => {
  const { desk, manage } = await start();
  const ada = await desk.owner();
  const parent = await ada.make({ ...FULL, name: 'Deployment' });
  const { publicJwk } = await newSigner();
  const app = await manage(parent.secret, '/clients', { name: 'An app' });
  const account = await manage(parent.secret, '/service-accounts', {
    ...{ name: 'Nightly job', scopes: [], jwks: { keys: [publicJwk] } },
  });
  const paths = [`/apps/${app.client_id}`, `/service-accounts/${account.id}`];
  for (const path of paths) {
    const { body } = await ada.open(path);
    t.match(body, 'Created by', path);
    t.match(body, `/keys/${parent.id}">API key “Deployment”</a>`, path);
  }
  const page = await ada.open('/apps/new');
  const made = await ada.agent.submit(page, formOf(page, '/apps'), {
    ...{ kind: 'service', name: 'By hand' },
  });
  const own = /\/apps\/([\w-]{36})"/.exec(made.body)![1]!;
  const { name } = (await desk.gatehouse.identity.findUser(ada.user.id))!;
  t.match(
    (await ada.open(`/apps/${own}`)).body,
    new RegExp(`Created by</dt><dd>\\s*${name}`),
    'a person by name',
  );

  const { pool } = desk.gatehouse.database;
  await pool.query(
    `UPDATE clients SET created_by_kind = NULL, created_by = NULL WHERE client_id = $1`,
    [own],
  );
  t.match((await ada.open(`/apps/${own}`)).body, 'Not recorded', 'made before that was kept');
  await pool.query(`DELETE FROM api_keys WHERE id = $1`, [parent.id]);
  for (const path of paths) {
    const { body } = await ada.open(path);
    t.match(body, 'Another credential', 'one that is gone');
    t.match(body, `<code>${parent.id}</code>`, 'by its id, as the audit log has it');
    t.notMatch(body, `/keys/${parent.id}"`, 'with no way to nowhere');
  }
});
