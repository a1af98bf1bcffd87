import { denied, type GateContext, passed, type Stage, type StageResult } from './context.ts';

/**
 * Stage 4: may they? The credential must hold the route's scope, and the organization's plan include the
 * route's module. Playground keys hold no scopes: for them the route itself says yes or no.
 */
export const checkEntitlement: Stage = (context) => {
  const refusal = checkScope(context);
  if (refusal) return refusal;
  const { module } = context.route.route;
  if (module !== undefined && !context.plan!.modules.includes(module)) {
    return denied('not_entitled', { requiredModule: module });
  }
  return passed(context);
};

function checkScope({ route: { route }, principal }: GateContext): StageResult | undefined {
  const { kind, scopes } = principal!;
  if (kind === 'playground_key') {
    return route.playground
      ? undefined
      : denied('insufficient_permission', { credentialKind: kind });
  }
  const { scope } = route;
  if (scope === undefined || scopes.has(scope)) return undefined;
  const reason = kind === 'api_key' ? 'insufficient_permission' : 'insufficient_scope';
  return denied(reason, { credentialKind: kind, requiredScope: scope });
}
