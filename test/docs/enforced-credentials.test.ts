import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { kindsIn, kindsOf, obtain, openScene, PLATFORMS, type Scene } from './scene.ts';

// What the page says of keys, their permissions and the headers of a request, the gate holds to.

for (const name of Object.keys(PLATFORMS)) {
  t.test(
    `${name}: a key with a permission set holds the scopes the page lists under it, and passes with no others`,
    async (t) => {
      const scene = await openScene(t, name, PLATFORMS[name]);
      const { desk, page, organizationId } = scene;
      const { permissionSets } = desk.gatehouse.platform;
      const told = permissionSetsOf(scene);
      t.same(
        told.map(({ title }) => title),
        permissionSets.map(({ title }) => title),
      );
      for (const { title, scopes } of told) {
        const permission_set = permissionSets.find((set) => set.title === title)?.name;
        const { key } = await desk.key(organizationId, { permission_set });
        t.same(await passesWith(scene, key), scopesOfRoutes(scene, scopes), title);
      }
      const [, fallback] =
        /made without a choice gets (.+?)\./.exec(page.section('api-key-permissions')) ?? [];
      if (fallback === undefined) {
        const chosen = { organization_id: organizationId, name: 'Without a choice' };
        const made = await desk.call('POST', '/manage/v1/api-keys', chosen);
        return t.equal(made.status, 400, 'the page names none for a key without a choice');
      }
      const plain = await desk.key(organizationId);
      const scopes = told.find(({ title }) => title === fallback)?.scopes ?? [];
      t.ok(scopes.length > 0);
      t.same(await passesWith(scene, plain.key), scopesOfRoutes(scene, scopes), 'without a choice');
      return undefined;
    },
  );

  t.test(`${name}: keys begin as the page says, and a read-only one only reads`, async (t) => {
    const scene = await openScene(t, name, PLATFORMS[name]);
    const { desk, page, organizationId } = scene;
    const { keyEnvironments } = desk.gatehouse.platform;
    const rows = page.rows('key-prefixes');
    t.equal(rows.length, keyEnvironments.length);
    for (const [prefix = '', , access = ''] of rows) {
      const { name: environment, issues } = keyEnvironments.find((one) => one.prefix === prefix)!;
      const isPlayground = issues === 'playground_key';
      const scopes = desk.gatehouse.platform.scopes.map((scope) => scope.name);
      const key = isPlayground
        ? await obtain(scene, 'playground_key', organizationId)
        : (await desk.key(organizationId, { environment, scopes })).key;
      t.ok(key.startsWith(prefix), prefix);
      if (!/^read-only/i.test(access)) {
        t.same(await passesWith(scene, key), scopesOfRoutes(scene, scopes), access);
        continue;
      }
      for (const [methods = '', path = ''] of page.rows('what-each-request-needs')) {
        if (path.includes('/playground/')) continue;
        for (const method of methods.split(' ').filter((one) => one !== 'GET')) {
          const headers = scene.withCredential(isPlayground ? 'playground_key' : 'api_key', key);
          const { allowed } = await desk.decide(method, scene.pathOf(path), headers);
          t.equal(allowed, false, `${prefix} may not ${method} ${path}`);
        }
      }
    }
  });

  t.test(
    `${name}: a request with the headers of the table passes, without one it does not`,
    async (t) => {
      const scene = await openScene(t, name, PLATFORMS[name]);
      const { desk, page, organizationId } = scene;
      const rows = page.rows('request-headers').filter(([header]) => header !== 'Content-Type');
      const organization = rows.find(([, value]) => value?.startsWith('Your organization UUID'));
      const free = kindsIn(organization?.[1]?.split('not needed with:')[1] ?? '');
      const { method, path } = requestOf(scene);
      const tried = new Set<string>();
      for (const [header = '', value = ''] of rows.filter((row) => row !== organization)) {
        for (const kind of value.startsWith('Bearer') ? kindsIn(value) : ['api_key' as const]) {
          if (kind === 'playground_key') continue;
          const credential = await obtain(scene, kind, organizationId);
          const shown = value.startsWith('Bearer') ? `Bearer ${credential}` : credential;
          const own = { [header.toLowerCase()]: shown };
          const needed =
            organization && !free.includes(kind)
              ? { [organization[0]!.toLowerCase()]: organizationId }
              : {};
          const passed = await desk.decide(method, path, { ...own, ...needed });
          t.equal(passed.allowed, true, `${kind} in ${header}`);
          const bare = await desk.decide(method, path, needed);
          t.equal(bare.reason, 'missing_credential', `nothing in ${header}`);
          if (organization && !free.includes(kind)) {
            const without = await desk.decide(method, path, own);
            t.equal(without.reason, 'organization_required', `${kind} without ${organization[0]}`);
          }
          tried.add(kind);
        }
      }
      const kinds = kindsOf(scene).filter((kind) => kind !== 'playground_key');
      t.same([...tried].toSorted(), kinds.toSorted(), 'every kind has its header');
    },
  );
}

t.test('every request must have a key, says a page, only where nothing else passes', async (t) => {
  const sentence =
    /All API requests must include an API key in one of the following \w+ ways([^.]*)\./;
  const klen = await loadPlatform('klen');
  const presentations = klen.presentations.map((one) => ({
    ...{ ...one, credentials: ['api_key' as const] },
  }));
  const platforms = [...Object.keys(PLATFORMS), { ...klen, presentations }];
  const said: string[] = [];
  for (const platform of platforms) {
    const isAsDeclared = typeof platform === 'string';
    const plan = isAsDeclared ? PLATFORMS[platform] : undefined;
    const scene = await openScene(t, platform, plan);
    const [, exception] = sentence.exec(scene.page.section('api-keys')) ?? [];
    if (exception === undefined) continue;
    const passing = await kindsThatPass(scene);
    const kinds = isAsDeclared ? ['api_key', 'access_token'] : ['api_key'];
    t.same(passing, kinds, scene.page.section('api-keys'));
    said.push(exception);
  }
  const unless = ', unless they carry another of the credentials on this page';
  t.same(said, [unless, unless, ''], 'Klen, the example, and Klen with keys alone');
});

/** The kinds of credential of which one that has every scope passes, of keys and tokens. */
async function kindsThatPass(scene: Scene): Promise<string[]> {
  const { desk, organizationId, withCredential } = scene;
  const { method, path } = requestOf(scene);
  const passing: string[] = [];
  for (const kind of ['api_key', 'access_token'] as const) {
    const credential = await obtain(scene, kind, organizationId);
    const decision = await desk.decide(method, path, withCredential(kind, credential));
    if (decision.allowed) passing.push(kind);
  }
  return passing;
}

/** The sets of the page with the scopes beneath their names. */
function permissionSetsOf({ page }: Scene): { title: string; scopes: string[] }[] {
  const start = page.html.indexOf('<h3 id="api-key-permissions"');
  const html = page.html.slice(start, page.html.indexOf('<h3 id=', start + 1));
  const sets = html.matchAll(
    /<p><strong>([^<]+)<\/strong><\/p>\s*<ul[\s\S]*?<\/ul>\s*<p>([\s\S]*?)<\/p>/g,
  );
  return Array.from(sets, ([, title = '', list = '']) => ({
    title,
    scopes: Array.from(list.matchAll(/<code[^>]*>([^<]+)<\/code>/g), ([, scope = '']) => scope),
  }));
}

/** A harmless request of the page's table. */
function requestOf({ page, pathOf }: Scene) {
  const row = page
    .rows('what-each-request-needs')
    .find(([methods, path]) => methods?.includes('GET') && !path?.includes('/playground/'))!;
  return { method: 'GET', path: pathOf(row[1]!) };
}

/** The scopes of the routes that the key passes, each by the first method of a row. */
async function passesWith(scene: Scene, key: string): Promise<string[]> {
  const { desk, page, pathOf, withKey } = scene;
  const passed = new Set<string>();
  for (const [methods = '', path = '', scope = ''] of page.rows('what-each-request-needs')) {
    const [method = ''] = methods.split(' ');
    const { allowed } = await desk.decide(method, pathOf(path), withKey(key));
    if (allowed) passed.add(scope);
  }
  return [...passed].toSorted();
}

/** Of these scopes those that some route asks for. */
function scopesOfRoutes({ page }: Scene, scopes: readonly string[]): string[] {
  const asked = page.rows('what-each-request-needs').map(([, , scope = '']) => scope);
  return [...new Set(asked.filter((scope) => scopes.includes(scope)))].toSorted();
}
