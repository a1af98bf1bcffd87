import { createFields } from '../../credentials/user-tokens/field-style.ts';
import type { UserTokens } from '../../platform/platform.ts';
import type { Fields } from '../../snippets/described-request.ts';
import { type Part, paragraph, request, type Section, sample, table } from '../document.ts';
import { code } from '../inline.ts';
import { presenting, type Topic } from '../topic.ts';

type Policy = Extract<UserTokens, { enabled: true }>;

/** Email and password against a pair of tokens; undefined where the platform does not offer it. */
export function userTokens(topic: Topic): Section | undefined {
  const { t, platform } = topic;
  const policy = platform.userTokens;
  if (!policy.enabled) return undefined;
  return {
    id: 'jwt-tokens',
    title: t('docs.user_tokens.title'),
    blocks: [
      paragraph(t('docs.user_tokens.lead')),
      table(
        t('docs.user_tokens.title'),
        [t('docs.column.endpoint'), t('docs.column.description')],
        [
          [code(`POST ${policy.tokenPath}`), t('docs.user_tokens.exchange')],
          [code(`POST ${policy.refreshPath}`), t('docs.user_tokens.refresh')],
        ],
      ),
    ],
    parts: [exchanging(topic, policy), using(topic), refreshing(topic, policy)],
  };
}

const post = ({ issuer }: Topic, name: string, path: string, fields: Fields) =>
  request(name, { method: 'POST', url: issuer + path, body: { json: fields } });

function exchanging(topic: Topic, policy: Policy): Part {
  const { t, platform, value } = topic;
  const { nameOf, write } = createFields(policy.fieldStyle);
  const expiresIn = platform.tokens.accessTokenTtlSeconds;
  const answer = write({
    ...{ accessToken: 'eyJ...', refreshToken: '...', tokenType: 'Bearer', expiresIn },
    ...{ scope: platform.scopes[0]?.name ?? '', organizationId: '<organization-id>' },
  });
  const names = {
    ...{ email: code('email'), password: code('password') },
    tokens: [code(nameOf('accessToken')), code(nameOf('refreshToken'))],
  };
  return {
    id: 'exchange-credentials',
    title: t('docs.user_tokens.exchange_title'),
    blocks: [
      paragraph(t('docs.user_tokens.exchange_text', names)),
      post(topic, 'exchange-credentials', policy.tokenPath, [
        ['email', value('email')],
        ['password', value('password')],
      ]),
      sample('exchange-credentials-answer', 'json', JSON.stringify(answer, null, 2)),
      paragraph(
        t('docs.user_tokens.optional', {
          organization: code(nameOf('organizationId')),
          scope: code('scope'),
        }),
      ),
    ],
  };
}

function using(topic: Topic): Part {
  const { t, example } = topic;
  const bearer = topic.presentationsOf('access_token').find((one) => one.in === 'bearer');
  return {
    id: 'use-the-token',
    title: t('docs.user_tokens.use_title'),
    blocks:
      bearer && example
        ? [request('call-with-user-token', presenting(topic, bearer, 'access_token', example))]
        : [paragraph(t('docs.oauth.use'))],
  };
}

function refreshing(topic: Topic, policy: Policy): Part {
  const { t, platform, value } = topic;
  const { accessTokenTtlSeconds: access, refreshTokenTtlSeconds: refresh } = platform.tokens;
  const { nameOf } = createFields(policy.fieldStyle);
  const field = nameOf('refreshToken');
  return {
    id: 'refresh-when-expired',
    title: t('docs.user_tokens.refresh_title'),
    blocks: [
      post(topic, 'refresh-user-token', policy.refreshPath, [[field, value('refresh_token')]]),
      paragraph(t('docs.user_tokens.refresh_text', { access, refresh, field: code(field) })),
    ],
  };
}
