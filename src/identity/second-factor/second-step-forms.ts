import type { FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken, sendPage } from '../../doors/browser.ts';
import type { Pages } from '../../pages/render.ts';
import type { SecondStepPage } from '../../pages/security-models.ts';
import { type FormPlace, STATUS_OF_WAIT, type SubmitProof, waitOf } from '../account-forms.ts';
import type { PasskeyService } from '../passkeys/passkeys.service.ts';
import { PENDING_MS } from './pending-sign-ins.store.ts';
import type { EnterStep, SecondStep } from './second-step.ts';

/** The page after a password that isn't enough; nothing is a session before it is done. */
export interface SecondStepForms {
  /** Gives this browser the secret of the sign-in that waits, and sends it to the page. */
  begin(reply: FastifyReply, place: FormPlace, secret: string, remember: boolean): FastifyReply;
  /** The page, or the way back to the password where nothing waits in this browser. */
  show(request: FastifyRequest, reply: FastifyReply, place: FormPlace): Promise<FastifyReply>;
  submit: SubmitProof;
}

export function createSecondStepForms(deps: {
  secondStep: SecondStep;
  passkeys: PasskeyService;
  pages: Pages;
  issuer: string;
}): SecondStepForms {
  const { secondStep, passkeys, pages, issuer } = deps;
  const secure = issuer.startsWith('https:');
  const name = secure ? '__Host-gatehouse_second_step' : 'gatehouse_second_step';
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;

  async function send(
    reply: FastifyReply,
    place: FormPlace,
    waiting: { secret: string; userId: string; email: string },
    more: Pick<SecondStepPage, 'remember' | 'error'>,
    status = 200,
  ): Promise<FastifyReply> {
    const { secret, userId, email } = waiting;
    const question = { kind: 'second_step', pendingSecret: secret } as const;
    const html = pages.render('second-step', {
      ...{ action: place.secondStepUrl, csrf: csrfToken(reply), email, signInUrl: place.signInUrl },
      ...(place.continueTo ? { continueTo: place.continueTo } : {}),
      ...(passkeys.isPossible
        ? { options: JSON.stringify(await passkeys.question(question, userId)) }
        : {}),
      ...more,
    });
    return sendPage(reply, html, status);
  }

  async function waitingIn(request: FastifyRequest) {
    const secret = request.cookies[name];
    const user = secret ? await secondStep.pendingUser(secret) : undefined;
    return secret && user ? { secret, userId: user.id, email: user.email } : undefined;
  }

  return {
    begin(reply, place, secret, remember) {
      reply.setCookie(name, secret, { ...attributes, maxAge: PENDING_MS / 1000 });
      const separator = place.secondStepUrl.includes('?') ? '&' : '?';
      const query = remember ? `${separator}remember=yes` : '';
      return reply.redirect(`${place.secondStepUrl}${query}`, 303);
    },

    async show(request, reply, place) {
      const waiting = await waitingIn(request);
      if (!waiting) return reply.redirect(place.signInUrl, 303);
      const { remember } = request.query as { remember?: unknown };
      return send(reply, place, waiting, { remember: remember === 'yes' });
    },

    async submit(request, reply, place, enter) {
      const waiting = await waitingIn(request);
      if (!waiting) {
        reply.redirect(place.signInUrl, 303);
        return false;
      }
      const {
        credential,
        code,
        remember: ticked,
      } = (request.body ?? {}) as Record<string, unknown>;
      const remember = ticked === 'yes';
      const origin = { address: request.ip, requestId: request.id };
      const enterStep: EnterStep = (proven, admission) => enter({ ...proven, remember }, admission);
      const byPasskey = typeof credential === 'string' && credential !== '';
      const result = byPasskey
        ? await secondStep.byPasskey(waiting.secret, credential, origin, enterStep)
        : await secondStep.byRecoveryCode(waiting.secret, String(code ?? ''), origin, enterStep);
      switch (result.outcome) {
        case 'signed_in':
          reply.clearCookie(name, attributes);
          return true;
        case 'expired':
          reply.redirect(place.signInUrl, 303);
          return false;
        case 'rejected': {
          const error = { kind: byPasskey ? 'passkey' : 'code' } as const;
          await send(reply, place, waiting, { remember, error }, 401);
          return false;
        }
        default: {
          const error = { kind: 'throttled', waitSeconds: waitOf(reply, result) } as const;
          await send(reply, place, waiting, { remember, error }, STATUS_OF_WAIT[result.outcome]);
          return false;
        }
      }
    },
  };
}
