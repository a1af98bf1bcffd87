import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { type Interaction, isRedirectUriStanding, readInteraction } from './interaction.ts';

/**
 * Looks at an authorization request once more when it goes on: the library does so when it begins, and then
 * has forgotten the `id_token_hint` and trusts the redirect URI. Here, because whatever ends a step comes by
 * here, and so does a browser that is sent here without having ended one.
 *
 * @see RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.2
 */
export function lookAgainAtResume(provider: Provider): void {
  const { Interaction } = provider;
  const find = Interaction.find as (id: string) => Promise<Interaction | undefined>;
  const findAndLook: typeof find = async (id) => {
    const interaction = await find.call(Interaction, id);
    const ctx = Provider.ctx;
    if (!interaction || ctx?.oidc?.route !== 'resume') return interaction;
    if (!(await isRedirectUriStanding(provider, readInteraction(interaction)))) {
      throw new errors.InvalidRedirectUri();
    }
    // Only for this request: the library sends it to the app, and the interaction ends.
    if (isForAnother(interaction, ctx)) interaction.result = ANOTHER_USER;
    return interaction;
  };
  Object.assign(Interaction, { find: findAndLook });
}

/** As the library says it where a request begins with somebody else signed in, and `prompt=none`. */
const ANOTHER_USER = {
  error: 'login_required',
  error_description: 'id_token_hint and authenticated subject do not match',
};

/** Someone else stays signed in with us; the app hears nothing of them. Nobody is asked to sign in. */
function isForAnother(interaction: Interaction, { oidc }: KoaContextWithOIDC): boolean {
  const { hintedUserId } = readInteraction(interaction);
  const { result } = interaction;
  const userId = result?.login?.accountId ?? oidc.session?.accountId;
  if (hintedUserId === undefined || userId === undefined || result?.error) return false;
  return userId !== hintedUserId;
}
