import t from 'tap';
import { newAccount, newSigner, sign } from '../credentials/signer.ts';
import { askForKey, DISCOVERIES, limitOf, newFingerprint } from '../credentials/stranger.ts';
import { openDesk } from '../gate/desk.ts';
import { createTestClock } from '../support/clock.ts';
import { obtainTokens } from '../support/flows.ts';
import { CALLBACK, createUser } from '../support/gatehouse.ts';
import { within } from '../support/two-servers.ts';
import { ask, bearer, crowd, expectShownOnce, type Heard, newClient, sortCalls } from './caller.ts';

// KLOAKD's “Authentication” page, claim by claim. Names of tests are its words.

const clock = createTestClock();
const desk = await openDesk(t, 'kloakd', { clock });
const { gatehouse } = desk;
const developers = await desk.organization();
const enterprise = await desk.organization('enterprise');

const below = (organization: string, collection: string) =>
  `/api/v1/organizations/${organization}/${collection}`;
const withKey = (key: string, organization: string) => ({
  ...bearer(key),
  'x-kloakd-organization': organization,
});
const newKey = (organization: string, more: object = {}) => desk.key(organization, more);
const DAY = 86_400;
/** What the design promises for a change of plan. */
const EVERYWHERE_MS = 1_000;

const worded = ({ status, body }: Heard) => `${status} | ${(body as { error: string }).error}`;

/** A minute later nobody has used up a rate that another test meets. */
const nextMinute = () => clock.advance(60);

t.test('All requests require two credentials: an API key and an organization ID', async (t) => {
  const { key } = await newKey(developers);
  const path = below(developers, 'discoveries');
  t.equal((await ask(desk, 'GET', path, withKey(key, developers))).status, 200);
  const keyless = await ask(desk, 'GET', path, { 'x-kloakd-organization': developers });
  t.match(keyless, { status: 401, reason: 'missing_credential' });
  const organizationless = await ask(desk, 'GET', path, bearer(key));
  t.match(organizationless, {
    ...{ status: 400, reason: 'organization_required' },
    body: { message: 'The X-Kloakd-Organization header is required' },
  });
});

const MODULES = ['discoveries', 'extractions', 'monitors'];
const callsOf = (organization: string, methods: readonly string[]) =>
  MODULES.flatMap((module) =>
    methods.map((method) => `${method} ${below(organization, module)}/1`),
  );
const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'];

t.test('sk-live- | Developer / Enterprise | Full API access', async (t) => {
  for (const organization of [developers, enterprise]) {
    const { key } = await newKey(organization);
    t.ok(key.startsWith('sk-live-'));
    t.equal(
      (await newKey(organization, { permission_set: 'read_only' })).key.slice(0, 8),
      'sk-live-',
    );
    const all = callsOf(organization, ['GET', ...WRITES]);
    const { allowed, refusals } = await sortCalls(desk, all, withKey(key, organization));
    if (organization === enterprise)
      t.strictSame({ allowed, refusals }, { allowed: all, refusals: [] });
    else t.strictSame(refusals, ['403 not_entitled'], 'as far as the plan goes');
  }
});

t.test('sk-test- | Playground | Read-only, rate-limited', async (t) => {
  const { body } = await askForKey(gatehouse);
  t.ok(body.key.startsWith('sk-test-'));
  const own = 'playground';
  const reads = [`GET ${below(own, 'discoveries')}`, `GET ${DISCOVERIES}/1`];
  t.strictSame((await sortCalls(desk, reads, bearer(body.key))).allowed, reads);
  const writes = callsOf(own, WRITES);
  t.strictSame(await sortCalls(desk, writes, bearer(body.key)), {
    ...{ allowed: [], refusals: ['403 insufficient_permission'] },
  });
  for (const organization of [developers, enterprise]) {
    const foreign = await ask(desk, 'GET', below(organization, 'discoveries'), bearer(body.key));
    t.match(foreign, { status: 403, reason: 'organization_mismatch' });
  }
  nextMinute();
  const answers = await crowd(25, () => ask(desk, 'GET', DISCOVERIES, bearer(body.key)));
  t.equal(answers.filter(({ status }) => status === 200).length, 20, 'in a minute');
  t.ok(answers.every(({ reason }) => reason === null || reason === 'rate_limited'));
  const made = await desk.call('POST', '/manage/v1/api-keys', {
    ...{ organization_id: developers, name: 'Not one of these', environment: 'test' },
  });
  t.equal(made.status, 400, 'nobody else gets one');
});

t.test('the playground’s routes are no way around what a key may do', async (t) => {
  const calls = [`POST ${DISCOVERIES}`, `GET ${DISCOVERIES}/1`];
  const made = async (more: object) => withKey((await newKey(developers, more)).key, developers);
  const none = await sortCalls(desk, calls, await made({ scopes: [] }));
  t.strictSame(none, { allowed: [], refusals: ['403 insufficient_permission'] });
  const reads = await sortCalls(desk, calls, await made({ permission_set: 'read_only' }));
  t.strictSame(reads.allowed, [`GET ${DISCOVERIES}/1`]);
});

t.test('10 free discoveries with no signup', async (t) => {
  const { status, body } = await askForKey(gatehouse);
  t.equal(status, 201, 'without any credential');
  t.match(limitOf({ body } as never), { limit: 10, remaining: 10 });
  const answers = await crowd(15, () => ask(desk, 'POST', DISCOVERIES, bearer(body.key)));
  t.equal(answers.filter(({ status }) => status === 200).length, 10, 'of fifteen at once');
  const refused = answers.filter(({ status }) => status === 429);
  t.equal(refused.length, 5);
  t.ok(refused.every(({ reason }) => reason === 'quota_exceeded'));
});

t.test('Test keys are identified by fingerprint + IP', async (t) => {
  const fingerprint = newFingerprint();
  const first = await askForKey(gatehouse, { fingerprint });
  await ask(desk, 'POST', DISCOVERIES, bearer(first.body.key));
  const again = await askForKey(gatehouse, { fingerprint });
  t.not(again.body.key, first.body.key);
  t.match(limitOf(again), { used: 1, remaining: 9 }, 'a new key is no fresh start');
  const other = await askForKey(gatehouse);
  t.match(limitOf(other), { used: 0 }, 'another browser is another one');
  t.equal((await askForKey(gatehouse, {})).status, 400);
  clock.advance(3600);
});

t.test('… and have a permanent lifetime quota', async (t) => {
  const fingerprint = newFingerprint();
  const first = await askForKey(gatehouse, { fingerprint });
  await crowd(10, () => ask(desk, 'POST', DISCOVERIES, bearer(first.body.key)));
  clock.advance(10 * 365 * DAY);
  const later = await askForKey(gatehouse, { fingerprint });
  t.match(limitOf(later), { used: 10, remaining: 0, window_seconds: null });
  const heard = await ask(desk, 'POST', DISCOVERIES, bearer(later.body.key));
  t.match(heard, { status: 429, reason: 'quota_exceeded' });
  t.equal(heard.headers.get('retry-after'), null, 'waiting does not help');
});

t.test('Never expose your API key', async (t) => {
  const made = await newKey(developers);
  await ask(desk, 'GET', below(developers, 'discoveries'), withKey(made.key, developers));
  const inUrl = await ask(desk, 'GET', `${below(developers, 'discoveries')}?api_key=${made.key}`);
  t.match(inUrl, { status: 401, reason: 'missing_credential' });
  await expectShownOnce(t, desk, made);
});

t.test('Request headers', async (t) => {
  const { key } = await newKey(developers);
  const path = below(developers, 'discoveries');
  const documented = {
    Authorization: `Bearer ${key}`,
    'X-Kloakd-Organization': developers,
    'Content-Type': 'application/json',
  };
  const { status, headers } = await ask(desk, 'POST', path, documented);
  t.equal(status, 200);
  t.equal(headers.get('x-gatehouse-organization'), developers);

  await t.test('Authorization: Bearer <your-api-key>', async (t) => {
    const { Authorization: _, ...others } = documented;
    const elsewhere = await ask(desk, 'POST', path, { ...others, 'x-api-key': key });
    t.match(elsewhere, { status: 401, reason: 'missing_credential' });
  });

  await t.test('X-Kloakd-Organization: Your organization UUID', async (t) => {
    for (const other of [enterprise, 'your-org-uuid', '__proto__']) {
      const heard = await ask(desk, 'POST', path, {
        ...documented,
        'X-Kloakd-Organization': other,
      });
      t.match(heard, { status: 403, reason: 'organization_mismatch' }, other);
    }
    const twice = await desk.decide('POST', path, {
      ...{ authorization: `Bearer ${key}`, 'x-kloakd-organization': [developers, enterprise] },
    });
    t.match(twice, { status: 403, reason: 'organization_mismatch' });
  });
});

t.test('Every API request passes through a 5-stage gateway pipeline', async (t) => {
  const { key } = await newKey(developers);
  const service = await newSigner();
  const account = await newAccount(desk, developers, [service]);
  const person = await createUser(gatehouse);

  await t.test('1. Authentication: validates your API key or JWT token', async (t) => {
    const path = below(developers, 'discoveries');
    const now = Math.floor(clock.now().getTime() / 1000);
    const jwt = await sign(service, account, gatehouse.platform.api.identifier, {
      claims: { iat: now, exp: now + 60 },
    });
    for (const credential of [key, jwt]) {
      const { status } = await ask(desk, 'GET', path, withKey(credential, developers));
      t.equal(status, 200);
      const cut = await ask(desk, 'GET', path, withKey(credential.slice(0, -3), developers));
      t.equal(worded(cut), '401 | AuthenticationError');
    }
  });

  await t.test('2. Tenant resolution: the organization from the credential', async (t) => {
    const heard = await ask(desk, 'GET', below(developers, 'discoveries'), {
      ...withKey(key, developers),
      'x-gatehouse-organization': enterprise,
    });
    t.equal(heard.headers.get('x-gatehouse-organization'), developers, 'never from what is sent');
    t.equal(heard.headers.get('x-gatehouse-plan'), 'developer');
  });

  await t.test('3. IDOR protection: the org_id in the URL path must match', async (t) => {
    for (const other of [enterprise, person.organizationId, 'your-org-uuid', 'playground']) {
      for (const named of [developers, other]) {
        const path = below(other, 'discoveries');
        const heard = await ask(desk, 'GET', path, withKey(key, named));
        t.equal(worded(heard), '403 | ForbiddenError', `${other}, ${named}`);
        t.equal(heard.reason, 'organization_mismatch');
      }
    }
  });

  await t.test('4. Entitlement check: your plan includes the requested module', async (t) => {
    for (const module of ['extractions', 'monitors']) {
      const heard = await ask(desk, 'GET', below(developers, module), withKey(key, developers));
      t.equal(worded(heard), '403 | NotEntitledError', module);
    }
    const plan = (name: string) =>
      desk.call('PATCH', `/manage/v1/organizations/${developers}`, { plan: name });
    const monitors = () =>
      ask(desk, 'GET', below(developers, 'monitors'), withKey(key, developers));
    await plan('enterprise');
    await within(EVERYWHERE_MS, async () => (await monitors()).status === 200);
    t.equal((await monitors()).headers.get('x-gatehouse-plan'), 'enterprise');
    await plan('developer');
    await within(EVERYWHERE_MS, async () => (await monitors()).status === 403);
    t.equal(worded(await monitors()), '403 | NotEntitledError');
  });

  await t.test('5. Rate limiting & metering: per-organization quotas, and usage', async (t) => {
    const own = await desk.organization();
    const [one, other] = [await newKey(own), await newKey(own)];
    const path = below(own, 'discoveries');
    const { headers } = await ask(desk, 'GET', path, withKey(one.key, own));
    t.equal(
      headers.get('ratelimit-policy'),
      '"requests_per_minute";q=120;w=60, "requests_per_month";q=50000;w=2592000',
    );
    const second = await ask(desk, 'GET', path, withKey(other.key, own));
    t.match(second.headers.get('ratelimit'), '"requests_per_month";r=49998', 'shared by its keys');
    await ask(desk, 'GET', below(own, 'monitors'), withKey(one.key, own));
    const usage = await desk.call(
      'GET',
      `/manage/v1/usage?organization_id=${own}&group_by=outcome,credential`,
    );
    const seen = (
      usage.body.data as { credential_id: string; outcome: string; requests: number }[]
    ).map(({ credential_id, outcome, requests }) => `${credential_id} ${outcome} ${requests}`);
    t.strictSame(seen.sort(), [
      ...[`${one.id} allowed 1`, `${other.id} allowed 1`, `${one.id} not_entitled 1`].sort(),
    ]);
  });

  await t.test('… in this order', async (t) => {
    const own = await desk.organization();
    const { key } = await newKey(own);
    const reasonOf = async (path: string, headers: Record<string, string>) =>
      (await ask(desk, 'GET', path, headers)).reason;
    await crowd(120, () => ask(desk, 'GET', below(own, 'discoveries'), withKey(key, own)));
    const foreign = below(enterprise, 'monitors');
    t.equal(await reasonOf(foreign, withKey(`${key}x`, enterprise)), 'invalid_api_key');
    t.equal(await reasonOf(foreign, bearer(key)), 'organization_required');
    t.equal(await reasonOf(foreign, withKey(key, own)), 'organization_mismatch');
    t.equal(await reasonOf(below(own, 'monitors'), withKey(key, own)), 'not_entitled');
    t.equal(await reasonOf(below(own, 'discoveries'), withKey(key, own)), 'rate_limited');
  });
});

t.test('The organization ID in the URL must match, also for a person’s token', async (t) => {
  const fresh = await openDesk(t, 'kloakd');
  const [person, neighbour] = [
    await createUser(fresh.gatehouse),
    await createUser(fresh.gatehouse),
  ];
  const scope = 'discoveries:read';
  const client = await newClient(fresh, { redirect_uris: [CALLBACK], scope });
  const { access_token } = await obtainTokens(fresh.gatehouse, client, person, { scope });
  const own = below(person.organizationId, 'discoveries');
  const good = await ask(fresh, 'GET', own, withKey(access_token, person.organizationId));
  t.equal(good.status, 200);
  for (const [path, named] of [
    [below(neighbour.organizationId, 'discoveries'), person.organizationId],
    [below(neighbour.organizationId, 'discoveries'), neighbour.organizationId],
    [own, neighbour.organizationId],
  ] as const) {
    const heard = await ask(fresh, 'GET', path, withKey(access_token, named));
    t.equal(worded(heard), '403 | ForbiddenError');
  }
});

t.test('Error responses', async (t) => {
  const { key } = await newKey(developers);
  const path = below(developers, 'discoveries');
  const heard = async (path: string, headers: Record<string, string>, reason: string) => {
    const answer = await ask(desk, 'GET', path, headers);
    t.equal(answer.reason, reason);
    const { message } = answer.body as { message: string };
    return `${worded(answer)} | ${message}`;
  };

  await t.test('401 | AuthenticationError | Missing or invalid API key', async (t) => {
    const row = '401 | AuthenticationError | Missing or invalid API key';
    t.equal(await heard(path, {}, 'missing_credential'), row);
    t.equal(await heard(path, withKey('sk-live-guess', developers), 'invalid_api_key'), row);
    t.equal(await heard(path, withKey('sk-test-guess', developers), 'invalid_api_key'), row);
    const revoked = await newKey(developers);
    await desk.call('DELETE', `/manage/v1/api-keys/${revoked.id}`);
    t.equal(await heard(path, withKey(revoked.key, developers), 'invalid_api_key'), row);
  });

  await t.test('403 | ForbiddenError | Organization ID mismatch', async (t) => {
    const row = '403 | ForbiddenError | Organization ID mismatch';
    const foreign = below(enterprise, 'discoveries');
    t.equal(await heard(foreign, withKey(key, developers), 'organization_mismatch'), row);
    t.equal(await heard(path, withKey(key, enterprise), 'organization_mismatch'), row);
  });

  await t.test('403 | NotEntitledError | Org not on required plan for this module', async (t) => {
    const row = "403 | NotEntitledError | Your organization's plan does not include this module";
    const monitors = below(developers, 'monitors');
    t.equal(await heard(monitors, withKey(key, developers), 'not_entitled'), row);
  });

  await t.test('429 | RateLimitError | Per-organization quota exceeded', async (t) => {
    const own = await desk.organization();
    const keys = [await newKey(own), await newKey(own)];
    const answers = await crowd(130, (i) =>
      ask(desk, 'GET', below(own, 'discoveries'), withKey(keys[i % 2]!.key, own)),
    );
    t.equal(answers.filter(({ status }) => status === 200).length, 120, 'both keys together');
    const refused = answers.filter(({ status }) => status === 429);
    t.equal(worded(refused[0]!), '429 | RateLimitError');
    t.ok(refused.every(({ headers }) => Number(headers.get('retry-after')) <= 60));
    nextMinute();
    await desk.call('PATCH', `/manage/v1/organizations/${own}`, { plan: 'enterprise' });
    const policy = async () => {
      const path = below(own, 'discoveries');
      const { headers } = await ask(desk, 'GET', path, withKey(keys[0]!.key, own));
      return headers.get('ratelimit-policy');
    };
    await within(EVERYWHERE_MS, async () => (await policy())?.includes('q=1200;w=60') === true);
    t.match(await policy(), 'q=5000000;w=2592000', 'a plan has figures of its own');
  });
});
