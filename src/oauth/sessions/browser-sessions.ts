import type { FastifyReply, FastifyRequest } from 'fastify';
import type Provider from 'oidc-provider';
import type { Admission } from '../../identity/admission.ts';
import type { Platform } from '../../platform/platform.ts';
import { cookieNames } from '../provider.ts';
import type { ProviderHost } from '../provider-host.ts';
import { type SessionBeginning, withSessionsAtHand } from './sessions-at-hand.ts';
import { signingOut } from './sign-out.ts';

/** Who is signed in in this browser. */
export interface BrowserSession {
  /** Names the session without being its secret: the cookie's value changes, this stays. */
  readonly uid: string;
  readonly userId: string;
  /** Seconds since the epoch. */
  readonly signedInAt: number;
  /** How they have proven who they are (RFC 8176 §2). */
  readonly amr: readonly string[];
  /** It outlives the browser's window. */
  readonly remembered: boolean;
}

/** The one session of a browser: the protocol's, also read and written by our own pages. */
export interface BrowserSessions {
  current(request: FastifyRequest): Promise<BrowserSession | undefined>;
  /**
   * Signs in under a new identifier (session fixation). Somebody else's session ends; the same user's
   * goes on, so that what they left open in another tab does too.
   *
   * @param user `amr` says how they have proven who they are; by default with a password
   * @param admission of the sign-in, stored with the session
   * @returns undefined when the admission stands no more, and nothing began
   */
  begin(
    request: FastifyRequest,
    reply: FastifyReply,
    user: { userId: string; remember: boolean; amr?: readonly string[] | undefined },
    admission?: Admission,
  ): Promise<BrowserSession | undefined>;
  /** Signs out. The audit log says so if there was a session of somebody, and once. */
  end(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** oidc-provider's Session, with what its types leave out. */
type Session = InstanceType<Provider['Session']> & {
  readonly id: string;
  readonly transient?: boolean;
};

export function createBrowserSessions(options: {
  host: ProviderHost;
  issuer: string;
  platform: Platform;
}): BrowserSessions {
  const { host, issuer, platform } = options;
  const name = cookieNames(issuer).session;
  const ttlSeconds = platform.tokens.sessionTtlSeconds;
  const attributes = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: issuer.startsWith('https:'),
  } as const;

  async function find(request: FastifyRequest): Promise<Session | undefined> {
    const id = request.cookies[name];
    return id ? ((await host.current.Session.find(id)) as Session | undefined) : undefined;
  }
  /** Under an identifier of its own; what it goes on from keeps its uid, and with it its row. */
  const newSession = ({ uid, authorizations }: Partial<Session> = {}) =>
    new (host.current.Session as unknown as new (payload: object) => Session)({
      ...(uid ? { uid, authorizations } : {}),
    });

  return {
    async current(request) {
      const session = await find(request);
      if (!session?.accountId) return undefined;
      return toBrowserSession(session, session.accountId);
    },

    begin: (request, reply, { userId, remember, amr = ['pwd'] }, admission) =>
      withSessionsAtHand({ ...originOf(request), admission }, async (atHand, beginning) => {
        const known = await find(request);
        const isTheirs = known?.accountId === userId;
        const save = async (session: Session) => {
          session.loginAccount({ accountId: userId, amr: [...amr], transient: !remember });
          await session.save(ttlSeconds);
          return session;
        };
        let session = await save(newSession(isTheirs ? known : undefined));
        if (beginning.isAdmitted === false) return undefined;
        // Ended meanwhile, or resumed in another tab: the password was right, and begins a new one.
        if (isTheirs && atHand.get(session.uid) === null) session = await save(newSession());
        if (!isTheirs) await known?.destroy();
        reply.setCookie(name, session.id, {
          ...attributes,
          ...(remember ? { maxAge: ttlSeconds } : {}),
        });
        return toBrowserSession(session, userId);
      }),

    async end(request, reply) {
      const session = await find(request);
      const userId = session?.accountId;
      if (userId) {
        const { ip: address, id: requestId } = request;
        await signingOut({ userId, address, requestId }, () => session.destroy());
      } else {
        await session?.destroy();
      }
      reply.clearCookie(name, attributes);
    },
  };
}

const toBrowserSession = (session: Session, userId: string): BrowserSession => ({
  uid: session.uid,
  userId,
  signedInAt: session.loginTs ?? 0,
  amr: session.amr ?? [],
  remembered: !session.transient,
});

/** A header that Postgres can store: no NUL gets past the parser, a lone surrogate is no header. */
const originOf = ({ ip: address, headers }: FastifyRequest): SessionBeginning => ({
  address,
  userAgent: headers['user-agent'],
});
