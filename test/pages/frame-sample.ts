import type { Frame, SectionName } from '../../src/pages/dashboard-models.ts';

const HERE = '/dashboard/organizations/019a8c9e-77b6-7bd1-a0c6-5ad2f4c1f3f0';

/** The frame around a page of the dashboard, for somebody with two organizations. */
export function frameSample(section: SectionName, notice?: string): Frame {
  const links = (names: readonly SectionName[]) =>
    names.map((name) => ({
      ...{ name, current: name === section },
      href: `${HERE}/${name.replace('_', '-')}`,
    }));
  return {
    account: { name: 'Ada Lovelace', email: 'ada@analytical.example' },
    organization: { id: 'org_1', name: 'Analytical Engines', role: 'owner' },
    organizations: [
      { name: 'Analytical Engines', href: HERE, current: true },
      { name: 'Difference & Sons', href: '/dashboard/organizations/org_2', current: false },
    ],
    groups: [
      { links: links(['overview']) },
      { name: 'build', links: links(['keys', 'apps', 'service_accounts', 'playground', 'docs']) },
      { name: 'organization', links: links(['usage', 'members', 'plan', 'audit']) },
      { name: 'account', links: links(['connected_apps', 'security']) },
    ],
    signOut: { action: '/sign-out', csrf: 'k2nVdW5pdA' },
    ...(notice === undefined ? {} : { notice }),
  };
}
