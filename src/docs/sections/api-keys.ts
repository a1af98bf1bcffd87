import { environmentsOf } from '../../credentials/api-keys/api-key-rules.ts';
import type { KeyEnvironment, Presentation } from '../../platform/platform.ts';
import type { DescribedRequest } from '../../snippets/described-request.ts';
import {
  type Block,
  bullets,
  note,
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
import { describeScope, headerName, presenting, type Topic } from '../topic.ts';

/** How to get a key, present it, and what it may do. */
export function apiKeys(topic: Topic): Section {
  const { t } = topic;
  const ways = topic.presentationsOf('api_key');
  return {
    id: 'api-keys',
    title: t('docs.keys.title'),
    blocks: [paragraph(lead(topic, ways)), note(t('docs.keys.secret'))],
    parts: [
      getting(topic),
      ...ways.map((way, at) => using(topic, way, at, ways.length)),
      prefixes(topic),
      permissions(topic),
      {
        id: 'restricting-a-key',
        title: t('docs.keys.restrict_title'),
        blocks: [paragraph(t('docs.keys.restrict'))],
      },
      {
        id: 'rotating-api-keys',
        title: t('docs.keys.rotate_title'),
        blocks: [paragraph(t('docs.keys.rotate'))],
      },
      revoking(topic),
    ],
  };
}

function lead({ t, kinds }: Topic, ways: readonly Presentation[]): string {
  const [only] = ways;
  if (ways.length > 1) {
    const count = t('docs.count', { count: ways.length });
    return t(kinds.length > 1 ? 'docs.keys.lead_ways_unless' : 'docs.keys.lead_ways', {
      ways: count,
    });
  }
  const header = only?.in === 'header' ? headerName(only.name) : 'Authorization';
  return t('docs.keys.lead_header', { header: code(header) });
}

function getting(topic: Topic): Part {
  const { t, platform } = topic;
  const menu = topic.menu('keys');
  const environments = environmentsOf(platform).map(({ title }) => plain(title));
  return {
    id: 'getting-your-api-key',
    title: t('docs.keys.get_title'),
    blocks: [
      paragraph(t('docs.keys.get_lead', { menu: plain(menu) })),
      steps([
        t('docs.keys.step_log_in', { platform: plain(platform.name) }),
        t('docs.keys.step_navigate', { menu: plain(menu) }),
        t('docs.keys.step_create', { button: t('keys.create') }),
        t('docs.keys.step_name'),
        ...when(environments.length > 1, t('docs.keys.step_environment', { environments })),
        t('docs.keys.step_permissions'),
        t('docs.keys.step_submit', { button: t('key_form.submit') }),
        t('docs.keys.step_copy'),
      ]),
      note(t('docs.keys.once')),
    ],
  };
}

function using(topic: Topic, way: Presentation, at: number, ways: number): Part {
  const { t, example } = topic;
  const title = titleOf(topic, way);
  const described = example && presenting(topic, way, 'api_key', example);
  return {
    id: `api-key-${way.in}`,
    title:
      ways === 1
        ? t('docs.keys.use_title')
        : at === 0
          ? t('docs.keys.recommended', { title })
          : title,
    blocks: [
      paragraph(explain(topic, way, at)),
      ...when(way.in === 'query', note(t('docs.keys.query_note'))),
      ...(described
        ? [
            request(`call-with-api-key-${way.in}`, described),
            ...when(at === 0, paragraph(t('docs.keys.raw')), rawHttp(topic, described)),
          ]
        : []),
      ...when(at === ways - 1, paragraph(t('docs.keys.one_way'))),
    ],
  };
}

function titleOf({ t }: Topic, way: Presentation): string {
  switch (way.in) {
    case 'bearer':
      return t('docs.keys.use_bearer');
    case 'header':
      return t('docs.keys.use_header', { header: headerName(way.name) });
    case 'query':
      return t('docs.keys.use_query', { parameter: way.name });
  }
}

function explain({ t }: Topic, way: Presentation, at: number): string {
  if (way.in === 'bearer') return t('docs.keys.bearer_text');
  if (way.in === 'query') return t('docs.keys.query_text', { parameter: code(way.name) });
  const header = code(headerName(way.name));
  return at === 0
    ? t('docs.keys.header_text', { header })
    : t('docs.keys.header_alternative', { header });
}

/** The request as it goes over the wire, with a key that shows only how it begins. */
function rawHttp(
  { platform, value }: Topic,
  { method, url, headers = [] }: DescribedRequest,
): Block {
  const { host, pathname } = new URL(url);
  const prefix = environmentsOf(platform)[0]?.prefix ?? '';
  const shown = (text: string) =>
    decodeURI(text)
      .replaceAll(value('api_key'), `${prefix}abc123...`)
      .replaceAll(value('org_id'), '<organization-id>');
  const lines = headers.map(([name, text]) => `${name}: ${shown(text)}`);
  const target = shown(pathname);
  return sample(
    'raw-http',
    'http',
    [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...lines].join('\n'),
  );
}

function prefixes({ t, platform }: Topic): Part {
  const { keyEnvironments, documentation } = platform;
  const access = ({ name, maxAccess }: KeyEnvironment) =>
    documentation.keyEnvironments[name] ??
    t(maxAccess === 'read' ? 'docs.keys.read_only' : 'docs.keys.full_access');
  return {
    id: 'key-prefixes',
    title: t('docs.keys.prefix_title'),
    blocks: [
      paragraph(t('docs.keys.prefix_lead')),
      table(
        t('docs.keys.prefix_title'),
        [t('docs.column.prefix'), t('docs.column.tier'), t('docs.column.access')],
        keyEnvironments.map((one) => [
          code(one.prefix),
          plain(one.tier ?? one.title),
          plain(access(one)),
        ]),
      ),
    ],
  };
}

function permissions({ t, platform }: Topic): Part {
  const { permissionSets, apiKeys, documentation } = platform;
  const fallback = permissionSets.find(({ name }) => name === apiKeys.defaultPermissionSet);
  const levels = permissionSets.flatMap((set) => [
    paragraph(`**${plain(set.title)}**`),
    bullets((documentation.permissionSets[set.name] ?? [set.description]).map(plain)),
    paragraph(set.scopes.map(code).join(' ')),
  ]);
  const one = table(
    t('docs.keys.permissions_title'),
    [t('docs.column.permission'), t('docs.column.description')],
    platform.scopes.map((scope) => [code(scope.name), plain(describeScope(platform, scope))]),
  );
  return {
    id: 'api-key-permissions',
    title: t('docs.keys.permissions_title'),
    blocks: [
      paragraph(t('docs.keys.permissions_lead')),
      ...(levels.length > 0 ? [paragraph(t('docs.keys.levels_lead')), ...levels] : [one]),
      ...(fallback
        ? [paragraph(t('docs.keys.default_set', { title: plain(fallback.title) }))]
        : []),
    ],
  };
}

function revoking(topic: Topic): Part {
  const { t, platform } = topic;
  return {
    id: 'revoking-api-keys',
    title: t('docs.keys.revoke_title'),
    blocks: [
      paragraph(t('docs.keys.revoke_lead')),
      steps([
        t('docs.keys.step_log_in', { platform: plain(platform.name) }),
        t('docs.keys.step_navigate', { menu: plain(topic.menu('keys')) }),
        t('docs.keys.step_revoke', { button: t('keys.revoke') }),
      ]),
      paragraph(t('docs.keys.revoke_after')),
    ],
  };
}
