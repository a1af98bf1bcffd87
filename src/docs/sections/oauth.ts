import { OAUTH_ROUTES } from '../../oauth/provider.ts';
import type { Fields } from '../../snippets/described-request.ts';
import {
  bullets,
  type Part,
  paragraph,
  request,
  type Section,
  sample,
  steps,
  table,
  when,
} from '../document.ts';
import { code, plain } from '../inline.ts';
import { presenting, type Topic } from '../topic.ts';

/** Apps: authorization code with PKCE, refresh, client credentials. */
export function oauth(topic: Topic): Section {
  const { t } = topic;
  return {
    id: 'oauth',
    title: t('docs.oauth.title'),
    blocks: [
      paragraph(t('docs.oauth.lead')),
      paragraph(t('docs.oauth.register', { menu: plain(topic.menu('apps')) })),
    ],
    parts: [
      {
        id: 'oauth-flow',
        title: t('docs.oauth.flow_title'),
        blocks: [
          steps([
            t('docs.oauth.flow_request'),
            t('docs.oauth.flow_consent'),
            t('docs.oauth.flow_code'),
            t('docs.oauth.flow_exchange'),
            t('docs.oauth.flow_access'),
          ]),
        ],
      },
      pkce(topic),
      authorization(topic),
      tokenExchange(topic),
      using(topic),
      refreshing(topic),
      clientCredentials(topic),
      more(topic),
    ],
  };
}

function pkce({ t, variable }: Topic): Part {
  const verifier = variable('code_verifier');
  const lines = [
    `export ${verifier}="$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')"`,
    `printf %s "$${verifier}" | openssl dgst -sha256 -binary | openssl base64 | tr '+/' '-_' | tr -d '='`,
  ];
  return {
    id: 'pkce',
    title: t('docs.oauth.pkce_title'),
    blocks: [paragraph(t('docs.oauth.pkce')), sample('pkce', 'shell', lines.join('\n'))],
  };
}

const parameters = ({ t }: Topic, title: string, rows: readonly [name: string, what: string][]) =>
  table(
    title,
    [t('docs.column.parameter'), t('docs.column.description')],
    rows.map(([name, what]) => [code(name), what]),
  );

function authorization(topic: Topic): Part {
  const { t, issuer, platform } = topic;
  const url = issuer + OAUTH_ROUTES.authorization;
  const query = [
    'client_id=<your client id>',
    'redirect_uri=<your redirect uri>',
    'response_type=code',
    `scope=${encodeURIComponent(exampleScope(topic))}`,
    'state=<random>',
    'code_challenge=<sha-256 of the verifier>',
    'code_challenge_method=S256',
  ];
  const title = t('docs.oauth.authorize_title');
  return {
    id: 'authorization-endpoint',
    title,
    blocks: [
      sample('authorization-endpoint', 'http', `GET ${url}\n  ?${query.join('\n  &')}`),
      parameters(topic, title, [
        ['client_id', t('docs.oauth.client_id')],
        ['redirect_uri', t('docs.oauth.redirect_uri')],
        ['response_type', t('docs.oauth.response_type')],
        ['scope', t('docs.oauth.scope')],
        ['state', t('docs.oauth.state')],
        ['code_challenge', t('docs.oauth.code_challenge')],
        ['code_challenge_method', t('docs.oauth.code_challenge_method')],
      ]),
      paragraph(
        t('docs.oauth.authorize_back', {
          seconds: platform.tokens.authorizationCodeTtlSeconds,
          issuer: code(issuer),
        }),
      ),
    ],
  };
}

const exampleScope = ({ example, platform }: Topic) =>
  example?.route.scope ?? platform.scopes[0]?.name ?? '';

const tokenRequest = (topic: Topic, name: string, form: Fields) =>
  request(name, {
    ...{ method: 'POST', url: topic.issuer + OAUTH_ROUTES.token, body: { form } },
    basic: { username: topic.value('client_id'), password: topic.value('client_secret') },
  });

function tokenExchange(topic: Topic): Part {
  const { t, value, platform } = topic;
  const title = t('docs.oauth.token_title');
  const answer = {
    access_token: 'eyJ...',
    token_type: 'Bearer',
    expires_in: platform.tokens.accessTokenTtlSeconds,
    refresh_token: '...',
    scope: exampleScope(topic),
  };
  return {
    id: 'token-endpoint',
    title,
    blocks: [
      parameters(topic, title, [
        ['grant_type', t('docs.oauth.grant_authorization_code')],
        ['code', t('docs.oauth.code')],
        ['redirect_uri', t('docs.oauth.redirect_uri_again')],
        ['client_id', t('docs.oauth.client_id')],
        ['client_secret', t('docs.oauth.client_secret')],
        ['code_verifier', t('docs.oauth.code_verifier')],
      ]),
      tokenRequest(topic, 'redeem-code', [
        ['grant_type', 'authorization_code'],
        ['code', value('code')],
        ['redirect_uri', value('redirect_uri')],
        ['code_verifier', value('code_verifier')],
      ]),
      paragraph(t('docs.oauth.answer')),
      sample('redeem-code-answer', 'json', JSON.stringify(answer, null, 2)),
      paragraph(t('docs.oauth.secret_basic')),
    ],
  };
}

function using(topic: Topic): Part {
  const { t, example } = topic;
  const bearer = topic.presentationsOf('access_token').find((one) => one.in === 'bearer');
  return {
    id: 'using-access-tokens',
    title: t('docs.oauth.use_title'),
    blocks: [
      paragraph(t('docs.oauth.use')),
      ...(bearer && example
        ? [request('call-with-access-token', presenting(topic, bearer, 'access_token', example))]
        : []),
    ],
  };
}

function refreshing(topic: Topic): Part {
  const { t, value, platform } = topic;
  const { accessTokenTtlSeconds: access, refreshTokenTtlSeconds: refresh } = platform.tokens;
  return {
    id: 'refresh-tokens',
    title: t('docs.oauth.refresh_title'),
    blocks: [
      paragraph(t('docs.oauth.refresh', { access, refresh })),
      ...when(
        platform.oauth.refreshTokens === 'offline_access',
        paragraph(t('docs.oauth.refresh_offline')),
      ),
      tokenRequest(topic, 'refresh-token', [
        ['grant_type', 'refresh_token'],
        ['refresh_token', value('refresh_token')],
      ]),
    ],
  };
}

function clientCredentials(topic: Topic): Part {
  const { t } = topic;
  return {
    id: 'client-credentials',
    title: t('docs.oauth.client_title'),
    blocks: [
      paragraph(t('docs.oauth.client')),
      tokenRequest(topic, 'client-credentials', [
        ['grant_type', 'client_credentials'],
        ['scope', exampleScope(topic)],
      ]),
    ],
  };
}

function more({ t, issuer }: Topic): Part {
  return {
    id: 'more-of-the-protocol',
    title: t('docs.oauth.more_title'),
    blocks: [
      bullets([
        t('docs.oauth.more_metadata', { url: `${issuer}/.well-known/oauth-authorization-server` }),
        t('docs.oauth.more_revoke', { url: issuer + OAUTH_ROUTES.revocation }),
        t('docs.oauth.more_introspect', { url: issuer + OAUTH_ROUTES.introspection }),
        t('docs.oauth.more_par', { url: issuer + OAUTH_ROUTES.pushed_authorization_request }),
        t('docs.oauth.more_dpop'),
      ]),
    ],
  };
}
