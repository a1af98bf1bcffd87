import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken, sendPage } from '../../doors/browser.ts';
import { formTargetOf, pageHeaders } from '../../doors/headers.ts';
import type { AccountForms, FormPlace } from '../../identity/account-forms.ts';
import type { Pages } from '../../pages/render.ts';
import type { ConsentPage } from '../../pages/view-models.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ClientDirectory } from '../clients/client-directory.ts';
import type { ProviderHost } from '../provider-host.ts';
import type { BrowserSessions } from '../sessions/browser-sessions.ts';
import type { ConsentService } from './consent.service.ts';
import {
  bindToSession,
  finishInteraction,
  forgetAccount,
  type Interaction,
  InteractionGoneError,
  type InteractionRequest,
  loadInteraction,
  readInteraction,
} from './interaction.ts';

export interface InteractionRoutesDependencies {
  host: ProviderHost;
  platform: Platform;
  pages: Pages;
  forms: AccountForms;
  sessions: BrowserSessions;
  clients: ClientDirectory;
  consent: ConsentService;
}

/** What a request to an interaction's address has in hand. */
interface Visit {
  request: FastifyRequest;
  reply: FastifyReply;
  interaction: Interaction;
  about: InteractionRequest;
}

/**
 * Sign-in and consent within an authorization request. Each step ends in a redirect back to the
 * authorization endpoint, which decides what comes next.
 */
export async function interactionRoutes(
  door: FastifyInstance,
  deps: InteractionRoutesDependencies,
) {
  const { host, platform, pages, forms, sessions, clients, consent } = deps;

  const visit =
    (step: (visit: Visit) => Promise<FastifyReply>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const interaction = await loadInteraction(host.current, request, reply);
      const about = readInteraction(interaction);
      if (about.sessionUid && (await sessions.current(request))?.uid !== about.sessionUid) {
        throw new InteractionGoneError();
      }
      const target = formTargetOf(about.redirectUri);
      reply.headers(pageHeaders(target ? [target] : []));
      return step({ request, reply, interaction, about });
    };

  const placeOf = async ({ about }: Visit): Promise<FormPlace> => ({
    signInUrl: `/interaction/${about.uid}/sign-in`,
    signUpUrl: platform.signUp.enabled ? `/interaction/${about.uid}/sign-up` : undefined,
    continueTo: (await clients.find(about.clientId))?.name,
    emailHint: about.loginHint,
  });

  const finish = async ({ request, reply }: Visit, result: Record<string, unknown>) => {
    const merge = 'consent' in result;
    const next = await finishInteraction(host.current, request, reply, result, {
      mergeWithLastSubmission: merge,
    });
    return reply.redirect(next, 303);
  };

  async function signIn(visited: Visit, accountId: string, remember: boolean) {
    const { request, reply, interaction } = visited;
    const session = await sessions.begin(request, reply, { userId: accountId, remember });
    await bindToSession(interaction, session);
    return finish(visited, { login: { accountId, amr: ['pwd'], remember } });
  }

  async function showConsent(visited: Visit, error?: ConsentPage['error']) {
    const { reply, about } = visited;
    const question = await consent.question(about, accountOf(visited));
    const form = { action: `/interaction/${about.uid}/consent`, csrf: csrfToken(reply) };
    const switchAccount = { ...form, action: `/interaction/${about.uid}/switch-account` };
    const page = { ...question, ...form, switchAccount, ...(error ? { error } : {}) };
    return sendPage(reply, pages.render('consent', page), error ? 422 : 200);
  }

  door.get(
    '/interaction/:uid',
    visit(async (visited) =>
      visited.about.prompt === 'consent'
        ? showConsent(visited)
        : forms.signIn.show(visited.reply, await placeOf(visited)),
    ),
  );

  // A reload of a form that was answered with its errors.
  door.get(
    '/interaction/:uid/sign-in',
    visit(async ({ reply, about }) => reply.redirect(`/interaction/${about.uid}`, 303)),
  );
  door.post(
    '/interaction/:uid/sign-in',
    visit(async (visited) => {
      const signedIn = await forms.signIn.submit(
        visited.request,
        visited.reply,
        await placeOf(visited),
      );
      return signedIn ? signIn(visited, signedIn.user.id, signedIn.remember) : visited.reply;
    }),
  );

  if (platform.signUp.enabled) {
    door.get(
      '/interaction/:uid/sign-up',
      visit(async (visited) => forms.signUp.show(visited.reply, await placeOf(visited))),
    );
    door.post(
      '/interaction/:uid/sign-up',
      visit(async (visited) => {
        const user = await forms.signUp.submit(
          visited.request,
          visited.reply,
          await placeOf(visited),
        );
        return user ? signIn(visited, user.id, false) : visited.reply;
      }),
    );
  }

  door.get(
    '/interaction/:uid/consent',
    visit(async ({ reply, about }) => reply.redirect(`/interaction/${about.uid}`, 303)),
  );
  door.post(
    '/interaction/:uid/consent',
    visit(async (visited) => {
      const userId = accountOf(visited);
      const answer = readAnswer(visited.request.body);
      if (answer.decision !== 'allow') return finish(visited, DENIED);
      const outcome = await consent.answer(host.current, visited.about, userId, answer, {
        actor: { kind: 'user', id: userId },
        address: visited.request.ip,
        requestId: visited.request.id,
      });
      if (outcome.outcome === 'organization_missing') {
        return showConsent(visited, 'organization_missing');
      }
      if (outcome.outcome === 'nothing_granted') return finish(visited, DENIED);
      return finish(visited, { consent: { grantId: outcome.grantId } });
    }),
  );

  door.post(
    '/interaction/:uid/switch-account',
    visit(async (visited) => {
      await sessions.end(visited.request, visited.reply);
      await forgetAccount(visited.interaction);
      return visited.reply.redirect(`/interaction/${visited.about.uid}`, 303);
    }),
  );
}

const DENIED = { error: 'access_denied', error_description: 'the end user did not allow it' };

/** Consent is asked of somebody who has signed in; an interaction without is not this step's. */
function accountOf({ about }: Visit): string {
  if (about.prompt !== 'consent' || !about.accountId) throw new InteractionGoneError();
  return about.accountId;
}

function readAnswer(body: unknown) {
  const form = (body ?? {}) as Record<string, unknown>;
  const scopes = [form.scope ?? []].flat().filter((scope) => typeof scope === 'string');
  const organizationId =
    typeof form.organization_id === 'string' && form.organization_id !== ''
      ? form.organization_id
      : undefined;
  return { decision: form.decision, scopes, organizationId };
}
