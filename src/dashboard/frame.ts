import type { Frame, SectionGroup, SectionName } from '../pages/dashboard-models.ts';
import type { Platform } from '../platform/platform.ts';
import type { Visit } from './visit.ts';

/** The part of the address below an organization's own, or by itself for what is the person's. */
const PATHS: Record<SectionName, string> = {
  overview: '',
  keys: '/keys',
  apps: '/apps',
  service_accounts: '/service-accounts',
  webhooks: '/webhooks',
  usage: '/usage',
  members: '/members',
  plan: '/plan',
  audit: '/audit',
  settings: '/settings',
  connected_apps: '/dashboard/connected-apps',
  security: '/dashboard/security',
  operator: '/dashboard/operator',
  playground: '/playground',
  docs: '/docs/authentication',
};

const OF_THE_PERSON: readonly SectionName[] = [
  'connected_apps',
  'security',
  'operator',
  'playground',
  'docs',
];

/** Where a section is, for an organization. */
export const pathOf = (section: SectionName, organizationId: string): string =>
  OF_THE_PERSON.includes(section)
    ? PATHS[section]
    : `/dashboard/organizations/${organizationId}${PATHS[section]}`;

/** The sections there are on this platform. */
export function sectionsOf(platform: Platform) {
  const when = (is: boolean, name: SectionName): SectionName[] => (is ? [name] : []);
  return {
    build: [
      'keys',
      'apps',
      ...when(platform.serviceJwts.enabled, 'service_accounts'),
      ...when(platform.webhooks.enabled, 'webhooks'),
      ...when(platform.oauth.playgroundEnabled, 'playground'),
      'docs',
    ],
    organization: ['usage', 'members', 'plan', 'audit', 'settings'],
    account: ['connected_apps', 'security'],
  } satisfies Record<string, SectionName[]>;
}

/** What stands around a page of a visit. */
export function frameOf(
  visit: Visit,
  platform: Platform,
  page: { section: SectionName; csrf: string; notice?: string | undefined },
): Frame {
  const { user, memberships, organization } = visit;
  const organizationId = organization?.id ?? memberships[0]?.organizationId;
  const role = visit.role ?? memberships[0]?.role;
  const sections = sectionsOf(platform);
  const group = (
    names: readonly SectionName[],
    name?: SectionGroup['name'],
    title?: string,
  ): SectionGroup => ({
    ...(name ? { name } : {}),
    ...(title ? { title } : {}),
    links: names
      .filter((each) => organizationId !== undefined || OF_THE_PERSON.includes(each))
      // The log is for those who manage the organization.
      .filter((each) => each !== 'audit' || role !== 'member')
      .map((each) => ({
        name: each,
        href: pathOf(each, organizationId ?? ''),
        current: each === page.section,
      })),
  });
  const groups = [
    group(['overview']),
    group(sections.build, 'build', platform.documentation.developerMenu),
    group(sections.organization, 'organization'),
    group(sections.account, 'account'),
    group(user.platformRole === 'operator' ? ['operator'] : [], 'operator'),
  ];
  return {
    account: { name: user.name, email: user.email },
    ...(organization ? { organization: { ...organization, role: visit.role } } : {}),
    organizations: memberships.map((one) => ({
      name: one.organizationName,
      href: pathOf('overview', one.organizationId),
      current: one.organizationId === organization?.id,
    })),
    groups: groups.filter(({ links }) => links.length > 0),
    signOut: { action: '/sign-out', csrf: page.csrf },
    ...(page.notice ? { notice: page.notice } : {}),
  };
}
