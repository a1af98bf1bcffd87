import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeJwt } from 'jose';
import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import { splitScope } from '../scopes.ts';
import type { BrowserSession } from '../sessions/browser-sessions.ts';

export type Interaction = InstanceType<Provider['Interaction']>;

/** The authorization request that an interaction is about, read for our own pages. */
export interface InteractionRequest {
  readonly uid: string;
  readonly prompt: 'login' | 'consent';
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  /** The app insists on a new answer. */
  readonly asksConsentAgain: boolean;
  readonly loginHint: string | undefined;
  /** Whom the app wants to hear of, and nobody else: the subject of its `id_token_hint`. */
  readonly hintedUserId: string | undefined;
  /** The languages that the app asks for, as it sent them. */
  readonly uiLocales: unknown;
  readonly accountId: string | undefined;
  /** The browser session it belongs to; absent before sign-in. */
  readonly sessionUid: string | undefined;
}

export interface Login {
  readonly accountId: string;
  readonly amr: readonly string[];
  readonly remember: boolean;
}

/** How a step of it ends: with who signed in, with what they allow, or with a no. */
export type InteractionResult =
  | { login: Login }
  | { consent: { grantId: string } }
  | { error: string; error_description: string };

/** The interaction's cookie is missing, its row has expired, or it was finished already. */
export class InteractionGoneError extends Error {
  constructor() {
    super('the interaction has expired or was finished already');
    this.name = 'InteractionGoneError';
  }
}

/**
 * The interaction of this browser and this address: the library binds it to a cookie on the path.
 *
 * @throws InteractionGoneError
 */
export async function loadInteraction(
  provider: Provider,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Interaction> {
  const { uid } = request.params as { uid: string };
  try {
    const interaction = await provider.interactionDetails(request.raw, reply.raw);
    if (interaction.uid !== uid) throw new InteractionGoneError();
    return interaction;
  } catch (error) {
    throw error instanceof errors.SessionNotFound ? new InteractionGoneError() : error;
  }
}

export function readInteraction(interaction: Interaction): InteractionRequest {
  const { params, prompt } = interaction;
  return {
    uid: interaction.uid,
    prompt: prompt.name === 'consent' ? 'consent' : 'login',
    clientId: String(params.client_id),
    redirectUri: String(params.redirect_uri),
    scopes: splitScope(params.scope),
    resources: [params.resource ?? []].flat() as string[],
    asksConsentAgain: splitScope(params.prompt).includes('consent'),
    loginHint: typeof params.login_hint === 'string' ? params.login_hint : undefined,
    hintedUserId: subjectOf(params.id_token_hint),
    uiLocales: params.ui_locales,
    accountId: interaction.session?.accountId,
    sessionUid: interaction.session?.uid,
  };
}

/** The library verified it as an ID token of ours for this app before the interaction began; it may have expired. */
function subjectOf(idTokenHint: unknown): string | undefined {
  return typeof idTokenHint === 'string' ? decodeJwt(idTokenHint).sub : undefined;
}

/**
 * Whether the app still has the redirect URI that the request came with: the library looks when a request
 * begins and not again when it goes on, and the app may have given the address up since. True also when the
 * app is gone or disabled, which the library sees by itself.
 *
 * @see RFC 6749 §3.1.2.4, §4.1.2.1
 */
export async function isRedirectUriStanding(
  provider: Provider,
  { clientId, redirectUri }: InteractionRequest,
): Promise<boolean> {
  const client = await provider.Client.find(clientId);
  return !client || client.redirectUriAllowed(redirectUri);
}

/**
 * Stores the outcome and says where to go on: back into the authorization endpoint, where it is looked at
 * once more (see resume.ts).
 *
 * @see RFC 9700 §4.12: the caller redirects with 303, so that a POST is never repeated elsewhere
 */
export async function finishInteraction(
  provider: Provider,
  request: FastifyRequest,
  reply: FastifyReply,
  result: InteractionResult,
): Promise<string> {
  return provider.interactionResult(request.raw, reply.raw, result as never, {
    mergeWithLastSubmission: 'consent' in result,
  });
}

/**
 * From sign-in on, the request belongs to the session of the browser in which it happened, and only that
 * one resumes it. The interaction's own cookies prove little: their value stands in the address, and a
 * neighbouring subdomain can plant them (session fixation).
 */
export async function bindToSession(
  interaction: Interaction,
  { uid, userId }: BrowserSession,
): Promise<void> {
  const changed = interaction as unknown as Record<string, unknown>;
  changed.session = { uid, accountId: userId };
  await interaction.persist();
}

/** Forgets who was signed in, so that somebody else can answer the same request. */
export async function forgetAccount(interaction: Interaction): Promise<void> {
  const changed = interaction as unknown as Record<string, unknown>;
  changed.session = undefined;
  changed.lastSubmission = undefined;
  changed.prompt = { name: 'login', reasons: ['another_account'], details: {} };
  await interaction.persist();
}
