import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { OAuthPages } from './oauth-pages.ts';

/**
 * Answers what escapes the library's own error handling as that would have: a session that cannot be saved is
 * saved once more when its handler is done, and Koa would answer that in plain text, without the headers that
 * every page has. Stands before all that may fail, behind `sayWhenToRetry`.
 */
export function answerEscapedErrors({ renderError }: Pick<OAuthPages, 'renderError'>) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    try {
      await next();
    } catch (error) {
      // Neither where it would have led nor what it would have remembered holds.
      ctx.remove('location');
      ctx.remove('set-cookie');
      const isLogged = ctx.status >= 500;
      const out = publicPartOf(error);
      ctx.status = (error as { statusCode?: number }).statusCode ?? 500;
      if (ctx.accepts('json', 'html') === 'html') await renderError(ctx, out, error as Error);
      else ctx.body = out;
      if (out.error === 'server_error' && !isLogged) ctx.app.emit('server_error', ctx, error);
    }
  };
}

/** The error document of RFC 6749 §5.2, in the library's words. */
function publicPartOf(error: unknown): { error: string; error_description?: string } {
  if (!(error instanceof errors.OIDCProviderError) || !error.expose) {
    return { error: 'server_error', error_description: 'oops! something went wrong' };
  }
  const { error: code, error_description: description } = error;
  return { error: code, ...(description === undefined ? {} : { error_description: description }) };
}
