import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { post } from '../support/flows.ts';
import { registerClient } from '../support/gatehouse.ts';
import { locationOf, type Page } from '../support/user-agent.ts';
import { refusesForgeries } from './attacks.ts';
import { type Developer, type KeyDesk, openKeyDesk } from './key-desk.ts';

type Fields = Record<string, string | string[]>;

const WEB: Fields = {
  ...{ kind: 'web', name: 'Board', redirect_uris: 'https://app.example.com/callback' },
  scope: ['workflows:read', 'analytics:read'],
};
const SERVICE: Fields = { kind: 'service', name: 'Nightly', scope: ['workflows:read'] };

const clientsOf = ({ gatehouse }: KeyDesk, { user }: Developer) =>
  gatehouse.oauth.clientService.list({ organizationId: user.organizationId, limit: 100 });

const secretOf = ({ body }: Page) => /id="client-secret">([^<]+)</.exec(body)?.[1];

/** Registers an app with the form. */
async function register(developer: Developer, fields: Fields): Promise<Page> {
  return developer.send(await developer.open('/apps/new'), '/apps', fields);
}

const tokenStatus = async ({ gatehouse }: KeyDesk, clientId: string, secret: string) => {
  const parameters = { grant_type: 'client_credentials' };
  const url = `${gatehouse.issuer}/oauth/token`;
  return (await post(url, parameters, { clientId, secret })).status;
};

/** Asks until the answer is the one wanted: a change is known everywhere within a second. */
const isAnswered = (wanted: number, ...asked: Parameters<typeof tokenStatus>) =>
  isAnsweredWithin(100, wanted, ...asked);

async function isAnsweredWithin(
  most: number,
  wanted: number,
  ...asked: Parameters<typeof tokenStatus>
) {
  for (let tries = 0; tries < most; tries += 1) {
    if ((await tokenStatus(...asked)) === wanted) return true;
    await new Promise((again) => setTimeout(again, 20));
  }
  return false;
}

t.test('each kind of app is registered with what it may be trusted with', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  t.match((await ada.open('/apps')).body, 'No app is registered yet');
  const code = ['authorization_code', 'refresh_token'];
  const kinds: [Fields, object][] = [
    [WEB, { grantTypes: code, tokenEndpointAuthMethod: 'client_secret_basic' }],
    [
      { ...WEB, kind: 'single_page', redirect_uris: 'http://localhost:5173/callback' },
      { grantTypes: code, tokenEndpointAuthMethod: 'none', applicationType: 'web' },
    ],
    [
      {
        ...{ ...WEB, kind: 'native' },
        redirect_uris: 'http://127.0.0.1/callback\r\ncom.example.app:/callback\r\n',
      },
      {
        ...{ grantTypes: code, tokenEndpointAuthMethod: 'none', applicationType: 'native' },
        redirectUris: ['http://127.0.0.1/callback', 'com.example.app:/callback'],
      },
    ],
    [
      { ...SERVICE, redirect_uris: 'https://left.out.example/' },
      {
        ...{ grantTypes: ['client_credentials'], tokenEndpointAuthMethod: 'client_secret_basic' },
        ...{ redirectUris: [], responseTypes: [] },
      },
    ],
  ];
  for (const [fields, wanted] of kinds) {
    const answer = await register(ada, fields);
    const [client] = await clientsOf(desk, ada);
    const { organizationId } = ada.user;
    t.match(client, { ...wanted, name: fields.name, organizationId, requirePkce: true });
    t.same(client!.scopes, [fields.scope].flat());
    const page = await ada.open(`/apps/${client!.id}`);
    t.match(page.body, client!.id);
    t.match(page.body, `${desk.gatehouse.issuer}/oauth/token`);
    if (client!.tokenEndpointAuthMethod === 'none') {
      t.equal(answer.status, 303);
      t.equal(locationOf(answer).searchParams.get('done'), 'app_created');
    } else {
      t.equal(answer.status, 201);
      t.ok(secretOf(answer));
    }
    const isTried = client!.grantTypes.includes('authorization_code');
    t.equal(page.body.includes(`/playground?client_id=${client!.id}`), isTried, client!.name);
  }
  const list = await ada.open('/apps');
  for (const words of ['Web app with a server', 'Single-page app', 'Mobile or desktop', 'Service'])
    t.match(list.body, words);
});

t.test('a secret works, and stands in that one answer alone', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const answer = await register(ada, SERVICE);
  const secret = secretOf(answer)!;
  t.match(answer.headers.get('cache-control'), 'no-store');
  const [client] = await clientsOf(desk, ada);
  t.ok(await isAnswered(200, desk, client!.id, secret));
  for (const path of ['', '/edit', '/delete']) {
    const page = await ada.open(`/apps/${client!.id}${path}`);
    t.equal(page.status, 200);
    t.notMatch(page.body, secret, path);
  }
  t.notMatch(desk.gatehouse.logLines.join('\n'), secret);
});

t.test('a form makes one app and one new secret, sent twice and in parallel', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const form = await ada.open('/apps/new');
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => ada.send(form, '/apps', SERVICE)),
  );
  const made = answers.filter(({ status }) => status === 201);
  t.equal(made.length, 1);
  t.equal((await clientsOf(desk, ada)).length, 1);
  const again = await ada.agent.follow(await ada.send(form, '/apps', SERVICE));
  t.match(again.body, 'That form was sent before');
  t.notOk(secretOf(again));

  const [client] = await clientsOf(desk, ada);
  const page = await ada.open(`/apps/${client!.id}`);
  const rotated = await Promise.all(
    Array.from({ length: 10 }, () => ada.send(page, '/rotate-secret', { overlap: 'day' })),
  );
  t.equal(rotated.filter(secretOf).length, 1);
  t.equal((await clientsOf(desk, ada))[0]!.secrets.length, 2);
  const unsent = await ada.send(form, '/apps', { ...SERVICE, form: '' });
  t.equal(unsent.status, 303, 'nor does a form without its token make one');
  t.equal((await clientsOf(desk, ada)).length, 1);
});

t.test('a secret is replaced with an overlap, or at once', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const first = secretOf(await register(ada, SERVICE))!;
  const [client] = await clientsOf(desk, ada);
  const path = `/apps/${client!.id}`;
  const rotate = async (overlap: string) =>
    ada.send(await ada.open(path), '/rotate-secret', { overlap });
  const answer = await rotate('hour');
  t.match(answer.body, 'goes on working until');
  const second = secretOf(answer)!;
  for (const one of [second, first]) t.ok(await isAnswered(200, desk, client!.id, one));
  t.match((await ada.open(path)).body, first.slice(-4), 'both are listed by their hints');
  const third = secretOf(await rotate('none'))!;
  for (const one of [first, second]) t.ok(await isAnswered(401, desk, client!.id, one));
  t.ok(await isAnswered(200, desk, client!.id, third));
});

t.test('what is wrong is said beside its field, and what was typed stays', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const uris = (redirect_uris: string) => ({ redirect_uris });
  const wrongs: [Fields, string, string][] = [
    [{ kind: '' }, 'kind', 'Choose what kind'],
    [{ kind: 'toString' }, 'kind', 'Choose what kind'],
    [{ name: ' ' }, 'name', 'Give the app a name'],
    [{ name: 'a\u0000b' }, 'name', 'without special signs'],
    [{ name: 'x'.repeat(201) }, 'name', 'at most 200'],
    [uris(''), 'redirect_uris', 'at least one redirect URI'],
    [
      uris('https://ok.example/\nhttp://app.example.com/'),
      'redirect_uris',
      'must begin with https',
    ],
    [uris('javascript:alert(1)'), 'redirect_uris', 'doesn’t lead to an app'],
    [uris('https://*.example.com/'), 'redirect_uris', 'has a wildcard'],
    [uris('https://app.example.com/#a'), 'redirect_uris', 'has a fragment'],
    [uris('https://good@evil.example/'), 'redirect_uris', 'has a user name'],
    [uris('com.example.app:/callback'), 'redirect_uris', 'for mobile and desktop apps'],
    [uris('"><script>alert(1)</script>'), 'redirect_uris', '&lt;script&gt;'],
    [
      { kind: 'native', ...uris('https://localhost/callback') },
      ...(['redirect_uris', 'leads to this device'] as const),
    ],
    [uris(`https://app.example.com/${'x'.repeat(2000)}`), 'redirect_uris', 'longer than 2,000'],
    [
      uris(Array.from({ length: 101 }, (_, at) => `https://a.example/${at}`).join('\n')),
      ...(['redirect_uris', 'at most 100'] as const),
    ],
    [{ client_uri: 'javascript:alert(1)' }, 'client_uri', 'Enter a full address'],
    [{ tos_uri: 'https://a.example/\u0000' }, 'tos_uri', 'Enter a full address'],
    [{ policy_uri: 'nowhere' }, 'policy_uri', 'Enter a full address'],
    [{ scope: ['no:such'] }, 'scope', 'not yours to hand on'],
  ];
  for (const [wrong, field, words] of wrongs) {
    const answer = await register(ada, { ...WEB, client_uri: 'https://kept.example/', ...wrong });
    const name = JSON.stringify(wrong).slice(0, 80);
    t.equal(answer.status, 422, name);
    t.match(answer.body, words, name);
    t.match(answer.body, `<a href="#${field}">`, `${name}: the summary leads to the field`);
    t.match(answer.body, /role="alert"[^>]* autofocus/);
    if (!('client_uri' in wrong)) t.match(answer.body, 'https://kept.example/');
    t.notMatch(answer.body, '<script>alert');
  }
  t.same(await clientsOf(desk, ada), []);
});

t.test('redirect URIs are checked while they are typed, by the same rules', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const page = await ada.open('/apps/new');
  const [, csrf] = page.forms.find(({ action }) => action.endsWith('/apps'))!.fields[0]!;
  const check = async (fields: Record<string, string>, token = csrf, developer = ada) => {
    const url = page.url.replace(/new$/, 'check-redirect-uris');
    const form = { action: url, method: 'post', fields: [] };
    return developer.agent.submit(page, form, { _csrf: token, ...fields });
  };
  const wrong = await check({ kind: 'web', redirect_uris: 'https://a.example/\ncom.example:/b' });
  t.equal(wrong.status, 200);
  t.match(wrong.body, 'com.example:/b has a scheme of its own');
  t.notMatch(wrong.body, '<html');
  const good = await check({ kind: 'native', redirect_uris: 'com.example.app:/b' });
  t.equal(good.body.trim(), '');
  t.equal((await check({ redirect_uris: 'x' }, 'forged')).status, 403);
  const stranger = await desk.owner();
  t.equal((await check({ redirect_uris: 'x' }, csrf, stranger)).status, 403);
});

t.test('an app is edited, shut out, let in and deleted', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const secret = secretOf(await register(ada, SERVICE))!;
  const [{ id } = { id: '' }] = await clientsOf(desk, ada);
  const path = `/apps/${id}`;
  const edited = await ada.send(await ada.open(`${path}/edit`), `${path}/edit`, {
    ...{ name: 'Daily', scope: [], tos_uri: 'https://example.com/terms' },
  });
  t.equal(edited.status, 303);
  t.match((await ada.agent.follow(edited)).body, 'The changes are saved.');
  t.match(await clientsOf(desk, ada), [
    { name: 'Daily', scopes: [], tosUri: 'https://example.com/terms', disabled: false },
  ]);
  t.equal((await ada.send(await ada.open(`${path}/edit`), '/edit', { name: '' })).status, 422);

  const shut = await ada.agent.follow(await ada.send(await ada.open(path), '/disable'));
  t.match(shut.body, 'The app is disabled');
  t.ok(await isAnswered(401, desk, id, secret));
  await ada.send(shut, '/enable');
  t.ok(await isAnswered(503, desk, id, secret), 'first the margin for clocks that differ goes by');
  t.ok(await isAnsweredWithin(400, 200, desk, id, secret));

  const sure = await ada.open(`${path}/delete`);
  t.match(sure.body, 'Delete Daily?');
  t.equal((await clientsOf(desk, ada)).length, 1, 'asking deletes nothing');
  const gone = await ada.agent.follow(await ada.send(sure, '/delete'));
  t.match(gone.body, 'The app is deleted.');
  t.ok(await isAnswered(401, desk, id, secret));
  t.equal((await ada.open(path)).status, 404);
  t.equal((await ada.send(sure, '/delete')).status, 404);
  const { items } = await desk.gatehouse.identity.organizations.list({});
  t.ok(items.length > 0);
  const { rows } = await desk.gatehouse.database.pool.query<{ type: string }>(
    `SELECT type FROM audit_events WHERE target_id = $1 AND actor_id = $2 ORDER BY id`,
    [id, ada.user.id],
  );
  t.same(
    rows.map(({ type }) => type),
    [...['client.created', 'client.updated', 'client.updated', 'client.updated'], 'client.deleted'],
  );
});

t.test('a neighbour’s app is not there, whatever is asked of it', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const eve = await desk.owner();
  await register(ada, SERVICE);
  const [client] = await clientsOf(desk, ada);
  const operators = await registerClient(desk.gatehouse, { name: 'The operator’s' });
  await register(eve, SERVICE);
  const [own] = await clientsOf(desk, eve);
  const page = await eve.open(`/apps/${own!.id}`);
  for (const id of [client!.id, operators.clientId, 'x', '%00', '019a8c9e-77b6-7bd1-a0c6-000']) {
    for (const path of ['', '/edit', '/delete'])
      t.equal((await eve.open(`/apps/${id}${path}`)).status, 404, `${id}${path}`);
    for (const verb of ['edit', 'rotate-secret', 'disable', 'enable', 'delete']) {
      const action = page.url.replace(own!.id, id).concat(`/${verb}`);
      const form = { ...page.forms.find((one) => one.action.endsWith('/disable'))!, action };
      t.equal((await eve.agent.submit(page, form, { name: 'Mine' })).status, 404, `${verb} ${id}`);
    }
  }
  t.equal((await eve.open('/apps', ada.user.organizationId)).status, 404);
  t.equal((await eve.open('/apps/new', ada.user.organizationId)).status, 404);
  t.match(await clientsOf(desk, ada), [{ name: 'Nightly', disabled: false }]);
  t.notMatch((await eve.open('/apps')).body, client!.id);
});

t.test('members look on, administrators manage', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const member = await desk.colleague(ada, 'member');
  await register(ada, SERVICE);
  const [client] = await clientsOf(desk, ada);
  const path = `/apps/${client!.id}`;
  const page = await member.open(path);
  t.equal(page.status, 200);
  t.notMatch((await member.open('/apps')).body, '/apps/new');
  t.same(
    page.forms.filter(({ action }) => action.includes('/apps/')),
    [],
  );
  for (const closed of ['/apps/new', `${path}/edit`, `${path}/delete`])
    t.equal((await member.open(closed)).status, 403, closed);
  const [, csrf] = page.forms[0]!.fields.find(([name]) => name === '_csrf')!;
  const list = page.url.slice(0, page.url.lastIndexOf('/'));
  const actions = ['edit', 'rotate-secret', 'disable', 'enable', 'delete'];
  const all = [list, `${list}/check-redirect-uris`, ...actions.map((one) => `${page.url}/${one}`)];
  for (const action of all) {
    const form = { action, method: 'post', fields: [['_csrf', csrf]] as [string, string][] };
    t.equal((await member.agent.submit(page, form, SERVICE)).status, 403, action);
  }
  t.match(await clientsOf(desk, ada), [{ name: 'Nightly', disabled: false }]);
  const admin = await desk.colleague(ada, 'admin');
  t.equal((await register(admin, SERVICE)).status, 201);
  t.equal((await admin.send(await admin.open(path), '/disable')).status, 303);
});

t.test('nobody makes or takes over an app that may do more than their role', async (t) => {
  const kaie = await loadPlatform('kaie');
  const roles = { ...kaie.roles, admin: ['workflows:read'] };
  const desk = await openKeyDesk(t, { platform: { ...kaie, roles } });
  const ada = await desk.owner();
  const admin = await desk.colleague(ada, 'admin');
  const form = await admin.open('/apps/new');
  t.match(form.body, 'value="workflows:read"');
  t.notMatch(form.body, 'value="workflows:write"', 'only what is theirs is offered');
  const greedy = await register(admin, { ...SERVICE, scope: ['workflows:read', 'admin'] });
  t.equal(greedy.status, 422);
  t.match(greedy.body, 'not yours to hand on');

  const secret = secretOf(await register(ada, { ...SERVICE, scope: ['workflows:write'] }))!;
  const [client] = await clientsOf(desk, ada);
  const path = `/apps/${client!.id}`;
  const page = await admin.open(path);
  t.match(page.body, 'you can only disable or delete it');
  t.notOk(page.forms.some(({ action }) => action.endsWith('/rotate-secret')));
  t.equal((await admin.open(`${path}/edit`)).status, 403);
  const disable = page.forms.find(({ action }) => action.endsWith('/disable'))!;
  for (const verb of ['rotate-secret', 'edit', 'enable']) {
    const action = disable.action.replace(/disable$/, verb);
    t.equal((await admin.agent.submit(page, { ...disable, action }, SERVICE)).status, 403, verb);
  }
  t.ok(await isAnswered(200, desk, client!.id, secret));
  t.equal((await admin.send(page, '/disable')).status, 303);
  t.ok(await isAnswered(401, desk, client!.id, secret));
  t.notOk((await admin.open(path)).forms.some(({ action }) => action.endsWith('/enable')));
});

t.test('no form is taken from another site or without its token', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  await register(ada, SERVICE);
  const [before] = await clientsOf(desk, ada);
  const page = `/apps/${before!.id}`;
  const fields = { kind: 'service', name: 'Forged' };
  await refusesForgeries(t, ada, { page: '/apps/new', action: '/apps', fields });
  await refusesForgeries(t, ada, { page: `${page}/edit`, action: '/edit', fields });
  await refusesForgeries(t, ada, { page: `${page}/delete`, action: '/delete' });
  for (const action of ['/rotate-secret', '/disable'])
    await refusesForgeries(t, ada, { page, action });
  t.same(await clientsOf(desk, ada), [before]);
});

t.test(
  'a long list comes in pages, and a cursor of somebody’s own making is no page',
  async (t) => {
    const desk = await openKeyDesk(t);
    const ada = await desk.owner();
    const { organizationId } = ada.user;
    for (let i = 0; i < 51; i += 1) {
      await registerClient(desk.gatehouse, { name: `App ${i}`, organizationId });
    }
    const first = await ada.open('/apps');
    const cursor = /\?cursor=([\w-]+)/.exec(first.body)![1];
    const second = await ada.open(`/apps?cursor=${cursor}`);
    const idsIn = (page: Page) => page.body.match(/<code>[\w-]{36}<\/code>/g)!;
    t.equal(idsIn(first).length, 50);
    t.equal(new Set([...idsIn(first), ...idsIn(second)]).size, 51);
    t.notMatch(second.body, '?cursor=');
    for (const wrong of ['x', '%00', 'WyJhcHBzIiwiMSJd', 'x&cursor=y'])
      t.equal((await ada.open(`/apps?cursor=${wrong}`)).status, 404, wrong);
  },
);
