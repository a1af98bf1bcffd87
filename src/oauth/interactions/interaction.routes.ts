import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errors } from 'oidc-provider';
import { csrfToken, sendPage } from '../../doors/browser.ts';
import { formTargetOf, pageHeaders } from '../../doors/headers.ts';
import { heedLocales } from '../../doors/language.ts';
import type { AccountForms, Enter, FormPlace, SubmitProof } from '../../identity/account-forms.ts';
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
  type InteractionResult,
  isRedirectUriStanding,
  type Login,
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
  const steps = createSteps(deps);
  const { visit, placeOf, showConsent } = steps;
  door.get(
    '/interaction/:uid',
    visit(async (visited) =>
      visited.about.prompt === 'consent'
        ? showConsent(visited)
        : deps.forms.signIn.show(visited.reply, await placeOf(visited)),
    ),
  );
  signInSteps(door, deps, steps);
  if (deps.platform.signUp.enabled) signUpSteps(door, deps, steps);
  consentSteps(door, deps, steps);
}

type Steps = ReturnType<typeof createSteps>;

/** What the steps have in common. */
function createSteps(deps: InteractionRoutesDependencies) {
  const { host, platform, pages, sessions, clients, consent } = deps;

  const finish = async ({ request, reply }: Visit, result: InteractionResult) => {
    const next = await finishInteraction(host.current, request, reply, result);
    return reply.redirect(next, 303);
  };

  /** As for one that was never registered: nobody is sent there, not even with a no (RFC 6749 §4.1.2.1). */
  const refuseRedirectUri = (request: FastifyRequest, reply: FastifyReply) => {
    const { error: code, error_description: detail, status } = new errors.InvalidRedirectUri();
    const page = { kind: 'bad_link', code, requestId: request.id } as const;
    const html = pages.render('error', { ...page, ...(detail ? { detail } : {}) });
    return sendPage(reply, html, status);
  };

  return {
    finish,

    /**
     * A handler that has the interaction in hand, and belongs to whoever began it. What leads nowhere any
     * more is refused before anybody signs in or allows anything for it.
     */
    visit:
      (step: (visit: Visit) => Promise<FastifyReply>) =>
      async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
        const interaction = await loadInteraction(host.current, request, reply);
        const about = readInteraction(interaction);
        heedLocales(about.uiLocales);
        if (about.sessionUid && (await sessions.current(request))?.uid !== about.sessionUid) {
          throw new InteractionGoneError();
        }
        if (!(await isRedirectUriStanding(host.current, about))) {
          return refuseRedirectUri(request, reply);
        }
        const target = formTargetOf(about.redirectUri);
        reply.headers(pageHeaders(target ? [target] : []));
        return step({ request, reply, interaction, about });
      },

    placeOf: async ({ about }: Visit): Promise<FormPlace> => ({
      signInUrl: `/interaction/${about.uid}/sign-in`,
      signUpUrl: platform.signUp.enabled ? `/interaction/${about.uid}/sign-up` : undefined,
      secondStepUrl: `/interaction/${about.uid}/second-step`,
      passkeyUrl: `/interaction/${about.uid}/passkey`,
      continueTo: (await clients.find(about.clientId))?.name,
      emailHint: about.loginHint,
    }),

    /** @param prove says who it is, or has answered the form */
    async signIn(visited: Visit, prove: (enter: Enter) => Promise<boolean>): Promise<FastifyReply> {
      const { request, reply, interaction } = visited;
      let login: Login | undefined;
      const isIn = await prove(async ({ user, remember, amr }, admission) => {
        const entrant = { userId: user.id, remember, amr };
        const session = await sessions.begin(request, reply, entrant, admission);
        if (!session) return false;
        await bindToSession(interaction, session);
        login = { accountId: user.id, amr, remember };
        return true;
      });
      return isIn && login ? finish(visited, { login }) : reply;
    },

    async showConsent(visited: Visit, error?: ConsentPage['error']): Promise<FastifyReply> {
      const { reply, about } = visited;
      const question = await consent.question(about, accountOf(visited));
      const form = { action: `/interaction/${about.uid}/consent`, csrf: csrfToken(reply) };
      const switchAccount = { ...form, action: `/interaction/${about.uid}/switch-account` };
      const forms = { ...form, switchAccount, revokeUrl: '/' };
      const page = { ...question, ...forms, ...(error ? { error } : {}) };
      return sendPage(reply, pages.render('consent', page), error ? 422 : 200);
    },

    /** A reload of a form that was answered with its errors begins anew. */
    restart: async ({ reply, about }: Visit): Promise<FastifyReply> =>
      reply.redirect(`/interaction/${about.uid}`, 303),
  };
}

function signInSteps(door: FastifyInstance, deps: InteractionRoutesDependencies, steps: Steps) {
  const { visit, placeOf, signIn, restart } = steps;
  door.get('/interaction/:uid/sign-in', visit(restart));
  const { signIn: form, secondStep } = deps.forms;
  const enter = (submit: SubmitProof) =>
    visit(async (visited) => {
      const place = await placeOf(visited);
      return signIn(visited, (enter) => submit(visited.request, visited.reply, place, enter));
    });
  door.post('/interaction/:uid/sign-in', enter(form.submit));
  door.get('/interaction/:uid/passkey', visit(restart));
  door.post('/interaction/:uid/passkey', enter(form.submitPasskey));
  door.get(
    '/interaction/:uid/second-step',
    visit(async (visited) =>
      secondStep.show(visited.request, visited.reply, await placeOf(visited)),
    ),
  );
  door.post('/interaction/:uid/second-step', enter(secondStep.submit));
  door.post(
    '/interaction/:uid/switch-account',
    visit(async (visited) => {
      await deps.sessions.end(visited.request, visited.reply);
      await forgetAccount(visited.interaction);
      return restart(visited);
    }),
  );
}

function signUpSteps(door: FastifyInstance, deps: InteractionRoutesDependencies, steps: Steps) {
  const { visit, placeOf, signIn } = steps;
  door.get(
    '/interaction/:uid/sign-up',
    visit(async (visited) => deps.forms.signUp.show(visited.reply, await placeOf(visited))),
  );
  door.post(
    '/interaction/:uid/sign-up',
    visit(async (visited) => {
      const { request, reply } = visited;
      const user = await deps.forms.signUp.submit(request, reply, await placeOf(visited));
      if (!user) return reply;
      return signIn(visited, (enter) => enter({ user, remember: false, amr: ['pwd'] }));
    }),
  );
}

function consentSteps(door: FastifyInstance, deps: InteractionRoutesDependencies, steps: Steps) {
  const { visit, finish, showConsent, restart } = steps;
  door.get('/interaction/:uid/consent', visit(restart));
  door.post(
    '/interaction/:uid/consent',
    visit(async (visited) => {
      const { request, about } = visited;
      const userId = accountOf(visited);
      const answer = readAnswer(request.body);
      if (answer.decision !== 'allow') return finish(visited, DENIED);
      const outcome = await deps.consent.answer(deps.host.current, about, userId, answer, {
        actor: { kind: 'user', id: userId },
        address: request.ip,
        requestId: request.id,
      });
      if (outcome.outcome === 'granted') {
        return finish(visited, { consent: { grantId: outcome.grantId } });
      }
      if (outcome.outcome === 'nothing_granted') return finish(visited, DENIED);
      return showConsent(visited, outcome.outcome);
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
