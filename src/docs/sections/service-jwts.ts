import { JWT_BEARER } from '../../oauth/grants/jwt-bearer.ts';
import { OAUTH_ROUTES } from '../../oauth/provider.ts';
import { signJwtSnippets } from '../../snippets/programs/sign-jwt.ts';
import { type Block, type Part, paragraph, request, type Section, table } from '../document.ts';
import { code, plain } from '../inline.ts';
import { presenting, type Topic } from '../topic.ts';

/** Tokens a service signs itself; undefined where the platform does not take them. */
export function serviceJwts(topic: Topic): Section | undefined {
  if (!topic.kinds.includes('service_jwt')) return undefined;
  const { t, example, value, issuer } = topic;
  const bearer = topic.presentationsOf('service_jwt').find((one) => one.in === 'bearer');
  return {
    id: 'service-jwts',
    title: t('docs.service_jwt.title'),
    blocks: [
      paragraph(t('docs.service_jwt.lead')),
      paragraph(t('docs.service_jwt.register', { menu: plain(topic.menu('service_accounts')) })),
    ],
    parts: [
      creating(topic),
      {
        id: 'using-jwts',
        title: t('docs.service_jwt.use_title'),
        blocks: [
          paragraph(t('docs.service_jwt.use')),
          ...(bearer && example
            ? [request('call-with-service-jwt', presenting(topic, bearer, 'service_jwt', example))]
            : []),
        ],
      },
      {
        id: 'trading-jwts',
        title: t('docs.service_jwt.exchange_title'),
        blocks: [
          paragraph(t('docs.service_jwt.exchange', { issuer: code(issuer) })),
          request('trade-jwt', {
            method: 'POST',
            url: issuer + OAUTH_ROUTES.token,
            body: {
              form: [
                ['grant_type', JWT_BEARER],
                ['assertion', value('assertion')],
              ],
            },
          }),
        ],
      },
    ],
  };
}

function creating(topic: Topic): Part {
  const { t, platform } = topic;
  const { maxLifetimeSeconds, replayProtection } = platform.serviceJwts;
  const jti = {
    required: t('docs.service_jwt.jti_required'),
    when_jti: t('docs.service_jwt.jti_optional'),
    off: t('docs.service_jwt.jti_off'),
  };
  const claims = [
    ['iss', t('docs.service_jwt.iss')],
    ['sub', t('docs.service_jwt.sub')],
    ['aud', t('docs.service_jwt.aud', { audience: code(platform.api.identifier) })],
    ['iat', t('docs.service_jwt.iat')],
    ['exp', t('docs.service_jwt.exp', { seconds: maxLifetimeSeconds })],
    ['jti', jti[replayProtection]],
  ] as const;
  return {
    id: 'creating-jwts',
    title: t('docs.service_jwt.create_title'),
    blocks: [
      paragraph(t('docs.service_jwt.create')),
      table(
        t('docs.service_jwt.create_title'),
        [t('docs.column.claim'), t('docs.column.description')],
        claims.map(([name, what]) => [code(name), what]),
      ),
      signing(topic),
    ],
  };
}

/** Programs that print a JWT, with what each language has at hand. */
function signing({ platform, variable }: Topic): Block {
  const snippets = signJwtSnippets({
    audience: platform.api.identifier,
    account: variable('service_account_id'),
    key: variable('private_key'),
  });
  const samples = snippets.map(({ kind, code }) => ({ language: kind, code }));
  return { kind: 'code', name: 'sign-jwt', samples };
}
