import t, { type Test } from 'tap';
import type { CredentialKind } from '../../src/platform/platform.ts';
import { startReceiver, until } from '../webhooks/house.ts';
import type { ReadPage } from './docs-page.ts';
import {
  type Headers,
  kindsIn,
  kindsOf,
  obtain,
  openScene,
  PLATFORMS,
  type Scene,
} from './scene.ts';

// What the page says of plans, modules and figures is what the gate does, for each kind of credential on
// each plan.

for (const name of Object.keys(PLATFORMS)) {
  t.test(
    `${name}: a request counts on the limits of its row with the figures of its plan, on no other, and passes where the plan has its module`,
    async (t) => {
      const scene = await openScene(t, name);
      const told = readLimits(scene.page);
      const met = new Set<string>();
      for (const caller of await callersOf(scene)) {
        for (const row of told.routes) {
          const where = `${caller.kind}, ${caller.plan ?? 'no plan'}: ${row.method} ${row.path}`;
          const { allowed, reason, headers } = await scene.desk.decide(
            ...[row.method, scene.pathOf(row.path, caller.organizationId), caller.headers],
          );
          if (!isOpen(told, caller, row)) {
            const isStranger = caller.kind === 'playground_key';
            t.match(reason, isStranger ? REFUSED_STRANGER : 'not_entitled', where);
            continue;
          }
          t.equal(allowed, true, where);
          const given = (headers['ratelimit-policy'] ?? '').split(', ').filter(Boolean);
          t.same(given.toSorted(), policiesOf(told, caller, row).toSorted(), where);
          for (const policy of given) met.add(policy);
        }
      }
      const stated = [...told.kinds.values(), ...told.named.map(({ policy }) => policy)];
      t.same([...met].toSorted(), [...new Set(stated)].toSorted(), 'no row is of nothing');
      await holdsNewcomers(t, scene);
    },
  );

  t.test(`${name}: each header of the limits table is in the gate's answers`, async (t) => {
    const scene = await openScene(t, name);
    if (!scene.page.ids.includes('rate-limit-headers')) return;
    const key = await obtain(scene, 'api_key', scene.organizationId);
    const [row] = readLimits(scene.page).routes;
    const { headers } = await scene.desk.decide(
      ...[row!.method, scene.pathOf(row!.path), scene.withKey(key)],
    );
    const named = scene.page.rows('rate-limit-headers').map(([header = '']) => header);
    const always = named.filter((header) => header !== 'Retry-After');
    t.ok(always.length >= 5);
    for (const header of always) t.ok(headers[header.toLowerCase()], header);
    t.equal(headers['retry-after'], undefined, 'only with a refusal');
  });

  t.test(
    `${name}: an endpoint gets as many deliveries as the page says, then has to wait`,
    async (t) => {
      const scene = await openScene(t, name, undefined, { ALLOW_PRIVATE_TARGETS: '1' });
      const { page, desk } = scene;
      t.equal(page.ids.includes('webhooks'), desk.gatehouse.platform.webhooks.enabled);
      if (!page.ids.includes('webhooks')) return;
      const [, figure = ''] =
        /One endpoint gets at most (.+?)\./.exec(page.section('webhooks')) ?? [];
      if (page.ids.includes('rate-limiting')) {
        const row = rowsIn(page, 'rate-limits').find(([of]) => of === 'Webhook');
        t.equal(row?.[1], `${figure}, to one endpoint`, 'the table says what the section says');
      }
      await holdsDeliveries(t, scene, figure);
    },
  );
}

/** A playground key is refused where its kind may not call, and where its plan lacks the module. */
const REFUSED_STRANGER = /^(?:insufficient_permission|not_entitled)$/;

const rowsIn = (page: ReadPage, id: string) => (page.ids.includes(id) ? page.rows(id) : []);

interface Row {
  method: string;
  path: string;
  module: string | undefined;
  limits: string[];
}

interface NamedLimit {
  plan: string | undefined;
  name: string;
  policy: string;
  /** Undefined: all. */
  counts: CredentialKind[] | undefined;
}

type Told = ReturnType<typeof readLimits>;

/** The page's tables of routes, plans and limits. */
function readLimits(page: ReadPage) {
  const id = 'what-each-request-needs';
  const columns = page.columns(id);
  const [, shared = ''] =
    /Every request counts on (.+?), as far as they apply/.exec(page.section(id)) ?? [];
  const everywhere = shared.split(/,? and |, /).filter(Boolean);
  const cell = (row: string[], column: string) => {
    const text = row[columns.indexOf(column)] ?? '–';
    return text === '–' ? undefined : text;
  };
  const routes = page.rows(id).map(
    (row): Row => ({
      ...{ method: row[0]!.split(' ')[0]!, path: row[1]!, module: cell(row, 'Module') },
      limits: [...everywhere, ...(cell(row, 'Counts on')?.split(' ') ?? [])],
    }),
  );
  const kinds = rowsIn(page, 'rate-limits')
    .filter(([of]) => of !== 'Webhook')
    .map(([of = '', figure = '']) => [kindsIn(of)[0]!, policyOf('requests', figure)] as const);
  const named = rowsIn(page, 'named-limits').map((row): NamedLimit => {
    const [first = '', second = '', figure = ''] = row;
    const isOfPlan = row.length === 3;
    const [, only] = /Counts for: (.+)\./.exec(second) ?? [];
    const name = isOfPlan ? second : first;
    const plan = isOfPlan ? first : undefined;
    const counts = only === undefined ? undefined : kindsIn(only);
    return { plan, name, policy: policyOf(name, figure), counts };
  });
  const open = page.ids.includes('playground-keys')
    ? page.section('playground-keys').split('What a playground key may call:')[1]!
    : '';
  return {
    ...{ routes, named, kinds: new Map(kinds) },
    plans: new Map(rowsIn(page, 'plans').map(([plan = '', modules = '']) => [plan, modules])),
    /** `GET /path` of each request that playground keys may make. */
    open: Array.from(open.matchAll(/\b[A-Z]+ \/\S+/g), ([request]) => request),
  };
}

const WINDOWS: Record<string, string> = {
  ...{ 'per minute': ';w=60', 'per hour': ';w=3600', 'per day': ';w=86400' },
  ...{ 'per 30 days': ';w=2592000', 'for life': '' },
};

/** `1000 requests per hour`, as the RateLimit-Policy header has it. */
function policyOf(name: string, figure: string): string {
  const [, limit, window = ''] = /^(\d+) (?:requests )?(.+)$/.exec(figure) ?? [];
  if (!limit || !(window in WINDOWS)) throw new Error(`no figure: ${figure}`);
  return `"${name}";q=${limit}${WINDOWS[window]}`;
}

interface Caller {
  kind: CredentialKind;
  /** As the page calls it. */
  plan: string | undefined;
  organizationId: string;
  headers: Headers;
}

/** A caller of each kind on each plan; anonymous ones are on the plan that is theirs. */
async function callersOf(scene: Scene): Promise<Caller[]> {
  const { desk, page, withCredential } = scene;
  const { plans, playgroundKeys } = desk.gatehouse.platform;
  const titles = rowsIn(page, 'plans').map(([title = '']) => title);
  t.same(titles, page.ids.includes('plans') ? plans.map(({ title }) => title) : []);
  const callers: Caller[] = [];
  for (const plan of titles.length > 0 ? titles : [undefined]) {
    const named = plans.find(({ title }) => title === plan)?.name;
    for (const kind of kindsOf(scene).filter((one) => one !== 'playground_key')) {
      const organizationId = await desk.organization(named);
      const credential = await obtain(scene, kind, organizationId);
      const headers = withCredential(kind, credential, organizationId);
      callers.push({ kind, plan, organizationId, headers });
    }
  }
  if (!playgroundKeys.enabled) return callers;
  const key = await obtain(scene, 'playground_key', '');
  const headers = withCredential('playground_key', key);
  const { principal } = await desk.decide('GET', '/api/v1/playground/discoveries', headers);
  const plan = plans.find(({ name }) => name === principal?.plan)?.title;
  const organizationId = principal?.organization_id ?? '';
  return [...callers, { kind: 'playground_key', plan, organizationId, headers }];
}

/** Whether the page lets the caller make the request of the row. */
function isOpen(told: Told, { kind, plan }: Caller, { method, path, module }: Row): boolean {
  if (kind === 'playground_key' && !told.open.includes(`${method} ${path}`)) return false;
  const modules = plan === undefined ? undefined : told.plans.get(plan);
  if (module === undefined || modules === undefined) return true;
  return modules.toLowerCase().split(', ').includes(module);
}

/** What the page says the caller's request counts on. */
function policiesOf(told: Told, { kind, plan }: Caller, row: Row): string[] {
  const named = row.limits.flatMap((name) => {
    const general = told.named.find((one) => one.name === name && one.plan === undefined);
    if (!general) throw new Error(`${name} has no row`);
    if (general.counts && !general.counts.includes(kind)) return [];
    const own = told.named.find((one) => one.name === name && one.plan === plan);
    return [(own ?? general).policy];
  });
  const rate = told.kinds.get(kind);
  return rate === undefined ? named : [...named, rate];
}

/** New organizations are on the plan that the page names. */
async function holdsNewcomers(t: Test, scene: Scene): Promise<void> {
  const { desk, page, pathOf, withKey } = scene;
  if (!page.ids.includes('plans')) return;
  const [, plan] = /New organizations begin on (.+?)\./.exec(page.section('plans')) ?? [];
  const organizationId = await desk.organization();
  const key = await obtain(scene, 'api_key', organizationId);
  const [row] = readLimits(page).routes;
  const path = pathOf(row!.path, organizationId);
  const { principal } = await desk.decide(row!.method, path, withKey(key, organizationId));
  const declared = desk.gatehouse.platform.plans.find(({ name }) => name === principal?.plan);
  t.equal(declared?.title, plan, 'the plan of a new organization');
}

/** `100 deliveries per minute`, of one more than that. */
async function holdsDeliveries(t: Test, { clock, desk }: Scene, figure: string): Promise<void> {
  const [, limit, window = ''] = /^(\d+) deliveries (per \w+)$/.exec(figure) ?? [];
  const most = Number(limit);
  const { worker } = desk.gatehouse.webhooks;
  const [event, other] = desk.gatehouse.platform.webhooks.events.map(({ name }) => name);
  const organization_id = await desk.organization();
  const receiver = await startReceiver(t);
  for (const [path, events] of [
    ['limited', [event]],
    ['other', [other]],
  ] as const) {
    const url = `${receiver.url}/${path}`;
    const made = await desk.call('POST', '/manage/v1/webhooks', { organization_id, url, events });
    t.equal(made.status, 201);
  }
  const publish = (type: string) =>
    desk.call('POST', '/manage/v1/events', { organization_id, type, data: {} });
  for (let n = 0; n <= most; n += 1) t.match(await publish(event!), { status: /^20[012]$/ });
  const heard = (path: string) =>
    receiver.received.filter(({ path: to }) => to.endsWith(path)).length;
  worker.start();
  t.teardown(() => worker.stop(AbortSignal.timeout(5000)));
  await until(() => heard('limited') === most, 'as many as the page says');
  await publish(other!);
  await until(() => heard('other') === 1, 'another endpoint, which waits for nobody');
  t.equal(heard('limited'), most, 'and not one more');
  clock.advance(Number(WINDOWS[window]!.slice(3)) + 1);
  await until(() => heard('limited') === most + 1, 'the rest when the window is over');
}
