import type { FastifyReply, FastifyRequest } from 'fastify';
import type Provider from 'oidc-provider';
import type { Platform } from '../../platform/platform.ts';
import { cookieNames } from '../provider.ts';
import type { ProviderHost } from '../provider-host.ts';

/** Who is signed in in this browser. */
export interface BrowserSession {
  readonly userId: string;
  /** Seconds since the epoch. */
  readonly signedInAt: number;
}

/** The one session of a browser: the protocol's, also read and written by our own pages. */
export interface BrowserSessions {
  current(request: FastifyRequest): Promise<BrowserSession | undefined>;
  /** Signs in under a new identifier; what was known before is dropped (session fixation). */
  begin(
    request: FastifyRequest,
    reply: FastifyReply,
    user: { userId: string; remember: boolean },
  ): Promise<void>;
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

  return {
    async current(request) {
      const session = await find(request);
      if (!session?.accountId) return undefined;
      return { userId: session.accountId, signedInAt: session.loginTs ?? 0 };
    },

    async begin(request, reply, { userId, remember }) {
      await (await find(request))?.destroy();
      const session = new (host.current.Session as unknown as new (payload: object) => Session)({});
      session.loginAccount({ accountId: userId, amr: ['pwd'], transient: !remember });
      await session.save(platform.tokens.sessionTtlSeconds);
      reply.setCookie(name, session.id, {
        ...attributes,
        ...(remember ? { maxAge: platform.tokens.sessionTtlSeconds } : {}),
      });
    },

    async end(request, reply) {
      await (await find(request))?.destroy();
      reply.clearCookie(name, attributes);
    },
  };
}
