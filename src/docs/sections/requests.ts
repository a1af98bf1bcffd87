import type { CredentialKind, Presentation, Route } from '../../platform/platform.ts';
import { paragraph, type Section, steps, table, when } from '../document.ts';
import { code, plain, type Text } from '../inline.ts';
import { describeScope, headerName, seePricing, type Topic } from '../topic.ts';

const named = ({ t }: Topic, kinds: readonly CredentialKind[]) =>
  kinds.map((kind) => t(`docs.kind.${kind}`));

export function requestHeaders(topic: Topic): Section {
  const { t, platform, kinds } = topic;
  const { organizationHeader: header } = platform;
  const ways = platform.presentations.filter((way) => way.in !== 'query');
  const rows: Text[][] = ways.map((way, at) => {
    const value = credentialAt(topic, way);
    const name = way.in === 'header' ? headerName(way.name) : 'Authorization';
    return [code(name), at === 0 ? value : t('docs.headers.instead', { value })];
  });
  if (header) {
    const free = kinds.filter((kind) => !header.requiredFor.includes(kind));
    rows.push([
      code(headerName(header.name)),
      free.length === 0
        ? t('docs.headers.organization')
        : t('docs.headers.organization_except', { kinds: named(topic, free) }),
    ]);
  }
  rows.push([code('Content-Type'), t('docs.headers.content_type')]);
  return {
    id: 'request-headers',
    title: t('docs.headers.title'),
    blocks: [
      paragraph(t('docs.headers.lead')),
      table(t('docs.headers.title'), [t('docs.column.header'), t('docs.column.value')], rows),
    ],
    parts: [],
  };
}

function credentialAt(topic: Topic, way: Presentation): Text {
  const { t, kinds } = topic;
  if (way.in !== 'bearer') return t('docs.headers.key');
  const taken = kinds.filter((kind) => way.credentials.includes(kind));
  return t('docs.headers.bearer', { kinds: named(topic, taken) });
}

/** What may be done, and what each request asks for. */
export function scopes(topic: Topic): Section {
  const { t, platform } = topic;
  const everything = platform.scopes.length - 1;
  const rows = platform.scopes.map((scope) => {
    const { implies } = scope;
    const more =
      implies.length === everything && everything > 0
        ? t('docs.scopes.implies_all')
        : implies.length > 0
          ? t('docs.scopes.implies', { scopes: implies.map(code).join(', ') })
          : '';
    const what = plain(describeScope(platform, scope));
    return [code(scope.name), more ? `${what.replace(/\.?$/, '.')} ${more}` : what];
  });
  return {
    id: 'scopes',
    title: t('docs.scopes.title'),
    blocks: [
      paragraph(t('docs.scopes.lead')),
      table(t('docs.scopes.title'), [t('docs.column.scope'), t('docs.column.description')], rows),
    ],
    parts: platform.routes.length === 0 ? [] : [routes(topic)],
  };
}

function routes({ t, platform }: Topic) {
  const withModules = platform.routes.some(({ module }) => module !== undefined);
  const [first, ...others] = platform.routes;
  const everywhere = (first?.meters ?? []).filter((meter) =>
    others.every(({ meters }) => meters.includes(meter)),
  );
  const ownOf = ({ meters }: Route) => meters.filter((meter) => !everywhere.includes(meter));
  const withMeters = platform.routes.some((route) => ownOf(route).length > 0);
  const cellsOf = (route: Route): Text[] => [
    route.methods
      .filter((method) => method !== 'HEAD')
      .map(code)
      .join(' '),
    code(route.path),
    route.scope ? code(route.scope) : t('docs.any_credential'),
    ...when(withModules, route.module ? code(route.module) : t('docs.none')),
    ...when(withMeters, ownOf(route).map(code).join(' ') || t('docs.none')),
  ];
  return {
    id: 'what-each-request-needs',
    title: t('docs.routes.title'),
    blocks: [
      paragraph(t('docs.routes.lead')),
      ...when(
        everywhere.length > 0,
        paragraph(t('docs.routes.everywhere', { limits: everywhere.map(code) })),
      ),
      table(
        t('docs.routes.caption'),
        [
          t('docs.column.method'),
          t('docs.column.path'),
          t('docs.column.needs'),
          ...when(withModules, t('docs.column.module')),
          ...when(withMeters, t('docs.column.counts_on')),
        ],
        platform.routes.map(cellsOf),
      ),
    ],
  };
}

/** The plans and their modules; undefined where plans make no difference to what is let through. */
export function plans(topic: Topic): Section | undefined {
  const { t, platform } = topic;
  const { plans: declared, modules, defaultPlan } = platform;
  if (modules.length === 0) return undefined;
  const titleOf = (name: string) => modules.find((one) => one.name === name)?.title ?? name;
  const first = declared.find(({ name }) => name === defaultPlan);
  return {
    id: 'plans',
    title: t('docs.plans.title'),
    blocks: [
      paragraph(`${t('docs.plans.lead')} ${seePricing(topic)}`.trimEnd()),
      table(
        t('docs.plans.title'),
        [t('docs.column.plan'), t('docs.column.modules')],
        declared.map((plan) => [
          plain(plan.title),
          plan.modules.map(titleOf).map(plain).join(', '),
        ]),
      ),
      ...(first ? [paragraph(t('docs.plans.new', { plan: plain(first.title) }))] : []),
    ],
    parts: [],
  };
}

/** The gate's five stages, as this platform has them. */
export function lifecycle(topic: Topic): Section {
  const { t, platform } = topic;
  const { organizationHeader: header, modules, namedLimits, dialect } = platform;
  const inPath = platform.routes.some(({ organizationParam }) => organizationParam !== undefined);
  const methods = named(topic, topic.kinds);
  const perOrganization = namedLimits.some(({ per }) => per === 'organization');
  const { status } = dialect.denials.organization_mismatch;
  return {
    id: 'request-lifecycle',
    title: t('docs.lifecycle.title'),
    blocks: [
      paragraph(t('docs.lifecycle.lead')),
      steps([
        t('docs.lifecycle.authentication', { methods }),
        header
          ? t('docs.lifecycle.tenant_header', { header: code(headerName(header.name)) })
          : t('docs.lifecycle.tenant'),
        t(inPath ? 'docs.lifecycle.ownership_path' : 'docs.lifecycle.ownership'),
        t(modules.length > 0 ? 'docs.lifecycle.entitlement_module' : 'docs.lifecycle.entitlement'),
        t(perOrganization ? 'docs.lifecycle.metering_organization' : 'docs.lifecycle.metering'),
      ]),
      ...when(inPath, paragraph(t('docs.lifecycle.mismatch', { status: statusLine(status) }))),
    ],
    parts: [],
  };
}

const statusLine = (status: number) => (status === 403 ? '403 Forbidden' : String(status));
