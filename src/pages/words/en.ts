import { apps } from './en/apps.ts';
import { audit } from './en/audit.ts';
import { dashboard } from './en/dashboard.ts';
import { docs } from './en/docs.ts';
import { docsCredentials } from './en/docs-credentials.ts';
import { keys } from './en/keys.ts';
import { leaks } from './en/leaks.ts';
import { members } from './en/members.ts';
import { operator } from './en/operator.ts';
import { organization } from './en/organization.ts';
import { people } from './en/people.ts';
import { playground } from './en/playground.ts';
import { reference } from './en/reference.ts';
import { security } from './en/security.ts';
import { serviceAccounts } from './en/service-accounts.ts';
import { usage } from './en/usage.ts';
import { webhooks } from './en/webhooks.ts';

/** The words of the public documents, which are in English whatever the reader prefers. */
export const documents = { ...docs, ...docsCredentials, ...reference };

/** Every word that people read on the pages: one flat catalogue, in a file for each part of the house. */
export const en = {
  ...documents,
  ...people,
  ...dashboard,
  ...keys,
  ...leaks,
  ...usage,
  ...apps,
  ...serviceAccounts,
  ...playground,
  ...members,
  ...organization,
  ...audit,
  ...security,
  ...operator,
  ...webhooks,
};
