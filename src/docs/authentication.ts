import { type Block, type Document, paragraph, type Section, when } from './document.ts';
import { code, plain } from './inline.ts';
import { apiKeys } from './sections/api-keys.ts';
import { errors } from './sections/errors.ts';
import { limits } from './sections/limits.ts';
import { oauth } from './sections/oauth.ts';
import { playgroundKeys } from './sections/playground-keys.ts';
import { bestPractices, environment, nextSteps, testing } from './sections/practice.ts';
import { lifecycle, plans, requestHeaders, scopes } from './sections/requests.ts';
import { sdks } from './sections/sdks.ts';
import { serviceJwts } from './sections/service-jwts.ts';
import { userTokens } from './sections/user-tokens.ts';
import { webhooks } from './sections/webhooks.ts';
import { headerName, type Topic } from './topic.ts';

/** The platform's Authentication page: made of the platform file, as the gate is. */
export function describeAuthentication(topic: Topic): Document {
  const { t, platform } = topic;
  const title = t('docs.title');
  const credentials = [
    ...when(topic.kinds.includes('api_key'), apiKeys(topic)),
    userTokens(topic),
    ...when(topic.kinds.includes('access_token'), oauth(topic)),
    serviceJwts(topic),
    playgroundKeys(topic),
  ];
  const rules = [requestHeaders(topic), scopes(topic), plans(topic), limits(topic)];
  const answers = [lifecycle(topic), errors(topic), webhooks(topic)];
  const sections = present([...credentials, ...rules, ...answers]);
  const further = present([sdks(topic), bestPractices(topic), testing(topic), nextSteps(topic)]);
  return {
    title,
    description: t('docs.description', { api: platform.api.name }),
    blocks: introduction(topic),
    sections: [...sections, environment(topic, blocksOf([...sections, ...further])), ...further],
  };
}

const present = (sections: readonly (Section | undefined)[]): Section[] =>
  sections.filter((section) => section !== undefined);

export const blocksOf = (sections: readonly Section[]): Block[] =>
  sections.flatMap(({ blocks, parts }) => [...blocks, ...parts.flatMap((part) => part.blocks)]);

function introduction(topic: Topic): Block[] {
  const { t, platform } = topic;
  const { organizationHeader: header } = platform;
  const api = plain(platform.api.name);
  const methods = methodsOf(topic);
  const [only = ''] = methods;
  const count = t('docs.count', { count: methods.length });
  return [
    paragraph(
      methods.length > 1
        ? t('docs.methods', { api, count, methods })
        : t('docs.methods_one', { api, method: only }),
    ),
    ...(header
      ? [
          paragraph(
            t('docs.two_credentials', {
              platform: plain(platform.name),
              header: code(headerName(header.name)),
            }),
          ),
        ]
      : []),
    paragraph(
      `${t('docs.base_url', { url: code(topic.apiUrl) })} ${t('docs.see_dashboard', { platform: plain(platform.name) })}`,
    ),
  ];
}

function methodsOf({ t, kinds, platform }: Topic): string[] {
  const has = (kind: (typeof kinds)[number]) => kinds.includes(kind);
  return [
    ...when(has('api_key'), t('docs.method.api_key')),
    ...when(platform.userTokens.enabled, t('docs.method.user_tokens')),
    ...when(
      has('access_token'),
      t(platform.userTokens.enabled ? 'docs.method.oauth_client_credentials' : 'docs.method.oauth'),
    ),
    ...when(has('service_jwt'), t('docs.method.service_jwt')),
    ...when(has('playground_key'), t('docs.method.playground_key')),
  ];
}
