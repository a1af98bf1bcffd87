import {
  type Block,
  bullets,
  note,
  type Part,
  paragraph,
  request,
  type Section,
  sample,
  table,
  when,
} from '../document.ts';
import { code } from '../inline.ts';
import { presenting, type Topic, type VariableName } from '../topic.ts';

/** What the examples read, each variable that at least one of them names. */
export function environment(topic: Topic, examples: readonly Block[]): Section {
  const { t, platform, variable } = topic;
  const text = JSON.stringify(examples);
  const used = VARIABLES.filter((name) => new RegExp(`\\b${variable(name)}\\b`).test(text));
  const first = used.filter((name) => name === 'api_key' || name === 'org_id');
  const prefix = platform.keyEnvironments[0]?.prefix ?? '';
  const values: Partial<Record<VariableName, string>> = {
    ...{ api_key: `${prefix}...`, org_id: 'your-organization-id' },
  };
  const exports = first.map((name) => `export ${variable(name)}=${values[name]}`);
  return {
    id: 'environment-variables',
    title: t('docs.environment.title'),
    blocks: [
      paragraph(t('docs.environment.lead')),
      table(
        t('docs.environment.title'),
        [t('docs.column.variable'), t('docs.column.description')],
        used.map((name) => [code(variable(name)), t(`docs.environment.${name}`)]),
      ),
      ...when(exports.length > 0, sample('environment', 'shell', exports.join('\n'))),
      ...when(
        platform.documentation.sdks.length > 0,
        paragraph(t('docs.environment.sdks', { names: first.map((name) => code(variable(name))) })),
      ),
    ],
    parts: [],
  };
}

const VARIABLES: readonly VariableName[] = [
  ...(['api_key', 'org_id', 'access_token', 'refresh_token', 'client_id'] as const),
  ...(['client_secret', 'redirect_uri', 'code', 'code_verifier', 'email', 'password'] as const),
  ...(['service_account_id', 'private_key', 'service_jwt', 'assertion'] as const),
  ...(['fingerprint', 'webhook_secret'] as const),
];

export function bestPractices({ t }: Topic): Section {
  const named = (title: string, items: string): Block[] => [
    paragraph(`**${title}**`),
    bullets(items.split('\n')),
  ];
  return {
    id: 'security-best-practices',
    title: t('docs.practice.title'),
    blocks: [],
    parts: [
      {
        id: 'api-key-security',
        title: t('docs.practice.keys_title'),
        blocks: [
          note(t('docs.keys.secret')),
          ...named(t('docs.practice.storage'), t('docs.practice.storage_items')),
          ...named(t('docs.practice.transmission'), t('docs.practice.transmission_items')),
        ],
      },
      {
        id: 'token-security',
        title: t('docs.practice.tokens_title'),
        blocks: [
          ...named(t('docs.practice.access_tokens'), t('docs.practice.access_tokens_items')),
          ...named(t('docs.practice.refresh_tokens'), t('docs.practice.refresh_tokens_items')),
        ],
      },
    ],
  };
}

export function testing(topic: Topic): Section {
  const { t, platform, example } = topic;
  const [way] = topic.presentationsOf('api_key');
  const parts: Part[] = [];
  if (way && example) {
    parts.push({
      id: 'test-your-api-key',
      title: t('docs.testing.key_title'),
      blocks: [
        paragraph(t('docs.testing.key')),
        request('test-api-key', presenting(topic, way, 'api_key', example)),
      ],
    });
  }
  if (platform.oauth.playgroundEnabled) {
    parts.push({
      id: 'test-oauth-flow',
      title: t('docs.testing.oauth_title'),
      blocks: [paragraph(t('docs.testing.oauth'))],
    });
  }
  return { id: 'testing', title: t('docs.testing.title'), blocks: [], parts };
}

export function nextSteps({ t, platform }: Topic): Section {
  return {
    id: 'next-steps',
    title: t('docs.next.title'),
    blocks: [
      bullets([
        t('docs.next.dashboard'),
        ...when(platform.oauth.playgroundEnabled, t('docs.next.playground')),
        t('docs.next.reference'),
        t('docs.next.llms'),
      ]),
    ],
    parts: [],
  };
}
