import { readdirSync } from 'node:fs';
import t from 'tap';
import { loadPlatform } from '../../src/platform/load.ts';
import { readSetup } from '../../src/playground/setup.ts';

const PLATFORMS = readdirSync(new URL('../../platforms/', import.meta.url))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''));

for (const name of PLATFORMS) {
  t.test(
    `${name}: what is tried first is something that a new organization may read`,
    async (t) => {
      const platform = await loadPlatform(name);
      const plan = platform.plans.find((one) => one.name === platform.defaultPlan)!;
      const { call } = readSetup({}, platform, 'oauth');
      t.equal(call!.method, 'GET');
      t.ok(!call!.route.module || plan.modules.includes(call!.route.module), call!.route.path);
    },
  );
}

t.test('where new organizations may read nothing, it is still something to read', async (t) => {
  const platform = await loadPlatform('example');
  const plans = platform.plans.map((plan) => ({ ...plan, modules: [] }));
  t.equal(readSetup({}, { ...platform, plans }, 'oauth').call?.method, 'GET');
});
