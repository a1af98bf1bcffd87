import type { KoaContextWithOIDC } from 'oidc-provider';
import { ProviderWithGrants } from './grants/provider-with-grants.ts';

type Handler = Parameters<ProviderWithGrants['registerResponseMode']>[1];

/** The page whose form takes an answer to the app. */
export type RenderFormPost = (
  ctx: KoaContextWithOIDC,
  redirectUri: string,
  answer: Readonly<Record<string, unknown>>,
) => void;

const pages = new WeakMap<ProviderWithFormPost, RenderFormPost>();

/**
 * The library's provider, with a page of ours for `response_mode=form_post`: its own is in English, runs
 * inline, and has no setting. It registers its modes while it is made, and keeps the first of each name.
 *
 * @see OAuth 2.0 Form Post Response Mode
 */
export class ProviderWithFormPost extends ProviderWithGrants {
  override registerResponseMode(name: string, handler: Handler): void {
    const isOurs = name === 'form_post';
    super.registerResponseMode(name, isOurs ? (...answer) => pages.get(this)!(...answer) : handler);
  }
}

export function answerByFormPost(provider: ProviderWithFormPost, render: RenderFormPost): void {
  pages.set(provider, render);
}
