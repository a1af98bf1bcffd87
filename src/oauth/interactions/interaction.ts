import type { FastifyReply, FastifyRequest } from 'fastify';
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
  /** The languages that the app asks for, as it sent them. */
  readonly uiLocales: unknown;
  readonly accountId: string | undefined;
  /** The browser session it belongs to; absent before sign-in. */
  readonly sessionUid: string | undefined;
}

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
    uiLocales: params.ui_locales,
    accountId: interaction.session?.accountId,
    sessionUid: interaction.session?.uid,
  };
}

/**
 * Stores the outcome and says where to go on: back into the authorization endpoint.
 *
 * @see RFC 9700 §4.12: the caller redirects with 303, so that a POST is never repeated elsewhere
 */
export async function finishInteraction(
  provider: Provider,
  request: FastifyRequest,
  reply: FastifyReply,
  result: Record<string, unknown>,
  options: { mergeWithLastSubmission: boolean },
): Promise<string> {
  return provider.interactionResult(request.raw, reply.raw, result as never, options);
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
