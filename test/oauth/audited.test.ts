import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import t, { type Test } from 'tap';
import { listAuditEvents } from '../../src/audit/audit.store.ts';
import { AUDIT_EVENT_TYPES, type AuditEventType } from '../../src/audit/audit.ts';
import {
  authorizeUrl,
  consent,
  newPkce,
  obtainCode,
  revoke,
  signIn,
  token,
} from '../support/flows.ts';
import {
  createUser,
  registerClient,
  registerService,
  startGatehouse,
} from '../support/gatehouse.ts';
import { createSignedIn } from '../support/signed-in.ts';
import { within } from '../support/two-servers.ts';
import { createUserAgent } from '../support/user-agent.ts';

// What people and apps do at the protocol's endpoints, in the audit log.

const gatehouse = await startGatehouse(t);
const { issuer, database } = gatehouse;
const client = await registerClient(gatehouse);
const user = await createUser(gatehouse);

/** The newest event of a type; the library's events are written beside the answer. */
async function newest(t: Pick<Test, 'equal'>, type: AuditEventType, count: number) {
  const list = async () => (await listAuditEvents(database, { type })).items;
  await within(1000, async () => (await list()).length >= count);
  const items = await list();
  t.equal(items.length, count, type);
  return items[0]!;
}

const BY_USER = {
  ...{ actor: { kind: 'user', id: user.id }, address: '127.0.0.1', requestId: String },
};

t.test('a sign-out, of our own page and asked for by an app', async (t) => {
  const own = await obtainCode(gatehouse, client, user);
  const home = await own.agent.get(`${issuer}/`);
  const form = home.forms.find(({ action }) => action.endsWith('/sign-out'))!;
  await own.agent.submit(home, form);
  const target = { kind: 'user', id: user.id };
  t.match(await newest(t, 'signed_out', 1), { ...BY_USER, target, details: {} });

  const { agent } = await obtainCode(gatehouse, client, user);
  const page = await agent.get(`${issuer}/oauth/logout?client_id=${client.clientId}`);
  await agent.submit(page, page.forms[0]!);
  const again = await agent.get(`${issuer}/oauth/logout?client_id=${client.clientId}`);
  await agent.submit(again, again.forms[0]!, { logout: 'yes' });
  const details = { client_id: client.clientId };
  t.match(await newest(t, 'signed_out', 2), { ...BY_USER, target, details }, 'a no is no sign-out');

  const nobody = createUserAgent();
  const asked = await nobody.get(`${issuer}/oauth/logout`);
  await nobody.submit(asked, asked.forms[0]!);
  await newest(t, 'signed_out', 2);
});

t.test('a no to an app', async (t) => {
  const other = await registerClient(gatehouse);
  const agent = createUserAgent();
  const asked = await agent.follow(await agent.get(authorizeUrl(gatehouse, other, newPkce())));
  await consent(agent, await signIn(agent, asked, user), { decision: 'deny' });
  const target = { kind: 'client', id: other.clientId };
  t.match(await newest(t, 'consent.refused', 1), { ...BY_USER, target });
  await agent.get(authorizeUrl(gatehouse, other, newPkce(), { prompt: 'none' }));
  await newest(t, 'consent.refused', 1);
});

t.test('the end of an access token, with who ended it', async (t) => {
  const { access_token } = await createSignedIn(gatehouse, user).tokens(client);
  await revoke(gatehouse, client, access_token);
  const { jti } = decodeJwt(access_token);
  t.match(await newest(t, 'token.revoked', 1), {
    ...{ actor: { kind: 'client', id: client.clientId }, requestId: String },
    target: { kind: 'access_token', id: jti },
    organizationId: user.organizationId,
  });
  await revoke(gatehouse, client, access_token);
  await newest(t, 'token.revoked', 1);

  const service = await registerService(gatehouse);
  const { body } = await token(gatehouse, service, { grant_type: 'client_credentials' });
  await revoke(gatehouse, client, body.access_token!);
  await newest(t, 'token.revoked', 1);
  await revoke(gatehouse, service, body.access_token!);
  t.match(await newest(t, 'token.revoked', 2), { actor: { id: service.clientId } });
});

t.test('every type that is declared is written somewhere', async (t) => {
  const files = await readdir('src', { recursive: true });
  const sources = files.filter(
    (file) => file.endsWith('.ts') && file !== join('audit', 'audit.ts'),
  );
  const texts = await Promise.all(sources.map((file) => readFile(join('src', file), 'utf8')));
  const silent = AUDIT_EVENT_TYPES.filter(
    (type) => !texts.some((text) => text.includes(`'${type}'`)),
  );
  t.same(silent, []);
});
