import type { AuditContext } from '../../audit/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { Use } from '../admission.ts';
import type { User } from '../identity.ts';
import { holdSecondFactor } from '../second-factor/second-factor.store.ts';
import { createChallenges } from './challenges.ts';
import { MOST_PASSKEYS, type Passkey, passkeyNameProblem } from './passkey.ts';
import {
  deletePasskey,
  findPasskey,
  insertPasskey,
  listPasskeys,
  renamePasskey,
  usingPasskey,
} from './passkeys.store.ts';
import { createRelyingParty, type PasskeyOptions, readAnswer } from './relying-party.ts';

export interface PasskeyDependencies {
  database: Database;
  clock: Clock;
  hashSecret: (secret: string) => Buffer;
  issuer: string;
  /** What browsers call this place. */
  platformName: string;
}

/** What an answer is accepted for: one sign-in that is under way, or one that begins with it. */
export type Occasion = { kind: 'sign_in' } | { kind: 'second_step'; pendingSecret: string };

/** Whose passkey it was that answered, not written down yet. */
export interface Assertion {
  readonly passkey: Passkey;
  /** What a sign-in by it uses up, in this order: of any number of callers with one answer, one is let in. */
  readonly uses: readonly Use[];
}

export type RegisterOutcome =
  | { outcome: 'registered' }
  | { outcome: 'invalid_name'; problem: 'required' | 'invalid' | 'too_long' }
  /** The answer proves nothing, is too late, was given before, or is about somebody's passkey. */
  | { outcome: 'rejected' }
  | { outcome: 'too_many' };

export type PasskeyService = ReturnType<typeof createPasskeys>;

/** Passkeys: made, named and removed by their user; asked for when somebody signs in. */
export function createPasskeys(deps: PasskeyDependencies) {
  const { database } = deps;
  const relyingParty = createRelyingParty({ issuer: deps.issuer, name: deps.platformName });
  const challenges = createChallenges(deps);

  return {
    /** Whether browsers know passkeys for this issuer's address. */
    isPossible: relyingParty.isPossible,
    list: (userId: string) => listPasskeys(database.pool, userId),
    ...ownPasskeys(deps, relyingParty, challenges),

    /** @param allowed whose passkeys; undefined: whichever the browser has */
    async question(occasion: Occasion, allowed?: string): Promise<PasskeyOptions> {
      const passkeys = allowed === undefined ? [] : await listPasskeys(database.pool, allowed);
      return relyingParty.requestOptions(passkeys, challenges.make(purposeOf(occasion)));
    },

    /**
     * Checks an answer, and uses nothing up.
     *
     * @param text as the form brought it
     * @returns undefined for an answer that proves nothing, or not for this occasion
     */
    async check(text: unknown, occasion: Occasion): Promise<Assertion | undefined> {
      const answer = readAnswer(text);
      const passkey = answer && (await findPasskey(database.pool, answer.id));
      if (!passkey) return undefined;
      let challenge = '';
      const proof = await relyingParty.readAssertion(answer, passkey, (given) => {
        challenge = given;
        return challenges.isGood(given, purposeOf(occasion));
      });
      if (!proof) return undefined;
      return {
        passkey: { ...passkey, backedUp: proof.backedUp },
        uses: [usingPasskey(passkey, proof, deps.clock.now()), challenges.spending(challenge)],
      };
    },
  };
}

/** What a user does with their own. */
function ownPasskeys(
  { database, clock }: PasskeyDependencies,
  relyingParty: ReturnType<typeof createRelyingParty>,
  challenges: ReturnType<typeof createChallenges>,
) {
  return {
    /** @param sessionUid the browser session in which it is made, and no other */
    async newPasskeyOptions(user: User, sessionUid: string): Promise<PasskeyOptions> {
      const known = await listPasskeys(database.pool, user.id);
      const challenge = challenges.make(registration(user.id, sessionUid));
      return relyingParty.creationOptions(user, known, challenge);
    },

    async register(
      user: User,
      made: { sessionUid: string; name: string; answer: unknown },
      context: AuditContext,
    ): Promise<RegisterOutcome> {
      const name = made.name.trim();
      const problem = passkeyNameProblem(name);
      if (problem) return { outcome: 'invalid_name', problem };
      const answer = readAnswer(made.answer);
      if (!answer) return { outcome: 'rejected' };
      let challenge = '';
      const credential = await relyingParty.readCreation(answer, (given) => {
        challenge = given;
        return challenges.isGood(given, registration(user.id, made.sessionUid));
      });
      if (!credential) return { outcome: 'rejected' };
      return database.transaction(async (tx): Promise<RegisterOutcome> => {
        if (!(await holdSecondFactor(tx, user.id))) return { outcome: 'rejected' };
        if ((await listPasskeys(tx, user.id)).length >= MOST_PASSKEYS) {
          return { outcome: 'too_many' };
        }
        if (!(await challenges.spend(tx, challenge))) return { outcome: 'rejected' };
        const createdAt = clock.now();
        const own = { id: newId(createdAt), userId: user.id, name, createdAt, lastUsedAt: null };
        const added = await insertPasskey(tx, { ...credential, ...own }, context);
        return { outcome: added ? 'registered' : 'rejected' };
      });
    },

    async rename(
      passkey: Pick<Passkey, 'id' | 'userId' | 'name'>,
      context: AuditContext,
    ): Promise<'renamed' | 'not_found' | 'required' | 'invalid' | 'too_long'> {
      const name = passkey.name.trim();
      const problem = passkeyNameProblem(name);
      if (problem) return problem;
      const renamed = await database.transaction((tx) =>
        renamePasskey(tx, { ...passkey, name }, clock.now(), context),
      );
      return renamed ? 'renamed' : 'not_found';
    },

    /** The last one stays as long as signing in asks for one. */
    remove(
      passkey: Pick<Passkey, 'id' | 'userId'>,
      context: AuditContext,
    ): Promise<'removed' | 'not_found' | 'needed'> {
      return database.transaction(async (tx) => {
        const held = await holdSecondFactor(tx, passkey.userId);
        const known = await listPasskeys(tx, passkey.userId);
        if (!known.some(({ id }) => id === passkey.id)) return 'not_found';
        if (held?.secondFactor && known.length === 1) return 'needed';
        await deletePasskey(tx, passkey, clock.now(), context);
        return 'removed';
      });
    },
  };
}

const registration = (userId: string, sessionUid: string) => `register ${userId} ${sessionUid}`;

const purposeOf = (occasion: Occasion) =>
  occasion.kind === 'sign_in' ? 'sign-in' : `second-step ${occasion.pendingSecret}`;
