import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditContext } from '../audit/audit.ts';
import type { Maker } from '../credentials/maker.ts';
import type { ScopePolicy } from '../credentials/scope-policy.ts';
import { csrfToken } from '../doors/browser.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import type { NamedMembership, Organization, Role, User } from '../identity/identity.ts';
import type { OrganizationDirectory } from '../identity/organization-directory.ts';
import type { BrowserSession, BrowserSessions } from '../oauth/sessions/browser-sessions.ts';
import type { Platform } from '../platform/platform.ts';

/** Somebody who is signed in, at a page that is theirs. */
export interface Visit {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly session: BrowserSession;
  readonly user: User;
  /** Theirs, the oldest first. */
  readonly memberships: readonly NamedMembership[];
  readonly organization?: Organization;
  readonly role?: Role;
  /** For the page's forms. */
  readonly csrf: string;
  /** What a write takes along for its audit event. */
  readonly audit: AuditContext;
}

/** At a page of one of their organizations. */
export interface OrganizationVisit extends Visit {
  readonly organization: Organization;
  readonly role: Role;
  /** What they may hand on: their role's ceiling, for this organization. */
  readonly maker: Maker;
}

/** What isn't there, and what isn't theirs: one answer for both. */
export class PageNotFoundError extends Error {
  readonly statusCode = 404;

  constructor() {
    super('there is no such page');
  }
}

/** The person may see the page and not do what they asked for. */
export class NotAllowedError extends Error {
  readonly statusCode = 403;

  constructor() {
    super('the role does not include this');
  }
}

export interface VisitDependencies {
  platform: Platform;
  identity: Pick<IdentityService, 'findActiveUser' | 'membershipsOf'>;
  organizations: OrganizationDirectory;
  sessions: BrowserSessions;
  scopePolicy: ScopePolicy;
}

type Handler<Of extends Visit> = (visit: Of) => Promise<FastifyReply>;
type RouteHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

export interface Visits {
  /** For pages about the person. Whoever is not signed in is sent to do so, and comes back. */
  ofPerson(handler: Handler<Visit>): RouteHandler;
  /**
   * For pages below `/dashboard/organizations/:organization`.
   *
   * @throws PageNotFoundError for an organization that isn't theirs
   */
  ofOrganization(handler: Handler<OrganizationVisit>): RouteHandler;
  /**
   * For the operator's pages.
   *
   * @throws PageNotFoundError for everybody else, signed in or not
   */
  ofOperator(handler: Handler<Visit>): RouteHandler;
}

export function createVisits(deps: VisitDependencies): Visits {
  const { platform, identity, organizations, sessions, scopePolicy } = deps;

  async function begin(request: FastifyRequest, reply: FastifyReply): Promise<Visit | undefined> {
    const session = await sessions.current(request);
    const user = session && (await identity.findActiveUser(session.userId));
    if (!user) return undefined;
    const audit: AuditContext = {
      actor: { kind: 'user', id: user.id },
      address: request.ip,
      requestId: request.id,
    };
    const memberships = await identity.membershipsOf(user.id);
    return { request, reply, session, user, memberships, csrf: csrfToken(reply), audit };
  }

  return {
    ofPerson: (handler) => async (request, reply) => {
      const visit = await begin(request, reply);
      return visit ? handler(visit) : sendToSignIn(request, reply);
    },
    ofOrganization: (handler) => async (request, reply) => {
      const visit = await begin(request, reply);
      if (!visit) return sendToSignIn(request, reply);
      const { organization: id } = request.params as { organization: string };
      const membership = visit.memberships.find(({ organizationId }) => organizationId === id);
      const found = membership && (await organizations.find(id));
      if (!found) throw new PageNotFoundError();
      const { role, organizationName: name } = membership;
      // The name as it is at this moment: whoever changed it sees that they did.
      const organization: Organization = { ...found, name };
      const scopes = scopePolicy.expand(platform.roles[role]);
      const maker: Maker = { organizationId: organization.id, scopes };
      return handler({ ...visit, organization, role, maker });
    },
    ofOperator: (handler) => async (request, reply) => {
      const visit = await begin(request, reply);
      if (visit?.user.platformRole !== 'operator') throw new PageNotFoundError();
      return handler(visit);
    },
  };
}

/** A form that was sent too late is not sent again: its page is shown instead. */
function sendToSignIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const wanted = request.method === 'GET' ? request.url : '/dashboard';
  return reply.redirect(`/sign-in?return_to=${encodeURIComponent(wanted)}`, 303);
}
