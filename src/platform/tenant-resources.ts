/** What a tenant manages by itself, in the words of the management API: what a scope may say it `manages`. */
export const TENANT_RESOURCES = [
  'api-keys',
  'audit',
  'clients',
  'memberships',
  'organizations',
  'service-accounts',
  'usage',
  'webhooks',
] as const;

export type TenantResource = (typeof TENANT_RESOURCES)[number];
