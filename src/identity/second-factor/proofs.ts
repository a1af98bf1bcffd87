import type { PasskeyDependencies } from '../passkeys/passkeys.service.ts';
import { createPasskeys } from '../passkeys/passkeys.service.ts';
import type { SignInThrottle } from '../sign-in-throttle.ts';
import type { UserStore } from '../users.store.ts';
import { createSecondFactor } from './second-factor.service.ts';
import { createSecondStep } from './second-step.ts';

/** Everything beside the password by which people prove who they are. */
export function createProofs(
  deps: PasskeyDependencies & { users: UserStore; throttle: SignInThrottle },
) {
  const passkeys = createPasskeys(deps);
  const secondFactor = createSecondFactor(deps);
  const secondStep = createSecondStep({ ...deps, passkeys, secondFactor });
  return { passkeys, secondFactor, secondStep };
}

export type Proofs = ReturnType<typeof createProofs>;
