import type { Sdk } from '../../platform/platform.ts';
import { type Block, type Part, paragraph, type Sample, type Section, table } from '../document.ts';
import { code } from '../inline.ts';
import type { Topic, VariableName } from '../topic.ts';

/** How the published packages are set up; undefined while there are none. */
export function sdks(topic: Topic): Section | undefined {
  const { t, platform } = topic;
  if (platform.documentation.sdks.length === 0) return undefined;
  const parts = [withKey(topic), withClient(topic), withUser(topic), options(topic)];
  return {
    id: 'sdk-configuration',
    title: t('docs.sdk.title'),
    blocks: [paragraph(t('docs.sdk.lead'))],
    parts: parts.filter((part) => part !== undefined),
  };
}

/** What the client is told, and the variable it comes from. */
type Setting = readonly [option: string, variable: VariableName];

function construct(
  { platform, variable }: Topic,
  name: string,
  settings: readonly Setting[],
): Block {
  const named = settings.map(([option, from]) => [option, variable(from)] as const);
  return {
    kind: 'code',
    name,
    samples: platform.documentation.sdks.map((sdk) => CONSTRUCTORS[sdk.language](sdk, named)),
  };
}

type Constructor = (sdk: Sdk, settings: readonly (readonly [string, string])[]) => Sample;

const snake = (name: string) => name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
const CONSTRUCTORS: Record<Sdk['language'], Constructor> = {
  typescript: ({ package: from, client }, settings) => ({
    language: 'typescript',
    code: [
      `import { ${client} } from '${from}';`,
      '',
      `const client = new ${client}({`,
      ...settings.map(([option, variable]) => `  ${option}: process.env.${variable}!,`),
      '});',
    ].join('\n'),
  }),
  python: ({ package: from, client }, settings) => ({
    language: 'python',
    code: [
      'import os',
      '',
      `from ${from} import ${client}`,
      '',
      `client = ${client}(`,
      ...settings.map(([option, name]) => `    ${snake(option)}=os.environ["${name}"],`),
      ')',
    ].join('\n'),
  }),
  go: ({ client }, settings) => ({
    language: 'go',
    code: [`client := ${client}.MustNew(${client}.Config{`, ...goFields(settings), '})'].join('\n'),
  }),
  java: ({ client }, settings) => ({
    language: 'java',
    code: [
      `${client} client = ${client}.builder()`,
      ...settings.map(([option, name]) => `    .${option}(System.getenv("${name}"))`),
      '    .build();',
    ].join('\n'),
  }),
};

/** Values stand below each other, as gofmt has them. */
function goFields(settings: readonly (readonly [string, string])[]): string[] {
  const fields = settings.map(([option, name]) => [`${goName(option)}:`, name] as const);
  const width = Math.max(...fields.map(([field]) => field.length));
  return fields.map(([field, name]) => `\t${field.padEnd(width)} os.Getenv("${name}"),`);
}

/** `apiKey` → `APIKey`, `organizationId` → `OrganizationID` (Go's initialisms). */
const goName = (option: string) =>
  option
    .replace(/^./, (first) => first.toUpperCase())
    .replace(/^Api/, 'API')
    .replace(/Id$/, 'ID');

function withKey(topic: Topic): Part {
  const organization: Setting[] = topic.platform.organizationHeader
    ? [['organizationId', 'org_id']]
    : [];
  return {
    id: 'sdk-api-key',
    title: topic.t('docs.sdk.with_key'),
    blocks: [construct(topic, 'sdk-api-key', [['apiKey', 'api_key'], ...organization])],
  };
}

function withClient(topic: Topic): Part {
  return {
    id: 'sdk-client-credentials',
    title: topic.t('docs.sdk.with_client'),
    blocks: [
      construct(topic, 'sdk-client-credentials', [
        ['clientId', 'client_id'],
        ['clientSecret', 'client_secret'],
      ]),
    ],
  };
}

/** In the client's own words: whatever the platform calls them, it reads both from the answer. */
function withUser(topic: Topic): Part | undefined {
  const { platform, t } = topic;
  const sdk = platform.documentation.sdks.find(({ language }) => language === 'typescript');
  if (!platform.userTokens.enabled || !sdk) return undefined;
  const lines = [
    'const { accessToken, refreshToken } = await client.auth.getToken({',
    `  email: process.env.${topic.variable('email')}!,`,
    `  password: process.env.${topic.variable('password')}!,`,
    '});',
    `const signedIn = new ${sdk.client}({ accessToken });`,
    'const newTokens = await client.auth.refresh(refreshToken);',
  ];
  const samples: Sample[] = [{ language: 'typescript', code: lines.join('\n') }];
  return {
    id: 'sdk-user-tokens',
    title: t('docs.sdk.with_user'),
    blocks: [{ kind: 'code', name: 'sdk-user-tokens', samples }],
  };
}

function options({ t, platform }: Topic): Part {
  const rows = [
    ['apiKey', t('docs.sdk.api_key')],
    ['accessToken', t('docs.sdk.access_token')],
    ['clientId', t('docs.sdk.client_id')],
    ['clientSecret', t('docs.sdk.client_secret')],
    ...(platform.organizationHeader ? [['organizationId', t('docs.sdk.organization_id')]] : []),
    ['baseUrl', t('docs.sdk.base_url')],
  ];
  return {
    id: 'auth-config',
    title: t('docs.sdk.options'),
    blocks: [
      table(
        t('docs.sdk.options'),
        [
          t('docs.column.property'),
          t('docs.column.type'),
          t('docs.column.required'),
          t('docs.column.description'),
        ],
        rows.map(([name = '', what = '']) => [code(name), code('string'), t('docs.no'), what]),
      ),
    ],
  };
}
