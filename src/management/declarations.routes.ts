import { type Static, Type } from 'typebox';
import { resourcesOf } from '../oauth/scopes.ts';
import type { Plan as DeclaredPlan, PermissionSet as DeclaredSet } from '../platform/platform.ts';
import type { ManagementDependencies } from './management.routes.ts';
import * as s from './schemas.ts';

const Scope = s.closed(
  {
    name: Type.String({ description: 'As in the `scope` of a token.' }),
    title: Type.String({ description: 'A few words an end user understands.' }),
    description: Type.String({ description: 'One sentence for the consent page.' }),
    access: s.choice(['read', 'write', 'admin'], { description: 'From harmless to grave.' }),
    implies: Type.Array(Type.String(), { description: 'Every scope that it includes.' }),
    manages: Type.Array(Type.String(), {
      description: 'What of their own organization its holders read and change in this API.',
    }),
    resources: Type.Array(Type.String(), {
      description: 'The audiences of the tokens that may hold it.',
    }),
  },
  { $id: 'Scope', description: 'Something a credential may do.' },
);

const PermissionSet = s.closed(
  {
    name: Type.String(),
    title: Type.String(),
    description: Type.String(),
    scopes: Type.Array(Type.String()),
  },
  { $id: 'PermissionSet', description: 'A named bundle of scopes.' },
);

const PlanLimit = s.closed({
  limit: Type.Integer({ description: 'How many are admitted in a window.' }),
  window_seconds: s.nullable(Type.Integer(), { description: 'Null: for life.' }),
});

const Plan = s.closed(
  {
    name: Type.String(),
    title: Type.String(),
    is_default: Type.Boolean({ description: 'Whether new organizations are on it.' }),
    modules: Type.Array(Type.String(), { description: 'The parts of the API it includes.' }),
    limits: Type.Unsafe<Record<string, Static<typeof PlanLimit>>>({
      type: 'object',
      additionalProperties: PlanLimit,
      description: 'By the name of a limit: what stands in the place of its default.',
    }),
  },
  { $id: 'Plan', description: 'What an organization may use, and how much of it.' },
);

const config = { access: 'declarations:read' } as const;
const tags = ['Declarations'];
const description = 'What the platform file declares, in its order and on one page.';

/** What the platform file declares; it changes with the file only. */
export function declarationRoutes(api: s.ManagementApi, deps: ManagementDependencies): void {
  const { platform } = deps;
  for (const schema of [Scope, PermissionSet, Plan]) api.addSchema(schema);

  api.get('/scopes', {
    config,
    schema: {
      ...{ tags, operationId: 'listScopes', summary: 'List scopes', description },
      response: { 200: s.pageOf(Scope, 'Every scope.') },
    },
    handler: async () => {
      const resources = resourcesOf(platform);
      return s.toPage(s.whole(platform.scopes), (scope) => ({
        ...scope,
        implies: [...scope.implies],
        manages: [...scope.manages],
        resources: resources
          .filter((resource) => resource.scopes.includes(scope.name))
          .map((resource) => resource.identifier),
      }));
    },
  });

  api.get('/permission-sets', {
    config,
    schema: {
      ...{ tags, operationId: 'listPermissionSets', summary: 'List permission sets', description },
      response: { 200: s.pageOf(PermissionSet, 'Every permission set.') },
    },
    handler: async () => s.toPage(s.whole(platform.permissionSets), toPermissionSet),
  });

  api.get('/plans', {
    config,
    schema: {
      ...{ tags, operationId: 'listPlans', summary: 'List plans', description },
      response: { 200: s.pageOf(Plan, 'Every plan.') },
    },
    handler: async () =>
      s.toPage(s.whole(platform.plans), (plan) => toPlan(plan, platform.defaultPlan)),
  });
}

const toPermissionSet = (set: DeclaredSet): Static<typeof PermissionSet> => ({
  name: set.name,
  title: set.title,
  description: set.description,
  scopes: [...set.scopes],
});

function toPlan(plan: DeclaredPlan, defaultPlan: string): Static<typeof Plan> {
  const limits = Object.entries(plan.limits).map(([name, { limit, windowSeconds }]) => [
    name,
    { limit, window_seconds: windowSeconds },
  ]);
  return {
    name: plan.name,
    title: plan.title,
    is_default: plan.name === defaultPlan,
    modules: [...plan.modules],
    limits: Object.fromEntries(limits),
  };
}
