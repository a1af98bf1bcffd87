import type { FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken, sendPage } from '../doors/browser.ts';
import type { Pages } from '../pages/render.ts';
import type { SignInPage, SignUpErrors, SignUpPage } from '../pages/view-models.ts';
import type { Entrance } from './admission.ts';
import type { IdentityService } from './identity.service.ts';
import type { FieldProblem, User } from './identity.ts';
import type { PasskeyService } from './passkeys/passkeys.service.ts';
import type { SecondStep } from './second-factor/second-step.ts';
import { createSecondStepForms, type SecondStepForms } from './second-factor/second-step-forms.ts';
import type { Wait } from './sign-in.ts';

/** Where a sign-in or sign-up form stands: by itself, or in an authorization request. */
export interface FormPlace {
  signInUrl: string;
  /** Absent: the platform takes no sign-ups. */
  signUpUrl: string | undefined;
  /** Where a password that isn't enough leads. */
  secondStepUrl: string;
  /** Where a passkey goes that stands for the password. */
  passkeyUrl: string;
  /** The app that asked. */
  continueTo: string | undefined;
  /** What the app thinks the address is. */
  emailHint?: string | undefined;
  /** Somebody who is signed in is asked once more who they are. */
  again?: boolean | undefined;
}

/** Somebody who has proven who they are; only now may a session begin, see {@link Enter}. */
export interface Proven {
  user: User;
  remember: boolean;
  /** How (RFC 8176 §2). */
  amr: readonly string[];
}

/** Begins the session of somebody who has proven who they are. */
export type Enter = Entrance<Proven>;

export interface AccountForms {
  signIn: SignInForm;
  signUp: SignUpForm;
  secondStep: SecondStepForms;
}

export interface SignInForm {
  show(reply: FastifyReply, place: FormPlace): Promise<FastifyReply>;
  submit: SubmitProof;
  /** The same for a passkey instead of the password. */
  submitPasskey: SubmitProof;
}

/**
 * Lets somebody in who proves who they are.
 *
 * @returns false when the form was answered: with its errors, or with the second step
 */
export type SubmitProof = (
  request: FastifyRequest,
  reply: FastifyReply,
  place: FormPlace,
  enter: Enter,
) => Promise<boolean>;

export interface SignUpForm {
  show(reply: FastifyReply, place: FormPlace): FastifyReply;
  /** The new user, or undefined when the form was answered with its errors. */
  submit(request: FastifyRequest, reply: FastifyReply, place: FormPlace): Promise<User | undefined>;
}

interface FormDependencies {
  identity: IdentityService;
  passkeys: PasskeyService;
  secondStep: SecondStep;
  pages: Pages;
  issuer: string;
}

/** The forms by which people come in, alike wherever they stand. */
export function createAccountForms(deps: FormDependencies): AccountForms {
  const secondStep = createSecondStepForms(deps);
  return {
    signIn: createSignInForm({ ...deps, secondStepForms: secondStep }),
    signUp: createSignUpForm(deps),
    secondStep,
  };
}

function createSignInForm(
  deps: FormDependencies & { secondStepForms: SecondStepForms },
): SignInForm {
  const { identity, passkeys, secondStep, secondStepForms, pages } = deps;

  async function send(
    reply: FastifyReply,
    place: FormPlace,
    more: Partial<SignInPage>,
    status = 200,
  ): Promise<FastifyReply> {
    const csrf = csrfToken(reply);
    const options = passkeys.isPossible && JSON.stringify(await passkeys.question(A_SIGN_IN));
    const page = {
      ...{ action: place.signInUrl, csrf },
      ...(place.signUpUrl ? { signUpUrl: place.signUpUrl } : {}),
      ...(place.continueTo ? { continueTo: place.continueTo } : {}),
      ...(place.again ? { again: true } : {}),
      ...(options ? { passkey: { action: place.passkeyUrl, csrf, options } } : {}),
      ...more,
    };
    return sendPage(reply, pages.render('sign-in', page), status);
  }

  return {
    show: (reply, place) => send(reply, place, place.emailHint ? { email: place.emailHint } : {}),

    async submit(request, reply, place, enter) {
      const { email, password, remember } = fieldsOf(request.body);
      const typed = { email, remember: remember === 'yes' };
      const result = await identity.signIn(
        { email, password, address: request.ip, requestId: request.id },
        (user, admission) => enter({ user, remember: typed.remember, amr: ['pwd'] }, admission),
      );
      if (result.outcome === 'signed_in') return true;
      if (result.outcome === 'second_step') {
        secondStepForms.begin(reply, place, result.secret, typed.remember);
      } else if (result.outcome === 'rejected') {
        await send(reply, place, { ...typed, error: { kind: 'credentials' } }, 401);
      } else {
        const error = { kind: 'throttled', waitSeconds: waitOf(reply, result) } as const;
        await send(reply, place, { ...typed, error }, STATUS_OF_WAIT[result.outcome]);
      }
      return false;
    },

    async submitPasskey(request, reply, place, enter) {
      const { credential, remember } = fieldsOf(request.body);
      const result = await secondStep.byPasskeyAlone(
        credential,
        { address: request.ip, requestId: request.id },
        (proven, admission) => enter({ ...proven, remember: remember === 'yes' }, admission),
      );
      if (result.outcome === 'signed_in') return true;
      if (result.outcome === 'throttled' || result.outcome === 'overloaded') {
        const error = { kind: 'throttled', waitSeconds: waitOf(reply, result) } as const;
        await send(reply, place, { error }, STATUS_OF_WAIT[result.outcome]);
      } else {
        await send(reply, place, { error: { kind: 'passkey' } }, 401);
      }
      return false;
    },
  };
}

const A_SIGN_IN = { kind: 'sign_in' } as const;

function createSignUpForm({ identity, pages }: FormDependencies): SignUpForm {
  const send = (reply: FastifyReply, place: FormPlace, more: Partial<SignUpPage>, status = 200) =>
    sendPage(
      reply,
      pages.render('sign-up', {
        action: place.signUpUrl ?? '',
        csrf: csrfToken(reply),
        signInUrl: place.signInUrl,
        ...(place.continueTo ? { continueTo: place.continueTo } : {}),
        ...more,
      }),
      status,
    );

  return {
    show: (reply, place) =>
      send(reply, place, place.emailHint ? { values: { email: place.emailHint } } : {}),

    async submit(request, reply, place) {
      const { email, password, name, organization } = fieldsOf(request.body);
      const values = { email, name, organization };
      const result = await identity.signUp({
        ...{ email, password, name, organizationName: organization },
        ...{ address: request.ip, requestId: request.id },
      });
      if (result.outcome === 'created') return result.user;
      if (result.outcome === 'invalid') {
        send(reply, place, { values, errors: errorsOf(result.problems) }, 422);
      } else if (result.outcome === 'email_taken') {
        send(reply, place, { values, errors: { form: { kind: 'refused' } } }, 422);
      } else {
        const form = { kind: 'throttled', waitSeconds: waitOf(reply, result) } as const;
        send(reply, place, { values, errors: { form } }, STATUS_OF_WAIT[result.outcome]);
      }
      return undefined;
    },
  };
}

export const STATUS_OF_WAIT = { throttled: 429, overloaded: 503 } as const;

/** Seconds to wait, also said in the header. */
export function waitOf(reply: FastifyReply, { retryAfterSeconds }: Wait): number {
  reply.header('retry-after', String(retryAfterSeconds));
  return retryAfterSeconds;
}

type Fields = Record<
  'email' | 'password' | 'name' | 'organization' | 'remember' | 'credential',
  string
>;

/** A field that is missing or came twice is empty. */
function fieldsOf(body: unknown): Fields {
  const form = (body ?? {}) as Record<string, unknown>;
  const text = (name: keyof Fields, most = 1_000) => {
    const value = form[name];
    return typeof value === 'string' ? value.slice(0, most) : '';
  };
  return {
    email: text('email'),
    password: text('password'),
    name: text('name'),
    organization: text('organization'),
    remember: text('remember'),
    credential: text('credential', 20_000),
  };
}

/** The page names fields and problems as the service does. */
function errorsOf(problems: readonly FieldProblem[]): SignUpErrors {
  return Object.fromEntries(problems.map(({ field, code }) => [field, code])) as SignUpErrors;
}
