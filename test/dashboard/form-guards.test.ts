import t, { type Test } from 'tap';
import { startGatehouse } from '../support/gatehouse.ts';
import { isWriting, noteRoutes, type RegisteredRoute } from '../support/registered-routes.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { type FormDesk, openFormDesk } from './form-desk.ts';
import { formOf, ISSUER } from './security-desk.ts';

const OWN = { origin: ISSUER };

/** What a browser says of a form that another site has sent. */
const ELSEWHERE: Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { ...OWN, 'sec-fetch-site': 'cross-site' },
  { ...OWN, 'sec-fetch-site': 'same-site' },
];

/** They say something, to anybody, and keep nothing. */
const FOR_ANYBODY = [
  ...['/playground/try', '/playground/expired-token'],
  // They ask the browser to come again by GET.
  ...['/oauth/authorize', '/oauth/logout'],
];

/** The library's own form, with a token that is in the session. */
const SIGN_OUT = '/oauth/logout/confirm';

const noted = noteRoutes();
const desk = await openFormDesk(t);
const { contents, post } = desk;
const routes = noted.filter(({ method }) => isWriting(method));
const forms = routes.filter(({ isBehindBrowserDoor }) => isBehindBrowserDoor);
const others = routes.filter(({ isBehindBrowserDoor }) => !isBehindBrowserDoor);

/** The path with something new for each of its parameters. */
async function fill({ things }: FormDesk, url: string, agent: UserAgent): Promise<string> {
  const named: Record<string, string> = {};
  for (const [, name] of url.matchAll(/:(\w+)/g)) {
    const thing = await things[name!]?.(url, agent, named);
    if (!thing) throw new Error(`nothing for :${name} of ${url}: teach it to form-desk.ts`);
    named[name!] = thing;
  }
  return url.replaceAll(/:(\w+)/g, (_, name) => encodeURIComponent(named[name]!));
}

/** The form as it should be is let through: neither the person nor the path is what stood in the way. */
async function isTheirs(t: Test, agent: UserAgent, path: string, token: string, url: string) {
  const body = new URLSearchParams({ _csrf: token });
  const answer = await post(agent, path, { body, headers: OWN });
  t.notOk([403, 404].includes(answer.status) || answer.status >= 500, `${url} is theirs`);
  const text = await answer.text();
  t.notMatch(text, /interaction_expired|csrf_token_invalid/, `${url} is of now`);
  t.not(answer.headers.get('location'), '/sign-in?return_to=%2Fdashboard', `${url} knows them`);
}

t.test('every form refuses a missing token and another site, and changes nothing', async (t) => {
  t.ok(forms.length > 0);
  let agent = await desk.enter();
  for (const { method, url } of forms) {
    if (!(await desk.isSignedIn(agent))) agent = await desk.enter();
    const path = await fill(desk, url, agent);
    const token = await desk.tokenOf(agent);
    const before = await contents();
    for (const wrong of [undefined, '', 'x'.repeat(token.length)]) {
      const body = new URLSearchParams(wrong === undefined ? {} : { _csrf: wrong });
      const answer = await post(agent, path, { method, body, headers: OWN });
      t.equal(answer.status, 403, `${url} with the token ${wrong}`);
      t.match(await answer.text(), 'csrf_token_invalid');
    }
    for (const headers of ELSEWHERE) {
      const body = new URLSearchParams({ _csrf: token });
      const answer = await post(agent, path, { method, body, headers });
      t.equal(answer.status, 403, `${url} from elsewhere: ${JSON.stringify(headers)}`);
      t.match(await answer.text(), 'foreign_origin');
    }
    t.same(await contents(), before, `${url} changed nothing`);
    await isTheirs(t, agent, path, token, url);
  }
});

t.test('no other door does anything for whoever is merely signed in', async (t) => {
  const agent = await desk.enter();
  const token = await desk.tokenOf(agent);
  const before = await contents();
  const { organizationId } = desk.user;
  for (const { method, url } of others.filter((each) => each.url !== SIGN_OUT)) {
    const path = url.replaceAll(/:\w+/g, organizationId);
    const json = { 'content-type': 'application/json', ...OWN };
    for (const [body, headers] of [
      [new URLSearchParams({ _csrf: token }), OWN],
      [JSON.stringify({ _csrf: token }), json],
    ] as const) {
      const { status } = await post(agent, path, { method, body, headers });
      t.ok(status >= 400 || FOR_ANYBODY.includes(url), `${method} ${url}: ${status}`);
    }
  }
  t.same(await contents(), before, 'nothing changed');
  t.ok(await desk.isSignedIn(agent));
});

t.test('a sign-out that an app asks for has a token of its own', async (t) => {
  t.ok(others.some(({ url }) => url === SIGN_OUT));
  const [agent, other] = [await desk.enter(), await desk.enter()];
  const xsrfOf = async (agent: UserAgent) => {
    const { fields } = formOf(await agent.get(`${ISSUER}/oauth/logout`), SIGN_OUT);
    return fields.find(([name]) => name === 'xsrf')![1];
  };
  const xsrf = await xsrfOf(agent);
  const otherXsrf = await xsrfOf(other);
  const before = await withoutSessions();
  for (const wrong of ['', 'x'.repeat(xsrf.length), otherXsrf]) {
    const body = new URLSearchParams({ logout: 'yes', ...(wrong ? { xsrf: wrong } : {}) });
    t.equal((await post(agent, SIGN_OUT, { body, headers: OWN })).status, 400);
  }
  for (const headers of ELSEWHERE) {
    const body = new URLSearchParams({ logout: 'yes', xsrf });
    const answer = await post(agent, SIGN_OUT, { body, headers });
    t.equal(answer.status, 403, `from elsewhere: ${JSON.stringify(headers)}`);
    t.match(await answer.text(), 'foreign_origin');
  }
  t.same(await withoutSessions(), before, 'nothing changed');
  t.ok(await desk.isSignedIn(agent), 'the session goes on');
  await post(agent, SIGN_OUT, { body: new URLSearchParams({ logout: 'yes', xsrf }), headers: OWN });
  t.notOk(await desk.isSignedIn(agent), 'the right one does it');
});

/** The library saves a session whenever it has read one. */
async function withoutSessions() {
  const { sessions, ...rest } = await contents();
  return rest;
}

t.test('no platform has a form that this one has not', async (t) => {
  const key = ({ method, url }: RegisteredRoute) => `${method} ${url}`;
  const known = new Set(forms.map(key));
  for (const platform of ['example', 'kliq', 'klen', 'kloakd']) {
    const already = noted.length;
    const { stop } = await startGatehouse(t, { platform });
    await stop();
    const writing = noted.slice(already).filter(({ method }) => isWriting(method));
    const more = writing.filter(({ isBehindBrowserDoor }) => isBehindBrowserDoor);
    t.ok(more.length > 0, platform);
    t.same(
      more.map(key).filter((each) => !known.has(each)),
      [],
      platform,
    );
  }
});
