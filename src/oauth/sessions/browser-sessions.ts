import type { FastifyReply, FastifyRequest } from 'fastify';
import type Provider from 'oidc-provider';
import type { Platform } from '../../platform/platform.ts';
import { cookieNames } from '../provider.ts';
import type { ProviderHost } from '../provider-host.ts';

/** Who is signed in in this browser. */
export interface BrowserSession {
  /** Names the session without being its secret: the cookie's value changes, this stays. */
  readonly uid: string;
  readonly userId: string;
  /** Seconds since the epoch. */
  readonly signedInAt: number;
}

/** The one session of a browser: the protocol's, also read and written by our own pages. */
export interface BrowserSessions {
  current(request: FastifyRequest): Promise<BrowserSession | undefined>;
  /**
   * Signs in under a new identifier (session fixation). Somebody else's session ends; the same user's
   * goes on, so that what they left open in another tab does too.
   */
  begin(
    request: FastifyRequest,
    reply: FastifyReply,
    user: { userId: string; remember: boolean },
  ): Promise<BrowserSession>;
  end(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** oidc-provider's Session, with what its types leave out. */
type Session = InstanceType<Provider['Session']> & { readonly id: string };

export function createBrowserSessions(options: {
  host: ProviderHost;
  issuer: string;
  platform: Platform;
}): BrowserSessions {
  const { host, issuer, platform } = options;
  const name = cookieNames(issuer).session;
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
  const newSession = () =>
    new (host.current.Session as unknown as new (payload: object) => Session)({});

  return {
    async current(request) {
      const session = await find(request);
      if (!session?.accountId) return undefined;
      return toBrowserSession(session, session.accountId);
    },

    async begin(request, reply, { userId, remember }) {
      const known = await find(request);
      const session = known?.accountId === userId ? known : newSession();
      if (session === known) session.resetIdentifier();
      else await known?.destroy();
      session.transient = undefined;
      session.loginAccount({ accountId: userId, amr: ['pwd'], transient: !remember });
      await session.save(platform.tokens.sessionTtlSeconds);
      reply.setCookie(name, session.id, {
        ...attributes,
        ...(remember ? { maxAge: platform.tokens.sessionTtlSeconds } : {}),
      });
      return toBrowserSession(session, userId);
    },

    async end(request, reply) {
      await (await find(request))?.destroy();
      reply.clearCookie(name, attributes);
    },
  };
}

const toBrowserSession = (session: Session, userId: string): BrowserSession => ({
  uid: session.uid,
  userId,
  signedInAt: session.loginTs ?? 0,
});
