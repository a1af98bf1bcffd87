import type { FastifyReply, FastifyRequest } from 'fastify';
import { csrfToken, sendPage } from '../doors/browser.ts';
import type { Pages } from '../pages/render.ts';
import type { SignInPage, SignUpErrors, SignUpPage } from '../pages/view-models.ts';
import type { IdentityService } from './identity.service.ts';
import type { FieldProblem, User } from './identity.ts';
import type { Wait } from './sign-in.ts';

/** Where a sign-in or sign-up form stands: by itself, or in an authorization request. */
export interface FormPlace {
  signInUrl: string;
  /** Absent: the platform takes no sign-ups. */
  signUpUrl: string | undefined;
  /** The app that asked. */
  continueTo: string | undefined;
  /** What the app thinks the address is. */
  emailHint?: string | undefined;
}

export interface AccountForms {
  signIn: SignInForm;
  signUp: SignUpForm;
}

export interface SignInForm {
  show(reply: FastifyReply, place: FormPlace): FastifyReply;
  /** The user, or undefined when the form was answered with its errors. */
  submit(
    request: FastifyRequest,
    reply: FastifyReply,
    place: FormPlace,
  ): Promise<{ user: User; remember: boolean } | undefined>;
}

export interface SignUpForm {
  show(reply: FastifyReply, place: FormPlace): FastifyReply;
  /** The new user, or undefined when the form was answered with its errors. */
  submit(request: FastifyRequest, reply: FastifyReply, place: FormPlace): Promise<User | undefined>;
}

interface FormDependencies {
  identity: IdentityService;
  pages: Pages;
}

/** The two forms by which people come in, alike wherever they stand. */
export const createAccountForms = (deps: FormDependencies): AccountForms => ({
  signIn: createSignInForm(deps),
  signUp: createSignUpForm(deps),
});

function createSignInForm({ identity, pages }: FormDependencies): SignInForm {
  const send = (reply: FastifyReply, place: FormPlace, more: Partial<SignInPage>, status = 200) =>
    sendPage(
      reply,
      pages.render('sign-in', {
        action: place.signInUrl,
        csrf: csrfToken(reply),
        ...(place.signUpUrl ? { signUpUrl: place.signUpUrl } : {}),
        ...(place.continueTo ? { continueTo: place.continueTo } : {}),
        ...more,
      }),
      status,
    );

  return {
    show: (reply, place) => send(reply, place, place.emailHint ? { email: place.emailHint } : {}),

    async submit(request, reply, place) {
      const { email, password, remember } = fieldsOf(request.body);
      const result = await identity.signIn({
        ...{ email, password },
        ...{ address: request.ip, requestId: request.id },
      });
      if (result.outcome === 'signed_in') {
        return { user: result.user, remember: remember === 'yes' };
      }
      const typed = { email, remember: remember === 'yes' };
      if (result.outcome === 'rejected') {
        send(reply, place, { ...typed, error: { kind: 'credentials' } }, 401);
      } else {
        const error = { kind: 'throttled', waitSeconds: waitOf(reply, result) } as const;
        send(reply, place, { ...typed, error }, STATUS_OF_WAIT[result.outcome]);
      }
      return undefined;
    },
  };
}

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

const STATUS_OF_WAIT = { throttled: 429, overloaded: 503 } as const;

/** Seconds to wait, also said in the header. */
function waitOf(reply: FastifyReply, { retryAfterSeconds }: Wait): number {
  reply.header('retry-after', String(retryAfterSeconds));
  return retryAfterSeconds;
}

type Fields = Record<'email' | 'password' | 'name' | 'organization' | 'remember', string>;

/** A field that is missing or came twice is empty. */
function fieldsOf(body: unknown): Fields {
  const form = (body ?? {}) as Record<string, unknown>;
  const text = (name: keyof Fields) => {
    const value = form[name];
    return typeof value === 'string' ? value.slice(0, 1_000) : '';
  };
  return {
    email: text('email'),
    password: text('password'),
    name: text('name'),
    organization: text('organization'),
    remember: text('remember'),
  };
}

/** The page names fields and problems as the service does. */
function errorsOf(problems: readonly FieldProblem[]): SignUpErrors {
  return Object.fromEntries(problems.map(({ field, code }) => [field, code])) as SignUpErrors;
}
