import { OAUTH_ROUTES } from '../oauth/provider.ts';
import type { FlowKind, PlaygroundRun, PlaygroundStep } from '../pages/playground-models.ts';
import type { CredentialKind, Platform, Presentation } from '../platform/platform.ts';
import type { DescribedRequest } from '../snippets/described-request.ts';
import { keyPairSnippets } from '../snippets/programs/key-pair.ts';
import { pkceSnippets } from '../snippets/programs/pkce.ts';
import { signJwtSnippets } from '../snippets/programs/sign-jwt.ts';
import { verifyJwtSnippets } from '../snippets/programs/verify-jwt.ts';
import { type Snippet, snippetsOf } from '../snippets/snippets.ts';
import { headerOf, type Requests } from './requests.ts';
import { type Setup, scopesOf } from './setup.ts';

type Through = PlaygroundRun['through'];

const run = (kind: string, request?: DescribedRequest, through?: Through): PlaygroundRun => ({
  kind,
  ...(request ? { request: JSON.stringify(request) } : {}),
  ...(through ? { through } : {}),
});

const field = (kind: string, secret = false) => ({ kind, secret });
const open = (kind: string) => field(kind);
const secret = (kind: string) => field(kind, true);

/** A step has what its kind needs, and no more; its snippets are the request that it is about, or its program. */
function step(
  kind: PlaygroundStep['kind'],
  parts: Partial<Omit<PlaygroundStep, 'kind' | 'snippets' | 'values'>> & {
    values?: readonly string[];
    about?: DescribedRequest | undefined;
    program?: readonly Snippet[];
  },
): PlaygroundStep {
  const { values = [], about, program = [], ...rest } = parts;
  return {
    ...{ kind, fields: [], runs: [], lessons: [], ...rest },
    values: values.map((one) => ({ kind: one })),
    snippets: about ? snippetsOf(about) : program,
  };
}

/** The steps of a flow, in their order. */
export function stepsOf(platform: Platform, requests: Requests, setup: Setup): PlaygroundStep[] {
  const steps = createSteps(platform, requests, setup);
  const { token, renew, call, check, revoke, inspect } = steps;
  const flows: Record<FlowKind, () => PlaygroundStep[]> = {
    code: () => [
      ...[steps.prepare(), steps.authorize(), steps.redeem(), inspect()],
      ...call('ACCESS_TOKEN', 'access_token'),
      ...(setup.app?.canRefresh === false ? [] : [renew()]),
      ...[check('itself'), revoke('itself')],
    ],
    client_credentials: () => [
      ...[token(), inspect(), ...call('ACCESS_TOKEN', 'access_token')],
      ...[check('client'), revoke('client')],
    ],
    refresh: () => [
      ...[steps.authorize(), steps.redeem(), renew(), inspect()],
      ...[...call('ACCESS_TOKEN', 'access_token'), revoke('itself')],
    ],
    user_tokens: () => [
      ...[...steps.signIn(), inspect(), ...call('ACCESS_TOKEN', 'access_token')],
      ...[...steps.renewSignIn(), revoke('platform')],
    ],
    service_jwt: () => [
      ...[steps.keyPair(), steps.sign(), ...call('SERVICE_JWT', 'service_jwt')],
      ...[steps.exchange(), inspect()],
    ],
  };
  return flows[setup.flow]();
}

function createSteps(platform: Platform, requests: Requests, setup: Setup) {
  const scope = setup.scopes.join(' ');
  const wider = `${scope} ${scopeBeyond(platform, setup)}`.trim();
  return {
    ...{ prepare: prepareStep, keyPair: keyPairStep },
    sign: () => signStep(requests.issuer),
    inspect: () => inspectStep(platform, requests),
    authorize: () => {
      const about = requests.authorize(scope);
      const runs = [run('authorize', about, 'open')];
      return step('authorize', { values: ['request_line'], runs, about });
    },
    redeem: () => {
      const about = requests.redeem('CODE', 'CODE_VERIFIER');
      return step('redeem', {
        fields: setup.app && setup.app.auth !== 'none' ? [secret('app_secret')] : [],
        values: ['state_sent', 'state_returned', 'issuer_returned', 'code'],
        runs: [run('redeem', about)],
        lessons: [
          run('wrong_verifier', requests.redeem('CODE', 'WRONG_VERIFIER')),
          run('replayed_code', requests.redeem('USED_CODE', 'CODE_VERIFIER')),
        ],
        about,
      });
    },
    token: () => {
      const about = requests.clientToken('CLIENT_SECRET', scope);
      return step('client', {
        fields: [open('client_id'), secret('client_secret')],
        runs: [run('client_token', about)],
        lessons: [
          run('wrong_secret', requests.clientToken('WRONG_SECRET', scope)),
          run(
            'unknown_scope',
            requests.clientToken('CLIENT_SECRET', `${scope} ${NO_SCOPE}`.trim()),
          ),
        ],
        about,
      });
    },
    renew: () => {
      const about = requests.renew('REFRESH_TOKEN');
      return step('renew', {
        runs: [run('renew', about)],
        lessons: [
          run('widened_scope', requests.renew('REFRESH_TOKEN', wider)),
          run('replayed_refresh', requests.renew('USED_REFRESH_TOKEN')),
        ],
        about,
      });
    },
    call: (credential: string, kind: CredentialKind) =>
      callSteps(platform, requests, setup, { credential, kind }),
    check: (as: 'itself' | 'client') => {
      const about = requests.introspect();
      const isOther = as === 'itself';
      return step('check', {
        fields: isOther ? [open('client_id'), secret('client_secret')] : [],
        runs: [run('introspect', about)],
        lessons: isOther ? [run('introspect_public', requests.introspectAsItself())] : [],
        about,
      });
    },
    revoke: (as: 'itself' | 'platform' | 'client') => {
      const about = requests.revoke(as);
      return step('revoke', { runs: [run('revoke', about)], about });
    },
    exchange: () => {
      const about = requests.exchange('SERVICE_JWT', scope);
      return step('exchange', {
        runs: [run('exchange', about)],
        lessons: [run('replayed_jwt', requests.exchange('USED_JWT', scope))],
        about,
      });
    },
    ...userTokenSteps(requests),
  };
}

const prepareStep = () =>
  step('prepare', {
    values: ['code_verifier', 'code_challenge', 'state', 'nonce'],
    runs: [run('generate')],
    program: pkceSnippets(),
  });

const keyPairStep = () =>
  step('key_pair', {
    values: ['public_jwks'],
    runs: [run('new_key_pair')],
    program: keyPairSnippets(),
  });

const signStep = (audience: string) =>
  step('sign', {
    fields: [open('account_id')],
    values: ['jwt_header', 'jwt_claims', 'service_jwt'],
    runs: [run('sign')],
    program: signJwtSnippets({ audience, account: 'ACCOUNT_ID', key: 'PRIVATE_KEY' }),
  });

const inspectStep = ({ api }: Platform, { issuer }: Requests) =>
  step('inspect', {
    program: verifyJwtSnippets({
      ...{ issuer, audience: api.identifier },
      jwksUrl: issuer + OAUTH_ROUTES.jwks,
    }),
  });

function userTokenSteps({ signIn, renewSignIn }: Requests) {
  return {
    signIn(): PlaygroundStep[] {
      if (!signIn) return [];
      const about = signIn('PASSWORD');
      return [
        step('sign_in', {
          fields: [open('email'), secret('password')],
          runs: [run('sign_in', about)],
          lessons: [run('wrong_password', signIn('WRONG_PASSWORD'))],
          about,
        }),
      ];
    },
    renewSignIn(): PlaygroundStep[] {
      if (!renewSignIn) return [];
      const about = renewSignIn('REFRESH_TOKEN');
      return [
        step('renew', {
          runs: [run('renew', about)],
          lessons: [run('replayed_refresh', renewSignIn('USED_REFRESH_TOKEN'))],
          about,
        }),
      ];
    },
  };
}

// The call is made where it arrives at the API; elsewhere the gate is asked what it would say of it.
const CALL = ['call', 'api'] as const;
const ASK = ['ask', 'gate'] as const;

/** None on a platform without routes, or whose gate does not take such credentials. */
function callSteps(
  platform: Platform,
  requests: Requests,
  { call }: Setup,
  { credential, kind }: { credential: string; kind: CredentialKind },
): PlaygroundStep[] {
  const way = platform.presentations.find(({ credentials }) => credentials.includes(kind));
  if (!call || !way) return [];
  const about = requests.call(call, way, credential);
  const isJwt = kind === 'service_jwt';
  const [name, through] = requests.api.isHere ? CALL : ASK;
  const lessons = isJwt
    ? [run('expired_jwt', requests.call(call, way, 'EXPIRED_JWT'), through)]
    : [run('expired_token', requests.call(call, way, 'EXPIRED_TOKEN'), through)];
  return [
    step(name, {
      fields: isJwt ? organizationField(platform) : [],
      runs: [run(name, about, through)],
      lessons,
      about,
    }),
  ];
}

/** The steps of the other tab: a key, and a call with it. */
export function keyStepsOf(
  platform: Platform,
  requests: Requests,
  { call, way }: Setup,
): PlaygroundStep[] {
  const key = step('key', {
    fields: [secret('api_key')],
    ...(requests.key ? { runs: [run('get_key')], about: requests.key } : {}),
  });
  if (!call || !way) return [key];
  const about = requests.call(call, way, 'API_KEY');
  const [name, through] = requests.api.isHere ? CALL : ASK;
  return [
    key,
    step(`${name}_with_key`, {
      fields: organizationField(platform),
      runs: [run(`${name}_with_key`, about, through)],
      lessons: [
        run('mistyped_key', requests.call(call, way, 'MISTYPED_KEY'), through),
        run('no_key', requests.call(call, way, undefined), through),
        ...twoKeys(platform, about, way).map((request) => run('two_keys', request, through)),
      ],
      about,
    }),
  ];
}

/** An access token says for whom it is; of anything else, whoever holds it must. */
function organizationField({ organizationHeader, routes }: Platform) {
  const isNamed = organizationHeader || routes.some((route) => route.organizationParam);
  return isNamed ? [open('organization_id')] : [];
}

/** The same key in a second place, on a platform that looks in several. */
function twoKeys(
  platform: Platform,
  request: DescribedRequest,
  way: Presentation,
): DescribedRequest[] {
  const other = platform.presentations.find((one) => one !== way && one.in !== 'query');
  if (!other || other.in === 'query') return [];
  const headers = [...(request.headers ?? []), headerOf(other, 'API_KEY')];
  return [{ ...request, headers }];
}

/** A scope that was not asked for, to be asked for when it is too late. */
const scopeBeyond = (platform: Platform, { flow, scopes, app }: Setup): string =>
  scopesOf(platform, flow, app).findLast((scope) => !scopes.includes(scope)) ?? NO_SCOPE;

/** A scope that no platform has. */
const NO_SCOPE = 'everything:everywhere';
