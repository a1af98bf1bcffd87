import { dialect, issuer, readableAccents } from './appearance.ts';
import type { Check } from './check.ts';
import {
  keyPrefixes,
  organizationHeader,
  playgroundKeys,
  presentableKinds,
  presentations,
} from './credentials.ts';
import { documentedNames } from './documentation.ts';
import { lifetimes, nestedLifetimes } from './lifetimes.ts';
import { durableCounts } from './limits.ts';
import {
  duplicateRoutes,
  ownEndpoints,
  plans,
  routeParameters,
  routeReferences,
} from './routes.ts';
import {
  atLeastOneScope,
  bundlesOfScopes,
  distinctResources,
  impliedScopes,
  reservedScopes,
} from './scopes.ts';
import { translatedLanguages, translatedNames, translatedTiers } from './translations.ts';

/** Every rule beyond the schema. Each looks at the file alone, so their order does not matter. */
export const CHECKS: readonly Check[] = [
  readableAccents,
  issuer,
  distinctResources,
  atLeastOneScope,
  reservedScopes,
  impliedScopes,
  bundlesOfScopes,
  keyPrefixes,
  presentations,
  presentableKinds,
  organizationHeader,
  plans,
  durableCounts,
  routeReferences,
  routeParameters,
  duplicateRoutes,
  ownEndpoints,
  playgroundKeys,
  lifetimes,
  nestedLifetimes,
  dialect,
  documentedNames,
  translatedLanguages,
  translatedNames,
  translatedTiers,
];
