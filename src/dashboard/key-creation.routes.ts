import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { KeyFormError } from '../pages/keys-models.ts';
import { type Area, OF_ORGANIZATION } from './area.ts';
import { pathOf } from './frame.ts';
import {
  askedFor,
  errorsOf,
  formFields,
  type KeyOffer,
  type TypedKey,
  typedInto,
  untouched,
} from './key-form.ts';
import { sendSecret } from './key-secret-page.ts';
import { done, type KeyPageDependencies, keyFrame } from './key-visit.ts';
import { offeredPermissions } from './permission-choice.ts';
import { type OrganizationVisit, PageNotFoundError } from './visit.ts';

/** The form for a new key, and the one page that shows it. */
export function keyCreationRoutes(area: Area, deps: KeyPageDependencies): void {
  const { door, visits } = area;

  door.get(
    `${OF_ORGANIZATION}/keys/new`,
    visits.ofOrganization(async (visit) => {
      const offer = offerTo(visit, area, deps);
      return sendForm(visit, area, offer, untouched(offer));
    }),
  );

  door.post(
    `${OF_ORGANIZATION}/keys`,
    visits.ofOrganization(async (visit) => {
      const offer = offerTo(visit, area, deps);
      const typed = typedInto(offer, visit.request.body);
      const asked = askedFor(offer, typed);
      if ('errors' in asked) return sendForm(visit, area, offer, typed, asked.errors);
      const { form } = visit.request.body as Record<string, unknown>;
      const url = pathOf('keys', visit.organization.id);
      if (!(await area.sentForms.claim(visit.user.id, form)))
        return done(visit, url, 'key_form_sent');
      const made = await deps.apiKeys.create(asked.input, visit.maker, visit.audit);
      if (made.outcome === 'not_found') throw new PageNotFoundError();
      if (made.outcome !== 'done') {
        return sendForm(visit, area, offer, typed, errorsOf(offer, made.problems));
      }
      return sendSecret(visit, area, { outcome: 'created', secret: made.secret, key: made.key });
    }),
  );
}

function offerTo(
  visit: OrganizationVisit,
  { platform, clock }: Area,
  deps: KeyPageDependencies,
): KeyOffer {
  const { maker, organization } = visit;
  return {
    platform,
    permissions: offeredPermissions(
      platform,
      (scopes) => deps.scopePolicy.beyond(scopes, maker.scopes).length === 0,
    ),
    ...{ plan: organization.plan, organizationId: organization.id, now: clock.now() },
  };
}

/** Each time with a token of its own: one that was sent is used up. */
function sendForm(
  visit: OrganizationVisit,
  { pages, platform, sentForms }: Area,
  offer: KeyOffer,
  typed: TypedKey,
  errors: readonly KeyFormError[] = [],
): FastifyReply {
  const url = pathOf('keys', visit.organization.id);
  const html = pages.render('dashboard/keys/form', {
    frame: keyFrame(visit, platform),
    form: { action: url, csrf: visit.csrf },
    ...{ token: sentForms.newToken(), listUrl: url, errors },
    ...formFields(offer, typed),
  });
  return sendPage(visit.reply, html, errors.length > 0 ? 422 : 200);
}
