import { apps } from './de/apps.ts';
import { audit } from './de/audit.ts';
import { dashboard } from './de/dashboard.ts';
import { keys } from './de/keys.ts';
import { leaks } from './de/leaks.ts';
import { members } from './de/members.ts';
import { operator } from './de/operator.ts';
import { organization } from './de/organization.ts';
import { people } from './de/people.ts';
import { playground } from './de/playground.ts';
import { security } from './de/security.ts';
import { serviceAccounts } from './de/service-accounts.ts';
import { usage } from './de/usage.ts';
import { webhooks } from './de/webhooks.ts';
import { documents } from './en.ts';

/** German. The documents stay English: they quote an API, and an operator's texts, that are English. */
export const de = {
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
