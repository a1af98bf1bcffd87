import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { formTargetOf, pageHeaders } from '../doors/headers.ts';
import { heedLocales, languageHeaders } from '../doors/language.ts';
import { readProviderForm } from '../pages/provider-form.ts';
import type { Pages } from '../pages/render.ts';
import type { ErrorKind } from '../pages/view-models.ts';
import type { RenderFormPost } from './form-post.ts';

type RpInitiatedLogout = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>;

/** The pages that oidc-provider renders itself, in our templates. */
export interface OAuthPages {
  renderError: NonNullable<Configuration['renderError']>;
  renderFormPost: RenderFormPost;
  renderSignOut: NonNullable<RpInitiatedLogout['logoutSource']>;
  renderSignedOut: NonNullable<RpInitiatedLogout['postLogoutSuccessSource']>;
  /** Takes the place of a page that the library has made already, for which it has no setting. */
  replaceNobodySignedIn(ctx: KoaContextWithOIDC): void;
}

export interface OAuthPagesDependencies {
  pages: Pages;
  findUser(id: string): Promise<{ name: string; email: string } | undefined>;
}

export function createOAuthPages({ pages, findUser }: OAuthPagesDependencies): OAuthPages {
  return {
    renderError(ctx, out, error) {
      beginPage(ctx);
      const isSignOut = ctx.oidc?.route?.startsWith('end_session');
      const refusal = isSignOut ? 'bad_sign_out' : 'bad_link';
      ctx.body = pages.render('error', {
        kind: error instanceof errors.SessionNotFound ? 'expired' : (KINDS[out.error] ?? refusal),
        code: out.error,
        detail: out.error_description,
        requestId: requestIdOf(ctx),
        ...(isSignOut ? { homeUrl: '/' } : {}),
      });
    },

    renderFormPost(ctx, redirectUri, answer) {
      const target = formTargetOf(redirectUri);
      beginPage(ctx, target ? [target] : []);
      // A refusal that has no status of its own yet.
      if (![400, 500].includes(ctx.status)) ctx.status = 'error' in answer ? 400 : 200;
      const fields = Object.entries(answer).map(([name, value]) => ({
        name,
        value: String(value),
      }));
      ctx.body = pages.render('form-post', {
        form: { action: redirectUri, fields },
        ...appOf(ctx),
      });
    },

    async renderSignOut(ctx, formHtml) {
      const account = ctx.oidc.session?.accountId
        ? await findUser(ctx.oidc.session.accountId)
        : undefined;
      beginPage(ctx, wayOutOf(ctx));
      ctx.body = pages.render('sign-out', {
        form: readProviderForm(formHtml),
        ...(account ? { account } : {}),
        ...appOf(ctx),
      });
    },

    async renderSignedOut(ctx) {
      beginPage(ctx);
      ctx.body = pages.render('signed-out', { ...appOf(ctx), signInUrl: '/sign-in' });
    },

    replaceNobodySignedIn(ctx) {
      const form = readProviderForm(String(ctx.body));
      const targets = wayOutOf(ctx);
      beginPage(ctx, targets);
      ctx.body = pages.render('nobody-signed-in', {
        ...{ form, returns: targets.length > 0 },
        ...appOf(ctx),
      });
    },
  };
}

/** In the language that the app asks for, where it does and the request could be read that far. */
function beginPage(ctx: KoaContextWithOIDC, formTargets: readonly string[] = []): void {
  heedLocales(ctx.oidc?.params?.ui_locales ?? ctx.query.ui_locales);
  ctx.type = 'html';
  ctx.set({ ...pageHeaders(formTargets), ...languageHeaders() });
}

/** Where the form for signing out leads: the app's post_logout_redirect_uri, as far as it is registered. */
function wayOutOf(ctx: KoaContextWithOIDC): string[] {
  const uri = ctx.oidc.params?.post_logout_redirect_uri;
  const target = typeof uri === 'string' ? formTargetOf(uri) : undefined;
  return target ? [target] : [];
}

const appOf = (ctx: KoaContextWithOIDC) => {
  const app = ctx.oidc.client?.clientName;
  return app ? { app } : {};
};

/** The id that the door gave the request, and that stands in the log. */
const requestIdOf = (ctx: KoaContextWithOIDC) => ctx.get('x-request-id');

const KINDS: Record<string, ErrorKind> = {
  temporarily_unavailable: 'unavailable',
  server_error: 'unexpected',
};
