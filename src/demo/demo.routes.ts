import type { FastifyInstance } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import { destinations } from '../pages/destinations.ts';
import type { Pages } from '../pages/render.ts';
import type { Platform } from '../platform/platform.ts';
import { type DemoAccess, demoAuthorizeUrl } from './demo.ts';

/** Where the demo app's round trip ends. */
export async function demoRoutes(
  door: FastifyInstance,
  deps: {
    pages: Pages;
    platform: Platform;
    issuer: string;
    access: () => DemoAccess | undefined;
  },
) {
  door.get('/demo/callback', async (request, reply) => {
    const access = deps.access();
    if (!access) return reply.callNotFound();
    const query = request.query as Record<string, unknown>;
    const text = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : '');
    const againUrl = demoAuthorizeUrl(access, deps.platform, deps.issuer);
    // Nobody answered, and nobody refused: somebody typed the address.
    if (!text('code') && !text('error')) return reply.redirect(againUrl, 303);
    const page = text('code')
      ? { outcome: 'code' as const, command: exchangeCommand(text('code'), access, deps.issuer) }
      : {
          outcome: 'refused' as const,
          error: text('error'),
          description: text('error_description'),
        };
    const onward = destinations('dashboard', 'playground', 'docs');
    const model = { ...page, againUrl, destinations: onward };
    return sendPage(reply, deps.pages.render('demo-callback', model));
  });
}

/** A code is base64url; anything else is not put into something a person will paste into a shell. */
function exchangeCommand(code: string, access: DemoAccess, issuer: string): string {
  const safe = /^[\w-]{1,200}$/.test(code) ? code : '';
  return [
    `curl ${issuer}/oauth/token`,
    '-d grant_type=authorization_code',
    `-d client_id=${access.appClientId}`,
    `-d redirect_uri=${issuer}/demo/callback`,
    `-d code_verifier=${access.codeVerifier}`,
    `-d code=${safe}`,
  ].join(' \\\n  ');
}
