import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Database } from '../../database/database.ts';
import type { Notifications } from '../../database/notifications.ts';
import type { Clock } from '../../lib/clock.ts';
import type { MasterKey } from '../../lib/master-key.ts';
import type { Revocations } from '../revocations.store.ts';
import type { PresentedTokens } from '../tokens/presented-tokens.ts';
import { askDatabase } from '../unavailable.ts';
import { createAccessTokenAdapter } from './access-tokens.ts';
import { createArtifactAdapter } from './artifacts.store.ts';
import { createCodeAdapter } from './authorization-codes.store.ts';
import { createGrantAdapter } from './grants.store.ts';
import { createRefreshTokenAdapter } from './refresh-tokens.store.ts';
import { createReplayAdapter } from './replay.store.ts';
import { createSessionAdapter } from './sessions.store.ts';

export interface AdapterDependencies {
  readonly database: Database;
  /** What ends a token waits until this process knows of it: the next request may be here already. */
  readonly notifications: Pick<Notifications, 'caughtUp'>;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly revocations: Revocations;
  readonly presentedTokens: PresentedTokens;
  /** A browser has come with the session of that uid. */
  readonly sessionSeen: (uid: string) => void;
}

/** The verbs of oidc-provider's adapter that a model really uses; the others are refused. */
export interface ModelAdapter {
  /** @param expiresIn seconds */
  upsert?(id: string, payload: AdapterPayload, expiresIn: number): Promise<void>;
  find?(id: string): Promise<AdapterPayload | undefined>;
  findByUid?(uid: string): Promise<AdapterPayload | undefined>;
  findByUserCode?(userCode: string): Promise<AdapterPayload | undefined>;
  destroy?(id: string): Promise<void>;
  consume?(id: string): Promise<void>;
  revokeByGrantId?(grantId: string): Promise<void>;
}

/** One store per model of oidc-provider. */
export function createAdapterFactory(deps: AdapterDependencies): AdapterFactory {
  return (model) => guard(model, storeFor(model, deps));
}

function storeFor(model: string, deps: AdapterDependencies): ModelAdapter {
  switch (model) {
    case 'Client':
      // Clients come from the directory; see provider-models.ts.
      return {};
    case 'Grant':
      return createGrantAdapter(deps);
    case 'Session':
      return createSessionAdapter(deps);
    case 'RefreshToken':
      return createRefreshTokenAdapter(deps);
    case 'AuthorizationCode':
      return createCodeAdapter(deps);
    case 'ReplayDetection':
      return createReplayAdapter(deps);
    case 'AccessToken':
    case 'ClientCredentials':
      return createAccessTokenAdapter(model, deps);
    default:
      return createArtifactAdapter(model, deps);
  }
}

/** A database that cannot be reached becomes 503; a verb a model must never need is a broken invariant. */
function guard(model: string, store: ModelAdapter): Adapter {
  const verb =
    <Arguments extends unknown[], Result>(
      name: string,
      run: ((...args: Arguments) => Promise<Result>) | undefined,
    ) =>
    async (...args: Arguments): Promise<Result> => {
      if (!run) throw new Error(`${model} has no ${name}`);
      return askDatabase(() => run(...args)).catch((error: unknown) => {
        throw toProtocolError(error);
      });
    };
  return {
    upsert: verb('upsert', store.upsert),
    find: verb('find', store.find),
    findByUid: verb('findByUid', store.findByUid),
    findByUserCode: verb('findByUserCode', store.findByUserCode),
    destroy: verb('destroy', store.destroy),
    consume: verb('consume', store.consume),
    revokeByGrantId: verb('revokeByGrantId', store.revokeByGrantId ?? endedWithTheGrant),
  };
}

/** What Postgres says of a NUL in a text, and in JSON. */
const NUL_CODES = ['22021', '22P05'];

/** A NUL can only be the caller's: no parameter has one in its grammar (RFC 6749 Appendix A). */
function toProtocolError(error: unknown): unknown {
  const { code } = error as { code?: string };
  return NUL_CODES.includes(code ?? '')
    ? new errors.InvalidRequest('a parameter has a NUL character in it')
    : error;
}

/**
 * A grant is ended in one place, the grants table: whatever belongs to it is refused from then on, so
 * there is nothing left to do for each model.
 */
async function endedWithTheGrant(): Promise<undefined> {
  return undefined;
}

/** Date → NumericDate, as oidc-provider's payloads have it. */
export const toSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

export const inSeconds = (clock: Clock, seconds: number) =>
  new Date(clock.now().getTime() + seconds * 1000);

export type { AdapterPayload };
