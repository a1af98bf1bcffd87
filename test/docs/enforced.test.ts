import t from 'tap';
import { openScene, PLATFORMS } from './scene.ts';

// What the page tabulates, the gate enforces.

for (const [name, plan] of Object.entries(PLATFORMS)) {
  t.test(
    `${name}: a key with exactly the scope a row names passes, one with all others is refused`,
    async (t) => {
      const scene = await openScene(t, name, plan);
      const { desk, page, organizationId, withKey, pathOf } = scene;
      const { scopes } = desk.gatehouse.platform;
      const keys = new Map<string, { alone: string; without: string }>();
      for (const { name } of scopes) {
        const without = scopes.filter((one) => one.name !== name && !one.implies.includes(name));
        const [alone, rest] = await Promise.all([
          desk.key(organizationId, { scopes: [name] }),
          desk.key(organizationId, { scopes: without.map((one) => one.name) }),
        ]);
        keys.set(name, { alone: alone.key, without: rest.key });
      }
      const rows = page.rows('what-each-request-needs');
      t.equal(rows.length, desk.gatehouse.platform.routes.length, 'every route is there');
      for (const [methods = '', path = '', scope = ''] of rows) {
        if (scope === 'Any credential') continue;
        const { alone, without } = keys.get(scope)!;
        for (const method of methods.split(' ')) {
          const passed = await desk.decide(method, pathOf(path), withKey(alone));
          t.equal(passed.allowed, true, `${method} ${path} with ${scope} alone`);
          const refused = await desk.decide(method, pathOf(path), withKey(without));
          t.equal(refused.reason, 'insufficient_permission', `${method} ${path} without ${scope}`);
        }
      }
    },
  );
}
