import { denied, passed, type Stage } from './context.ts';

/**
 * Stage 3: is what they ask for theirs? The organization in the path must be the credential's: a caller
 * who guesses another one's id learns nothing, not even whether it exists.
 */
export const checkOwnership: Stage = (context) => {
  const { route, parameters } = context.route;
  if (route.organizationParam === undefined) return passed(context);
  const named = parameters[route.organizationParam];
  return named === context.organizationId ? passed(context) : denied('organization_mismatch');
};
