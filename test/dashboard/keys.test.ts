import t from 'tap';
import { isWellFormedKey } from '../../src/credentials/key-format.ts';
import { locationOf } from '../support/user-agent.ts';
import { formOf, KEY, openKeyDesk, secretIn } from './key-desk.ts';

type Fields = Record<string, string>;

const SET = (name: string): Fields => ({ permissions: `set:${name}` });

t.test('a key is made with the form, works, and is shown in that one answer', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const list = await ada.open('/keys');
  t.match(list.body, 'Create New API Key');
  const form = await ada.open('/keys/new');
  for (const words of ['Give your key a descriptive name', 'Select the appropriate permissions']) {
    t.match(form.body, words, 'as the document says');
  }
  const answer = await ada.send(form, '/keys', { ...KEY, ...SET('read_only') });
  t.equal(answer.status, 201);
  t.match(answer.headers.get('cache-control'), 'no-store');
  const secret = secretIn(answer)!;
  t.ok(isWellFormedKey(secret, 'kaie_live_'));
  t.ok(await desk.lets(secret));
  t.match(answer.body, `Authorization: Bearer ${secret}`, 'with a command to try it');
  const [, path = ''] = /curl &#39;https:\/\/[^/]+(\/[^&]+)&#39;/.exec(answer.body) ?? [];
  t.ok(path && (await desk.lets(secret, path)), `which calls ${path}, and would pass`);
  const [key] = await desk.keysOf(ada);
  t.match(key, { name: KEY.name, permissionSet: 'read_only', environment: 'live' });
  t.same(key!.createdBy, { kind: 'user', id: ada.user.id });
  for (const path of ['/keys', `/keys/${key!.id}`, '/usage']) {
    const page = await ada.open(path);
    t.equal(page.status, 200);
    t.notMatch(page.body, secret.slice(10), `${path} shows the hint alone`);
    t.match(page.body, key!.secrets[0]!.hint);
  }
  t.notMatch(desk.gatehouse.logLines.join('\n'), secret.slice(10), 'nor does the log');
});

t.test('a form makes one key, loaded again, sent twice and sent in parallel', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const form = await ada.open('/keys/new');
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => ada.send(form, '/keys', { ...KEY, ...SET('read_only') })),
  );
  const made = answers.filter(({ status }) => status === 201);
  t.equal(made.length, 1);
  for (const answer of answers.filter((each) => !made.includes(each))) {
    t.equal(answer.status, 303);
    t.match(locationOf(answer).pathname, /\/keys$/);
  }
  const again = await ada.agent.follow(await ada.send(form, '/keys', KEY));
  t.match(again.body, 'That form was sent before');
  t.notMatch(again.body, secretIn(made[0]!)!);
  t.equal((await desk.keysOf(ada)).length, 1);

  const page = await ada.open(`/keys/${(await desk.keysOf(ada))[0]!.id}`);
  const rotations = await Promise.all(
    Array.from({ length: 10 }, () => ada.send(page, '/rotate', { overlap: '0' })),
  );
  t.equal(rotations.filter(secretIn).length, 1, 'and a rotation gives one string');
  t.equal((await desk.keysOf(ada))[0]!.secrets.length, 2);
});

t.test('permissions are chosen by resource and level; none chosen is nothing', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const chosen = {
    ...{ permissions: 'own', 'level:workflows': 'write', 'level:analytics': 'read' },
    scope: 'admin',
  };
  await ada.make(chosen);
  const [own] = await desk.keysOf(ada);
  t.same(own!.scopes.toSorted(), ['admin', 'analytics:read', 'workflows:read', 'workflows:write']);
  t.equal(own!.permissionSet, null);
  const { secret } = await ada.make({ permissions: 'own', name: 'For nothing' });
  const nothing = (await desk.keysOf(ada)).find(({ name }) => name === 'For nothing')!;
  t.same(nothing.scopes, []);
  t.notOk(await desk.lets(secret));
  t.match((await ada.open(`/keys/${nothing.id}`)).body, 'Nothing. It gets in');
  const form = await ada.open('/keys/new');
  const wrongs: Fields[] = [
    { 'level:analytics': 'admin' },
    { scope: 'no:such' },
    { permissions: '' },
  ];
  for (const wrong of wrongs) {
    const answer = await ada.send(form, '/keys', { ...KEY, permissions: 'own', ...wrong });
    t.equal(answer.status, 422, JSON.stringify(wrong));
  }
});

t.test('what cannot be is said beside its field, and what was typed stays', async (t) => {
  const desk = await openKeyDesk(t, { platform: 'klen' });
  const ada = await desk.owner();
  const wrongs: [Record<string, string>, string, string][] = [
    [{ name: '' }, 'name', 'Give the key a name'],
    [{ name: 'x'.repeat(101) }, 'name', 'Give the key a name'],
    [{ environment: 'moon' }, 'environment', 'Choose one of the environments'],
    [{ expiry: 'date', expires_on: '2001-01-01' }, 'expires_on', 'Choose a day that lies ahead'],
    [{ expiry: 'date', expires_on: '2030-02-30' }, 'expires_on', 'Choose a day that lies ahead'],
    [{ expiry: 'soon' }, 'expires_on', 'Choose a day that lies ahead'],
    [{ 'limit:calls_per_day_limit': '101' }, 'limit-calls_per_day_limit', 'number from 0 to 100'],
    [{ 'limit:calls_per_day_limit': '-1' }, 'limit-calls_per_day_limit', 'number from 0 to 100'],
    [{ addresses: '10.0.0.0/8\n10.0.0.300' }, 'addresses', '10.0.0.300'],
    [{ addresses: '<b>1</b>' }, 'addresses', '&lt;b&gt;1&lt;/b&gt;'],
  ];
  for (const [wrong, field, words] of wrongs) {
    const form = await ada.open('/keys/new');
    const good = { ...KEY, permissions: 'own', scope: 'can_read_calls' };
    const answer = await ada.send(form, '/keys', { ...good, addresses: '192.0.2.7', ...wrong });
    const name = JSON.stringify(wrong);
    t.equal(answer.status, 422, name);
    t.match(answer.body, `id="${field}-error"`, name);
    t.match(answer.body, `href="#${field}"`, name);
    t.match(answer.body, words, name);
    t.match(answer.body, /role="alert"[^>]* autofocus/, 'the summary has the focus');
    t.match(answer.body, /value="can_read_calls" checked/, 'what was typed stays');
    t.equal(secretIn(answer), undefined);
  }
  t.same(await desk.keysOf(ada), []);

  const form = await ada.open('/keys/new');
  const wrong = await ada.send(form, '/keys', { ...KEY, name: '' });
  const mended = await ada.send(wrong, '/keys', {
    ...{ ...KEY, environment: 'staging', scope: ['can_read_calls', 'can_initiate_calls'] },
    ...{ 'limit:calls_per_day_limit': '7', addresses: '203.0.113.0/24\r\n\r\n2001:db8::1 ' },
    ...{ expiry: 'date', expires_on: '2400-12-31' },
  });
  t.equal(mended.status, 201, 'and the form can be sent again');
  t.match((await desk.keysOf(ada))[0], {
    environment: 'staging',
    scopes: ['can_read_calls', 'can_initiate_calls'],
    limits: { calls_per_day_limit: 7 },
    allowedAddresses: ['203.0.113.0/24', '2001:db8::1'],
    expiresAt: new Date('2401-01-01T00:00:00Z'),
  });
});

t.test('rotates with an overlap, disables, enables and revokes', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const { id, secret: first } = await ada.make();
  const path = `/keys/${id}`;
  const odd = await ada.send(await ada.open(path), '/rotate', { overlap: '12345' });
  t.equal(odd.status, 422, 'only what is offered');
  const rotated = await ada.send(await ada.open(path), '/rotate', { overlap: '3600' });
  t.equal(rotated.status, 200);
  t.match(rotated.body, 'works until');
  const second = secretIn(rotated)!;
  t.ok((await desk.lets(first)) && (await desk.lets(second)), 'both work');
  t.match((await ada.open(path)).body, `${first.slice(-4)} works, too, until`);
  const third = secretIn(await ada.send(await ada.open(path), '/rotate', { overlap: '0' }))!;
  t.same(
    [await desk.lets(first), await desk.lets(second), await desk.lets(third)],
    [false, false, true],
  );

  const disabled = await ada.agent.follow(await ada.send(await ada.open(path), '/disable'));
  t.match(disabled.body, 'The key is disabled');
  t.notOk(await desk.lets(third));
  const enabled = await ada.agent.follow(await ada.send(disabled, '/enable'));
  t.match(enabled.body, 'The key is enabled');
  t.ok(await desk.lets(third));

  const confirmation = await ada.open(`${path}/revoke`);
  t.match(confirmation.body, 'Revoke “Nightly export”?');
  const list = await ada.agent.follow(await ada.send(confirmation, '/revoke'));
  t.match(list.body, 'The key is revoked');
  t.notOk(await desk.lets(third));
  t.notMatch(list.body, 'Nightly export');
  t.match((await ada.open('/keys?revoked=1')).body, 'Nightly export');
  const page = await ada.open(path);
  t.equal(page.status, 200, 'what it was can be read');
  t.equal(page.forms.length, 2, 'with the two forms to sign out, and none to change it');
  t.equal((await ada.send(confirmation, '/revoke')).status, 404);
  t.equal((await ada.send(enabled, '/rotate', { overlap: '0' })).status, 404);
});

t.test('a key says which key made it, and its end says how many others end', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const first = await ada.make({ permissions: 'set:full_access' });
  const makes = async (maker: string, name: string) => {
    const response = await fetch(`${desk.gatehouse.issuer}/manage/v1/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${maker}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name, permission_set: 'full_access' }),
    });
    return (await response.json()) as { id: string; key: string };
  };
  const child = await makes(first.secret, 'Child <b>');
  const grandchild = await makes(child.key, 'Grandchild');
  const link = new RegExp(`<a href="[^"]*/keys/${first.id}">API key “Nightly export”</a>`);
  t.match((await ada.open('/keys')).body, link);
  const page = await ada.open(`/keys/${child.id}`);
  t.match(page.body, link);
  t.match(page.body, `<code>${first.id}</code>`);
  t.match((await ada.open(`/keys/${grandchild.id}`)).body, 'API key “Child &lt;b&gt;”');

  t.match((await ada.open(`/keys/${child.id}/revoke`)).body, 'A key that was made with it ends');
  const confirmation = await ada.open(`/keys/${first.id}/revoke`);
  t.match(confirmation.body, '2 keys that were made with it');
  t.notMatch((await ada.open(`/keys/${grandchild.id}/revoke`)).body, 'made with it');
  await ada.send(confirmation, '/revoke');
  for (const secret of [first.secret, child.key, grandchild.key]) {
    t.notOk(await desk.lets(secret));
  }
});

t.test('a form without its token, or from another site, does nothing', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const { id, secret } = await ada.make();
  const page = await ada.open(`/keys/${id}`);
  const forms = [
    { page: await ada.open('/keys/new'), action: '/keys' },
    ...['/rotate', '/disable'].map((action) => ({ page, action })),
    { page: await ada.open(`/keys/${id}/revoke`), action: '/revoke' },
  ];
  for (const { page, action } of forms) {
    const without = await ada.send(page, action, { ...KEY, overlap: '0', _csrf: [] });
    t.equal(without.status, 403, `${action} without a token`);
    const form = formOf(page, action);
    const foreign = await fetch(form.action, {
      method: 'POST',
      headers: {
        ...{ cookie: ada.agent.cookiesFor(form.action), origin: 'https://evil.example' },
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams([...form.fields, ['overlap', '0']]).toString(),
    });
    t.equal(foreign.status, 403, `${action} from another site`);
  }
  t.equal((await desk.keysOf(ada)).length, 1);
  t.ok(await desk.lets(secret));
});

t.test(
  'whoever is not signed in is sent to do so, and a form of theirs does nothing',
  async (t) => {
    const desk = await openKeyDesk(t);
    const ada = await desk.owner();
    const page = await ada.open('/keys/new');
    const nobody = await fetch(page.url, { redirect: 'manual' });
    t.equal(nobody.status, 303);
    t.match(nobody.headers.get('location'), /^\/sign-in\?return_to=/);
  },
);

t.test('another organization’s keys answer like keys that are not there', async (t) => {
  const desk = await openKeyDesk(t);
  const [ada, eve] = [await desk.owner(), await desk.owner()];
  const { id, secret } = await ada.make();
  const missing = await eve.open('/keys/00000000-0000-7000-8000-000000000000');
  const anonymous = (body: string) => body.replaceAll(/req_\w+/g, '…');
  const own = await eve.make();
  for (const organizationId of [eve.user.organizationId, ada.user.organizationId]) {
    for (const path of [`/keys/${id}`, `/keys/${id}/revoke`, `/usage?key=${id}`]) {
      const answer = await eve.open(path, organizationId);
      t.equal(answer.status, 404, path);
      t.equal(anonymous(answer.body), anonymous(missing.body), path);
    }
  }
  t.equal((await eve.open('/keys', ada.user.organizationId)).status, 404);
  t.equal((await eve.open('/keys/new', ada.user.organizationId)).status, 404);
  const [mine, revoking] = [
    await eve.open(`/keys/${own.id}`),
    await eve.open(`/keys/${own.id}/revoke`),
  ];
  const forms = [
    ...['/rotate', '/disable'].map((action) => formOf(mine, action)),
    { ...formOf(mine, '/disable'), action: formOf(mine, '/disable').action.replace('dis', 'en') },
    formOf(revoking, '/revoke'),
  ];
  for (const form of forms) {
    const ofKey = { ...form, action: form.action.replace(own.id, id) };
    const byName = ofKey.action.replace(eve.user.organizationId, ada.user.organizationId);
    for (const action of [ofKey.action, byName]) {
      const answer = await eve.agent.submit(mine, { ...form, action }, { overlap: '0' });
      t.equal(answer.status, 404, action);
    }
  }
  const creation = formOf(await eve.open('/keys/new'), '/keys');
  const elsewhere = creation.action.replace(eve.user.organizationId, ada.user.organizationId);
  const answer = await eve.agent.submit(mine, { ...creation, action: elsewhere }, KEY);
  t.equal(answer.status, 404);
  t.ok(await desk.lets(secret), 'untouched');
  t.equal((await desk.keysOf(ada)).length, 1);
  t.equal((await desk.keysOf(ada))[0]!.secrets.length, 1);
});

t.test('a member hands on no more than they have, and changes their own keys alone', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const max = await desk.colleague(ada, 'member');
  const form = await max.open('/keys/new');
  t.match(form.body, 'Read/Write');
  t.notMatch(form.body, 'Full Access', 'what they may not hand on is not offered');
  t.notMatch(form.body, 'api-keys');
  const beyond: Fields[] = [
    SET('full_access'),
    { permissions: 'own', 'level:workflows': 'admin' },
    { permissions: 'own', scope: 'admin' },
    { permissions: 'own', scope: 'gate:decide' },
  ];
  for (const more of beyond) {
    const answer = await max.send(await max.open('/keys/new'), '/keys', { ...KEY, ...more });
    t.equal(answer.status, 422, JSON.stringify(more));
    t.match(answer.body, 'Choose permissions that you have yourself');
  }
  t.same(await desk.keysOf(ada), []);

  const own = await max.make(SET('read_write'));
  const others = await ada.make(SET('read_only'));
  const page = await max.open(`/keys/${others.id}`);
  t.equal(page.status, 200, 'they see it');
  t.equal(page.forms.length, 2, 'without a form to change it');
  t.notMatch(page.body, `/keys/${others.id}/revoke`);
  const list = await max.open('/keys');
  t.match(list.body, `/keys/${own.id}/revoke`);
  t.notMatch(list.body, `/keys/${others.id}/revoke`);
  t.equal((await max.open(`/keys/${others.id}/revoke`)).status, 403);
  const mine = await max.open(`/keys/${own.id}`);
  for (const action of ['rotate', 'disable', 'enable', 'revoke']) {
    const disable = formOf(mine, action === 'rotate' ? '/rotate' : '/disable');
    const form = { ...disable, action: `${page.url}/${action}` };
    const answer = await max.agent.submit(mine, form, { overlap: '0' });
    t.equal(answer.status, 403, action);
  }
  t.ok(await desk.lets(others.secret), 'untouched');

  const rotated = await max.send(mine, '/rotate', { overlap: '0' });
  t.ok(secretIn(rotated), 'their own they may');
  const admin = await desk.colleague(ada, 'admin');
  const disabled = await admin.send(await admin.open(`/keys/${own.id}`), '/disable');
  t.equal(disabled.status, 303, 'and an administrator all');
});

t.test('who has less than a key can shut it out, and neither rotate nor let it in', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const max = await desk.colleague(ada, 'admin');
  const { id, secret } = await max.make(SET('full_access'));
  const { memberships } = desk.gatehouse.identity;
  await memberships.changeRole(
    { userId: max.user.id, organizationId: ada.user.organizationId, role: 'member' },
    { actor: { kind: 'system' } },
  );
  const page = await max.open(`/keys/${id}`);
  const rotation = await max.send(page, '/rotate', { overlap: '0' });
  t.equal(rotation.status, 403);
  t.match(rotation.body, 'may do more than you may');
  t.equal(secretIn(rotation), undefined);
  t.equal((await max.send(page, '/disable')).status, 303);
  t.notOk(await desk.lets(secret));
  t.equal((await max.send(await max.open(`/keys/${id}`), '/enable')).status, 403);
  t.notOk(await desk.lets(secret));
});

t.test('a page says only what it knows was done, and escapes what people typed', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const { id } = await ada.make({ name: '<script>alert(1)</script>' });
  for (const path of ['/keys', `/keys/${id}`, `/keys/${id}/revoke`, `/usage?key=${id}`]) {
    t.notMatch((await ada.open(path)).body, '<script>alert', path);
  }
  t.notMatch((await ada.open('/keys?done=key_hacked')).body, 'role="status"');
  t.equal((await ada.open('/keys?cursor=nonsense')).status, 404);
  t.equal((await ada.open('/keys?cursor=a&cursor=b')).status, 404);
  t.equal((await ada.open(`/keys/${encodeURIComponent("' OR 1=1")}`)).status, 404);
});
