import t, { type Test } from 'tap';
import { type FormDesk, openFormDesk } from '../dashboard/form-desk.ts';
import { ISSUER } from '../dashboard/security-desk.ts';
import { createUser, startGatehouse } from '../support/gatehouse.ts';
import { HOSTILE_BODIES } from '../support/hostile-bodies.ts';
import { FORM, rawRequest } from '../support/raw-request.ts';
import { isWriting, noteRoutes, type RegisteredRoute } from '../support/registered-routes.ts';

// Whatever route there is, here or to come: what no honest client sends is not an error of the server.

/** As they stand in a URL: a NUL, half a surrogate pair, and what nothing is named. */
const HOSTILE = ['%00', '%ED%A0%80', 'x'];

/** What the library reads from the URL by itself. */
const LIBRARY_QUERIES: Record<string, readonly string[]> = {
  '/oauth/authorize': [
    ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
    ...['code_challenge', 'code_challenge_method', 'prompt', 'max_age', 'login_hint', 'claims'],
    ...['id_token_hint', 'request_uri', 'request', 'resource', 'ui_locales', 'acr_values'],
    'dpop_jkt',
  ],
  '/oauth/logout': [
    ...['client_id', 'id_token_hint', 'logout_hint', 'post_logout_redirect_uri', 'state'],
    'ui_locales',
  ],
};

/** What the parameters of the management API name, for the form desk. */
const MANAGED: Record<string, string> = {
  organization_id: 'organization',
  user_id: 'user',
  client_id: 'client',
  delivery_id: 'delivery',
  'organizations/:id': 'organization',
  'users/:id': 'user',
  'invitations/:id': 'invitation',
  'api-keys/:id': 'key',
  'service-accounts/:id': 'account',
  'webhooks/:id': 'webhook',
};

const AT_A_TIME = 16;
const PARAMETER = /[\w-]+\/(?::(\w+)|\*)/g;

type Identity = 'the admin key' | 'signed in' | 'nobody';

interface Attempt {
  readonly method: string;
  readonly target: string;
  readonly as: Identity;
  /** Without one, the smallest that the door reads. */
  readonly content?: { name: string; headers: Record<string, string>; body: string | Buffer };
}

const noted = noteRoutes();
const desk = await openFormDesk(t);
const routes = [...noted];
let agent = await desk.enter();
let csrf = await desk.tokenOf(agent);
let callers = 0;

/** Each comes from an address of its own, so that nobody is told to wait. */
const proxied = () => {
  callers += 1;
  const { host } = new URL(ISSUER);
  return {
    ...{ host, 'x-forwarded-host': host, 'x-forwarded-proto': 'https', origin: ISSUER },
    'x-forwarded-for': `10.${callers >> 16}.${(callers >> 8) & 255}.${callers & 255}`,
  };
};

const bodyless = (as: Identity) =>
  as === 'the admin key'
    ? { headers: { 'content-type': 'application/json' }, body: '{}' }
    : { headers: FORM, body: '' };

/** The form with its token, where it is one. */
function withToken({ headers, body }: Omit<NonNullable<Attempt['content']>, 'name'>) {
  if (headers['content-type'] !== FORM['content-type']) return { headers, body };
  return { headers, body: Buffer.concat([Buffer.from(`_csrf=${csrf}&`), Buffer.from(body)]) };
}

async function send(attempt: Attempt, { address, adminKey } = desk.gatehouse): Promise<number> {
  const { method, target, as } = attempt;
  const given =
    attempt.content ?? (isWriting(attempt.method) ? bodyless(as) : { headers: {}, body: '' });
  const { headers, body } = as === 'signed in' ? withToken(given) : given;
  const identity: Record<string, string> =
    as === 'the admin key'
      ? { authorization: `Bearer ${adminKey}` }
      : as === 'signed in'
        ? { cookie: agent.cookiesFor(`${ISSUER}${target}`) }
        : {};
  const { status } = await rawRequest(`${address}${target}`, {
    ...{ method, body },
    headers: { ...proxied(), ...headers, ...identity },
  });
  return status;
}

/** @param server another one, which nobody is signed in to */
async function expectNoError(t: Test, attempts: readonly Attempt[], server = desk.gatehouse) {
  const wrong: string[] = [];
  for (let at = 0; at < attempts.length; at += AT_A_TIME) {
    await Promise.all(
      attempts.slice(at, at + AT_A_TIME).map(async (attempt) => {
        const status = await send(attempt, server);
        const { method, target, as, content } = attempt;
        if (status < 500) return;
        wrong.push(`${status}: ${method} ${target} as ${as} with ${content?.name ?? 'no body'}`);
      }),
    );
  }
  t.same(wrong, []);
}

type Kept = Map<string, Promise<string>>;

/** Something that the parameter may name. @param kept what is there already */
async function thingFor(
  { gatehouse, things }: FormDesk,
  { url, named, kept }: { url: string; named: Record<string, string>; kept: Kept },
  [place, parameter]: readonly [string, string?],
): Promise<string> {
  if (!parameter) return 'x';
  // Nobody's own is deleted.
  if (place === 'organizations/:id') return (await createUser(gatehouse)).organizationId;
  const kind = (url.startsWith('/manage/') && (MANAGED[place] ?? MANAGED[parameter])) || parameter;
  const key = kind === 'uid' ? `${kind} ${url}` : kind;
  if (!kept.has(key)) {
    const made = async () => (await things[kind]?.(url, agent, named)) ?? '';
    kept.set(key, made());
  }
  const thing = await kept.get(key)!;
  if (!thing) throw new Error(`nothing for :${parameter} of ${url}: teach it to form-desk.ts`);
  named[kind] = thing;
  return thing;
}

/** The path with something real for each parameter, and for each of them those with what is hostile. */
async function pathsOf(url: string, kept: Kept): Promise<{ real: string; hostile: string[] }> {
  const places = [...url.matchAll(PARAMETER)];
  const named: Record<string, string> = {};
  const values: string[] = [];
  for (const [place, parameter] of places) {
    values.push(encodeURIComponent(await thingFor(desk, { url, named, kept }, [place, parameter])));
  }
  const filled = (other: readonly string[]) => {
    let at = 0;
    return url.replaceAll(/:\w+|\*/g, () => other[at++]!);
  };
  const hostile = values.flatMap((_, at) => HOSTILE.map((text) => filled(values.with(at, text))));
  const all = places.length > 1 ? HOSTILE.map((text) => filled(values.map(() => text))) : [];
  return { real: filled(values), hostile: [...hostile, ...all] };
}

const isForm = ({ method, isBehindBrowserDoor }: RegisteredRoute) =>
  isBehindBrowserDoor && isWriting(method);

/** Programs have a key where people have a session. */
const identitiesFor = ({ url }: RegisteredRoute): readonly Identity[] =>
  /^\/(manage|gate)\//.test(url) ? ['the admin key', 'nobody'] : ['signed in', 'nobody'];

const attemptsAt = (route: RegisteredRoute, target: string) =>
  identitiesFor(route).map((as): Attempt => ({ method: route.method, target, as }));

const queriesOf = (route: RegisteredRoute, path: string) =>
  [...route.queryNames, ...(LIBRARY_QUERIES[route.url] ?? [])].flatMap((name) =>
    HOSTILE.flatMap((value) => attemptsAt(route, `${path}?${name}=${value}`)),
  );

/** None where the method is not served. A page reads a stranger's body as it does anybody's: once will do. */
async function bodiesFor(route: RegisteredRoute, target: string, server = desk.gatehouse) {
  const [stranger, ...known] = attemptsAt(route, target).reverse();
  if ((await send(stranger!, server)) === 405) return [];
  const attempts = route.isBehindBrowserDoor ? known : [stranger!, ...known];
  return HOSTILE_BODIES.flatMap(([name, headers, body]) =>
    attempts.map((attempt): Attempt => ({ ...attempt, content: { name, headers, body } })),
  );
}

/** Some forms end the session. */
async function comeIn(): Promise<void> {
  if (await desk.isSignedIn(agent)) return;
  agent = await desk.enter();
  csrf = await desk.tokenOf(agent);
}

t.test('no route fails over an identifier in its path (RFC 9110 §15.6)', async (t) => {
  const kept: Kept = new Map();
  for (const route of routes.filter(({ url }) => /[:*]/.test(url))) {
    if (isForm(route)) await comeIn();
    const { hostile } = await pathsOf(route.url, kept);
    await expectNoError(
      t,
      hostile.flatMap((target) => attemptsAt(route, target)),
    );
  }
});

t.test('no route fails over a body (RFC 9110 §15.6)', async (t) => {
  for (const route of routes.filter(({ method }) => isWriting(method))) {
    if (isForm(route)) await comeIn();
    const { real } = await pathsOf(route.url, new Map());
    await expectNoError(t, await bodiesFor(route, real));
  }
});

t.test('no route fails over a query parameter that it knows (RFC 9110 §15.6)', async (t) => {
  const kept: Kept = new Map();
  // A HEAD is answered by the handler of its GET.
  for (const route of routes.filter(({ method }) => method !== 'HEAD')) {
    await comeIn();
    const { real } = await pathsOf(route.url, kept);
    // What its handler asks for is known once it has been there.
    if (!isWriting(route.method)) await expectNoError(t, attemptsAt(route, real));
    await expectNoError(t, queriesOf(route, real));
  }
});

t.test('nor does a route that only other platforms have', async (t) => {
  const key = ({ method, url }: RegisteredRoute) => `${method} ${url}`;
  const known = new Set(routes.map(key));
  for (const platform of ['example', 'kliq', 'klen', 'kloakd']) {
    const already = noted.length;
    const server = await startGatehouse(t, {
      ...{ platform, issuer: ISSUER },
      environment: { TRUST_PROXY: '127.0.0.1', LEAK_REPORTER_KEYS_URL: `${ISSUER}/keys` },
    });
    const more = noted.slice(already).filter((route) => !known.has(key(route)));
    for (const route of more) {
      t.notOk(route.isBehindBrowserDoor || /[:*]/.test(route.url), `${route.url} needs neither`);
      known.add(key(route));
    }
    for (const route of more) {
      const bodies = isWriting(route.method) ? await bodiesFor(route, route.url, server) : [];
      await expectNoError(t, [...queriesOf(route, route.url), ...bodies], server);
    }
    t.same(errorsIn(server.logLines), [], platform);
    await server.stop();
  }
});

t.test('nothing of all this was an error of the server', async (t) => {
  t.same(errorsIn(desk.gatehouse.logLines), []);
});

const errorsIn = (logLines: readonly string[]) =>
  logLines
    .map((line) => JSON.parse(line) as { level: number; status?: number; msg: string })
    .filter(({ level, status }) => level >= 50 || (status ?? 0) >= 500);
