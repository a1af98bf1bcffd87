import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { newSigner, sign } from '../credentials/signer.ts';
import { locationOf, type Page } from '../support/user-agent.ts';
import { refusesForgeries } from './attacks.ts';
import { type Developer, formOf, type KeyDesk, openKeyDesk } from './key-desk.ts';

type Fields = Record<string, string | string[]>;

const ACCOUNT: Fields = { name: 'Nightly export', scope: ['workflows:read'] };
const LIST = '/service-accounts';

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;
const PUBLIC = pem(newPair().publicKey);

const accountsOf = ({ gatehouse }: KeyDesk, { user }: Developer) =>
  gatehouse.credentials.serviceAccounts.list({ organizationId: user.organizationId, limit: 100 });

const add = async (developer: Developer, fields: Fields = {}): Promise<Page> =>
  developer.send(await developer.open(`${LIST}/new`), LIST, {
    ...{ ...ACCOUNT, key: PUBLIC },
    ...fields,
  });

t.test('an account is made with a public key, and what it signs is let in', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  t.match((await ada.open(LIST)).body, 'There is no service account yet');
  const signer = await newSigner();
  const answer = await add(ada, { key: JSON.stringify(signer.publicJwk) });
  t.equal(answer.status, 303);
  const [account] = await accountsOf(desk, ada);
  t.match(account, { name: 'Nightly export', scopes: ['workflows:read'] });
  t.same(account!.createdBy, { kind: 'user', id: ada.user.id });
  const page = await ada.agent.follow(answer);
  t.match(page.body, 'The service account is ready');
  t.match(page.body, signer.kid!);
  t.match(page.body, 'ES256');
  t.ok(await desk.lets(await sign(signer, account!, 'https://api.kaie.ai')));
  t.match((await ada.open(LIST)).body, account!.id);
});

t.test('what the page says in TypeScript runs, and its JWT is let in', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-snippet-'));
  // As after npm install.
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(directory, 'node_modules'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const pairs = [
    newPair(),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ed25519'),
  ];
  for (const { publicKey, privateKey } of pairs) {
    const page = await ada.agent.follow(await add(ada, { key: pem(publicKey) }));
    const keyFile = join(directory, 'private-key.pem');
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(directory, 'sign.mts'), snippetIn(page, 'typescript'));
    const { stdout } = await promisify(execFile)(process.execPath, ['sign.mts'], {
      ...{ cwd: directory, env: { ...process.env, PRIVATE_KEY_FILE: keyFile } },
    });
    t.ok(await desk.lets(stdout.trim()), `${publicKey.asymmetricKeyType}`);
    t.notOk(await desk.lets(stdout.trim()), 'once, for it has a jti');
    t.match(snippetIn(page, 'python'), 'jwt.encode');
  }
});

const snippetIn = ({ body }: Page, language: string): string => {
  const [, code = ''] = new RegExp(`id="snippet-${language}"[^>]*><code>([^<]*)`).exec(body) ?? [];
  return code
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
};

t.test('a private key is refused loudly, and nothing of it is kept, said or logged', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const { privateKey } = newPair();
  const d = privateKey.export({ format: 'jwk' }).d!;
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const secretLine = pkcs8.split('\n')[1]!;
  await add(ada);
  const [account] = await accountsOf(desk, ada);
  const page = await ada.open(`${LIST}/${account!.id}`);
  for (const key of [
    pkcs8,
    JSON.stringify(privateKey.export({ format: 'jwk' })),
    `x ${secretLine}`,
  ]) {
    for (const answer of [await add(ada, { key }), await ada.send(page, '/keys', { key })]) {
      t.equal(answer.status, 422);
      t.match(answer.body, key.startsWith('x') ? 'neither PEM nor a JWK' : 'That is a private key');
      t.match(answer.body, /role="alert"[^>]* autofocus/);
      for (const part of [d, secretLine]) t.notOk(answer.body.includes(part));
    }
  }
  t.same(await accountsOf(desk, ada), [account]);
  const log = desk.gatehouse.logLines.join('\n');
  for (const part of [d, secretLine]) t.notOk(log.includes(part));
  const { rows } = await desk.gatehouse.database.pool.query(
    'SELECT details::text AS text FROM audit_events',
  );
  t.notOk(JSON.stringify(rows).includes(d));
});

t.test('what is wrong is said beside its field, and what was typed stays', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const wrongs: [Fields, string, string][] = [
    [{ name: '' }, 'name', 'Give the account a name'],
    [{ name: 'x'.repeat(101) }, 'name', 'at most 100'],
    [{ name: 'a\u0000b' }, 'name', 'without special signs'],
    [{ key: '' }, 'key', 'Paste a public key'],
    [{ key: 'ssh-ed25519 AAAA' }, 'key', 'neither PEM nor a JWK'],
    [{ key: PUBLIC + pem(newPair().publicKey) }, 'key', 'one key at a time'],
    [{ key: pem(small) }, 'key', 'a modulus of 1024 bits'],
    [{ key: pem(generateKeyPairSync('x25519').publicKey) }, 'key', 'can’t be used'],
    [
      { key: JSON.stringify({ ...newPair().publicKey.export({ format: 'jwk' }), alg: 'RS256' }) },
      ...(['key', 'alg of such a key is ES256'] as const),
    ],
    [{ scope: ['no:such'] }, 'scope', 'not yours to hand on'],
  ];
  for (const [wrong, field, words] of wrongs) {
    const answer = await add(ada, wrong);
    t.equal(answer.status, 422, words);
    t.match(answer.body, words);
    t.match(answer.body, `<a href="#${field}">`);
    if (field !== 'name') t.match(answer.body, 'value="Nightly export"');
    if (field === 'name') t.match(answer.body, '&quot;kty&quot;: &quot;EC&quot;', 'the public key');
  }
  t.same(await accountsOf(desk, ada), []);
});

t.test('a form makes one account, sent ten times at once and again', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const form = await ada.open(`${LIST}/new`);
  const fields = { ...ACCOUNT, key: PUBLIC };
  const answers = await Promise.all(Array.from({ length: 10 }, () => ada.send(form, LIST, fields)));
  const done = answers.map((answer) => locationOf(answer).searchParams.get('done'));
  t.equal(done.filter((one) => one === 'account_created').length, 1);
  t.equal((await accountsOf(desk, ada)).length, 1);
  const again = await ada.agent.follow(await ada.send(form, LIST, fields));
  t.match(again.body, 'That form was sent before');
});

t.test('keys roll over without a gap, and one always stays', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const [old, next] = await Promise.all([newSigner(), newSigner()]);
  await add(ada, { key: JSON.stringify(old.publicJwk) });
  const [account] = await accountsOf(desk, ada);
  const path = `${LIST}/${account!.id}`;
  const lets = async (signer: typeof old) =>
    desk.lets(await sign(signer, account!, 'https://api.kaie.ai'));
  const alone = await ada.open(path);
  t.notOk(alone.forms.some(({ action }) => action.endsWith('/keys/remove')));

  const added = await ada.send(alone, '/keys', { key: JSON.stringify(next.publicJwk) });
  t.match((await ada.agent.follow(added)).body, 'The key is added');
  t.same(await Promise.all([lets(old), lets(next)]), [true, true], 'both work');
  const twice = await ada.send(alone, '/keys', { key: JSON.stringify(next.publicJwk) });
  t.equal(twice.status, 422);
  t.match(twice.body, 'is the kid of another key');

  const page = await ada.open(path);
  const remove = (kid: string | undefined) => ada.send(page, '/keys/remove', { kid: kid! });
  t.match((await ada.agent.follow(await remove(old.kid))).body, 'The key is removed');
  t.same(await Promise.all([lets(old), lets(next)]), [false, true]);
  t.equal((await remove(old.kid)).status, 303, 'what is gone is gone');
  const last = await remove(next.kid);
  t.equal(last.status, 422);
  t.match(last.body, 'An account keeps at least one key');
  t.ok(await lets(next));
  const [now] = await accountsOf(desk, ada);
  t.same([...now!.keysAddedAt.keys()], [next.kid]);
  t.ok(now!.keysAddedAt.get(next.kid!)! > now!.createdAt, 'it is known since when it is there');
});

t.test('of ten who change keys at once, none undoes what another did', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const signers = await Promise.all(Array.from({ length: 10 }, () => newSigner()));
  const text = signers.map(({ publicJwk }) => JSON.stringify(publicJwk));
  await add(ada, { key: text[0]! });
  const [account] = await accountsOf(desk, ada);
  const path = `${LIST}/${account!.id}`;
  const alone = await ada.open(path);
  await Promise.all(text.slice(1, 9).map((key) => ada.send(alone, '/keys', { key })));
  const kids = async () => (await accountsOf(desk, ada))[0]!.keys.map(({ kid }) => kid).sort();
  const kidOf = ({ kid }: (typeof signers)[number]) => kid!;
  t.same(await kids(), signers.slice(0, 9).map(kidOf).sort());

  const page = await ada.open(path);
  const removals = signers
    .slice(0, 4)
    .map(({ kid }) => ada.send(page, '/keys/remove', { kid: kid! }));
  await Promise.all([...removals, ada.send(page, '/keys', { key: text[9]! })]);
  t.same(await kids(), signers.slice(4).map(kidOf).sort(), 'a key taken away does not come back');

  const everything = signers
    .slice(4)
    .map(({ kid }) => ada.send(page, '/keys/remove', { kid: kid! }));
  await Promise.all(everything);
  t.equal((await kids()).length, 1);
});

t.test('an account is edited, shut out, let in and deleted', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  const signer = await newSigner();
  await add(ada, { key: JSON.stringify(signer.publicJwk) });
  const [account] = await accountsOf(desk, ada);
  const path = `${LIST}/${account!.id}`;
  const isLetIn = async () => desk.lets(await sign(signer, account!, 'https://api.kaie.ai'));
  const edit = await ada.open(`${path}/edit`);
  t.notMatch(edit.body, 'name="key"');
  const scope = ['workflows:read', 'analytics:read'];
  await ada.send(edit, '/edit', { name: 'Hourly', scope });
  t.match(await accountsOf(desk, ada), [{ name: 'Hourly', scopes: scope }]);
  t.equal((await ada.send(edit, '/edit', { name: ' ' })).status, 422);
  const shut = await ada.agent.follow(await ada.send(await ada.open(path), '/disable'));
  t.match(shut.body, 'The account is disabled');
  t.notOk(await isLetIn());
  await ada.send(shut, '/enable');
  t.ok(await isLetIn());
  const sure = await ada.open(`${path}/delete`);
  t.match(sure.body, 'Delete Hourly?');
  t.match((await ada.agent.follow(await ada.send(sure, '/delete'))).body, 'account is deleted');
  t.notOk(await isLetIn());
  t.equal((await ada.open(path)).status, 404);
});

t.test('a neighbour’s account is not there, whatever is asked of it', async (t) => {
  const desk = await openKeyDesk(t);
  const [ada, eve] = [await desk.owner(), await desk.owner()];
  await add(ada);
  await add(eve);
  const [account] = await accountsOf(desk, ada);
  const [own] = await accountsOf(desk, eve);
  const page = await eve.open(`${LIST}/${own!.id}`);
  const disable = formOf(page, '/disable');
  for (const id of [account!.id, 'x', '%00']) {
    for (const path of ['', '/edit', '/delete'])
      t.equal((await eve.open(`${LIST}/${id}${path}`)).status, 404, `${id}${path}`);
    for (const verb of ['edit', 'keys', 'keys/remove', 'disable', 'enable', 'delete']) {
      const action = disable.action.replace(own!.id, id).replace(/disable$/, verb);
      const fields = { name: 'Mine', key: PUBLIC, kid: account!.keys[0]!.kid };
      const answer = await eve.agent.submit(page, { ...disable, action }, fields);
      t.equal(answer.status, 404, `${verb} ${id}`);
    }
  }
  t.same(await accountsOf(desk, ada), [account]);
  t.notMatch((await eve.open(LIST)).body, account!.id);
  t.equal((await eve.open(LIST, ada.user.organizationId)).status, 404);
});

t.test(
  'members look on; nobody takes over an account that may do more than their role',
  async (t) => {
    const kaie = await loadPlatform('kaie');
    const roles = { ...kaie.roles, admin: ['workflows:read'] };
    const desk = await openKeyDesk(t, { platform: { ...kaie, roles } });
    const ada = await desk.owner();
    const member = await desk.colleague(ada, 'member');
    const admin = await desk.colleague(ada, 'admin');
    await add(ada, { scope: ['workflows:write'] });
    const [account] = await accountsOf(desk, ada);
    const path = `${LIST}/${account!.id}`;
    const seen = await member.open(path);
    t.equal(seen.status, 200);
    t.same(
      seen.forms.filter(({ action }) => action.includes(LIST)),
      [],
    );
    for (const closed of [`${LIST}/new`, `${path}/edit`, `${path}/delete`])
      t.equal((await member.open(closed)).status, 403, closed);
    const csrfOf = (page: Page) => page.forms[0]!.fields.find(([name]) => name === '_csrf')!;
    const formTo = (page: Page, action: string) => ({
      ...{ action, method: 'post', fields: [csrfOf(page)] },
    });
    const list = seen.url.slice(0, seen.url.lastIndexOf('/'));
    const verbs = ['edit', 'keys', 'keys/remove', 'disable', 'enable', 'delete'];
    for (const action of [list, ...verbs.map((verb) => `${seen.url}/${verb}`)]) {
      const answer = await member.agent.submit(seen, formTo(seen, action), { key: PUBLIC });
      t.equal(answer.status, 403, action);
    }

    t.equal((await add(admin, { scope: ['workflows:write'] })).status, 422);
    const page = await admin.open(path);
    t.match(page.body, 'more than your role may hand on');
    const planted = pem(newPair().publicKey);
    for (const verb of ['edit', 'keys', 'enable']) {
      const action = `${page.url}/${verb}`;
      const answer = await admin.agent.submit(page, formTo(page, action), {
        name: 'X',
        key: planted,
      });
      t.equal(answer.status, 403, verb);
    }
    t.same(await accountsOf(desk, ada), [account]);
    t.equal((await admin.send(page, '/disable')).status, 303, 'shutting out is never refused');
  },
);

t.test('no form is taken from another site or without its token', async (t) => {
  const desk = await openKeyDesk(t);
  const ada = await desk.owner();
  await add(ada);
  const [before] = await accountsOf(desk, ada);
  const page = `${LIST}/${before!.id}`;
  const fields = { name: 'Forged', key: pem(newPair().publicKey) };
  await refusesForgeries(t, ada, { page: `${LIST}/new`, action: LIST, fields });
  await refusesForgeries(t, ada, { page: `${page}/edit`, action: '/edit', fields });
  await refusesForgeries(t, ada, { page: `${page}/delete`, action: '/delete' });
  for (const action of ['/keys', '/disable'])
    await refusesForgeries(t, ada, { page, action, fields });
  t.same(await accountsOf(desk, ada), [before]);
});

t.test('where the platform takes no service JWTs there are no such pages', async (t) => {
  const kaie = await loadPlatform('kaie');
  const serviceJwts = { ...kaie.serviceJwts, enabled: false };
  const desk = await openKeyDesk(t, { platform: { ...kaie, serviceJwts } });
  const ada = await desk.owner();
  t.equal((await ada.open(LIST)).status, 404);
  t.notMatch((await ada.open('')).body, LIST);
});
