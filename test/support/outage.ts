import type { Test } from 'tap';
import {
  authorizeUrl,
  introspect,
  newPkce,
  obtainCode,
  obtainTokens,
  post,
  redeem,
  refresh,
  revoke,
  token,
  userinfo,
} from './flows.ts';
import type { Furnished } from './furnished.ts';
import type { TestGatehouse } from './gatehouse.ts';
import { createUserAgent, type Form, locationOf, type Page, type UserAgent } from './user-agent.ts';

/** How long a caller may be kept waiting by a database that is away: milliseconds. */
const PATIENCE_MS = 2000;

type Target = Pick<TestGatehouse, 'issuer'>;

/** What was begun while all was well, to be gone on with when it is not. */
export interface Begun {
  signInPage: Page;
  signInForm: Form;
  agent: UserAgent;
  /** A browser that is signed in, and has consented. */
  signedIn: UserAgent;
  consentPage: Page;
  /** Where the provider goes on after an answered consent. */
  resumeUrl: string;
  logoutPage: Page;
  code: string;
  verifier: string;
  accessToken: string;
  refreshToken: string;
}

export async function begin(target: Target, { app, user }: Furnished): Promise<Begun> {
  const gatehouse = target as TestGatehouse;
  const tokens = await obtainTokens(gatehouse, app, user);
  const { code, pkce, agent: signedIn } = await obtainCode(gatehouse, app, user);
  const askedAgain = authorizeUrl(target, app, newPkce(), { prompt: 'consent' });
  const consentPage = await signedIn.follow(await signedIn.get(askedAgain));
  const other = await signedIn.follow(await signedIn.get(askedAgain));
  const allowed = await signedIn.submit(other, consentForm(other), { decision: 'allow' });
  const agent = createUserAgent();
  const signInPage = await agent.follow(await agent.get(authorizeUrl(target, app, newPkce())));
  const signInForm = signInPage.forms.find(({ action }) => action.endsWith('/sign-in'))!;
  return {
    ...{ agent, signInPage, signInForm, signedIn, code, verifier: pkce.verifier },
    ...{ consentPage, resumeUrl: locationOf(allowed).href },
    logoutPage: await signedIn.get(`${target.issuer}/oauth/logout`),
    ...{ accessToken: tokens.access_token, refreshToken: tokens.refresh_token },
  };
}

const consentForm = ({ forms }: Page): Form =>
  forms.find(({ action }) => action.endsWith('/consent'))!;

interface Answer {
  status: number;
  headers: Headers;
  /** The OAuth error, or the page. */
  body: unknown;
}

type Question = () => Promise<Answer>;

const ofFetch = async (answer: Promise<Response>): Promise<Answer> => {
  const response = await answer;
  const text = await response.text();
  const body = text.startsWith('{') ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body };
};

/** What somebody in the middle of an authorization, or at its end, may do next. */
function steps({ signedIn, consentPage, resumeUrl, logoutPage }: Begun): Record<string, Question> {
  const form = consentForm(consentPage);
  const switchAccount = { ...form, action: form.action.replace(/consent$/, 'switch-account') };
  const submit = (page: Page, form: Form, fields: Record<string, string> = {}) =>
    signedIn.submit(page, form, fields);
  return {
    'the consent page': () => signedIn.get(consentPage.url),
    'consent, a yes': () => submit(consentPage, form, { decision: 'allow' }),
    'consent, a no': () => submit(consentPage, form, { decision: 'deny' }),
    'another account': () => submit(consentPage, switchAccount),
    'resuming after consent': () => signedIn.get(resumeUrl),
    'sign-out asked for by an app': () => signedIn.get(logoutPage.url),
    'sign-out confirmed': () => submit(logoutPage, logoutPage.forms[0]!, { logout: 'yes' }),
  };
}

/** Everything that needs the database. */
export function questions(
  target: Target,
  { app, service, user }: Furnished,
  begun: Begun,
): Record<string, Question> {
  const pkce = newPkce();
  const url = authorizeUrl(target, app, pkce);
  const { agent, signInPage, signInForm, signedIn, accessToken, refreshToken } = begun;
  const typed = { email: user.email, password: user.password };
  const { issuer } = target;
  return {
    ...steps(begun),
    authorize: () => createUserAgent().get(url),
    'authorize, signed in': () => signedIn.get(url),
    'the sign-in page': () => agent.get(signInPage.url),
    'the sign-in form': () => agent.submit(signInPage, signInForm, typed),
    'home, signed in': () => signedIn.get(`${issuer}/`),
    'a code': () => redeem(target, app, begun.code, { verifier: begun.verifier, challenge: '' }),
    'a refresh token': () => refresh(target, app, refreshToken),
    'introspection of a refresh token': () => introspect(target, app, refreshToken),
    'revocation of a refresh token': () => revoke(target, app, refreshToken),
    'revocation of an access token': () => revoke(target, app, accessToken),
    userinfo: () => ofFetch(userinfo(target, accessToken)),
    PAR: () => post(`${issuer}/oauth/par`, Object.fromEntries(new URL(url).searchParams), app),
    readyz: () => ofFetch(fetch(`${issuer}/readyz`)),
    'client credentials': () => token(target, service, { grant_type: 'client_credentials' }),
    'introspection of an access token': () => introspect(target, app, accessToken),
  };
}

/** What can be answered for a moment yet: until the loss is noticed, the caches are in force. */
const CACHED = new Set(['client credentials', 'introspection of an access token']);

/** Asks everything at once, and expects 503 with all that belongs to it, in time. */
export async function expectUnavailable(
  t: Test,
  asked: Record<string, Question>,
  { noticed }: { noticed: boolean },
): Promise<void> {
  const checks = Object.entries(asked).map(async ([name, ask]) => {
    const start = performance.now();
    const { status, headers, body } = await ask();
    const took = performance.now() - start;
    t.ok(took < PATIENCE_MS, `${name}: answers in time`, { took });
    if (!noticed && CACHED.has(name) && status === 200) return;
    t.equal(status, 503, `${name}: 503`, { body });
    t.ok(Number(headers.get('retry-after')) > 0, `${name}: Retry-After`);
    t.equal(headers.get('cache-control'), 'no-store', `${name}: not to be stored`);
    if (name === 'readyz') t.match(body, { status: 'unavailable' });
    else if (typeof body === 'string') t.match(body, /<html[\s\S]*temporarily_unavailable/, name);
    else t.match(body, { error: 'temporarily_unavailable', error_description: String }, name);
  });
  await Promise.all(checks);
}

/** What needs no database is answered as ever. */
export async function expectLife(t: Test, { issuer }: Target): Promise<void> {
  for (const path of ['/healthz', '/oauth/jwks', '/.well-known/openid-configuration', '/metrics']) {
    const { status } = await ofFetch(fetch(issuer + path));
    t.equal(status, 200, path);
  }
}
