import type { FastifyReply } from 'fastify';
import { sendPage } from '../doors/browser.ts';
import type { IdentityService } from '../identity/identity.service.ts';
import type { Proofs } from '../identity/second-factor/proofs.ts';
import { epochSeconds } from '../lib/clock.ts';
import type { BrowserSessions } from '../oauth/sessions/browser-sessions.ts';
import type { UserSession, UserSessions } from '../oauth/sessions/user-sessions.store.ts';
import type {
  PasswordForm,
  SecurityError,
  SecurityPage,
  SessionRow,
} from '../pages/security-models.ts';
import type { Area } from './area.ts';
import { frameOf } from './frame.ts';
import { noticeOf } from './notices.ts';
import { readUserAgent } from './user-agent.ts';
import type { Visit } from './visit.ts';

export interface SecurityDependencies {
  identity: IdentityService;
  proofs: Proofs;
  sessions: BrowserSessions;
  userSessions: UserSessions;
}

export const SECURITY = '/dashboard/security';

const NOTICES = [
  ...['session_ended', 'sessions_ended', 'password_changed'],
  ...['passkey_added', 'passkey_renamed', 'passkey_removed'],
  ...['second_factor_off', 'codes_sent_before'],
] as const;

/** How long a sign-in is fresh enough to change what signing in takes, in seconds. */
const FRESH_SECONDS = 15 * 60;

/** Where to prove once more who one is. */
const CONFIRM_URL = `/sign-in?return_to=${encodeURIComponent(SECURITY)}&again=yes`;

/** A session that somebody has stolen, or was left open, must not become a passkey of theirs. */
export const isFresh = ({ session }: Visit, { clock }: Area): boolean =>
  epochSeconds(clock) - session.signedInAt <= FRESH_SECONDS;

/** A handler for whoever has signed in just now; others do so again first. */
export const freshOnly =
  (area: Area, handler: (visit: Visit) => Promise<FastifyReply>) =>
  async (visit: Visit): Promise<FastifyReply> =>
    isFresh(visit, area) ? handler(visit) : visit.reply.redirect(CONFIRM_URL, 303);

/** After a form: to the page, which says what was done. */
export const doneAt = (visit: Visit, notice: (typeof NOTICES)[number]): FastifyReply =>
  visit.reply.redirect(`${SECURITY}?done=${notice}`, 303);

interface Shown {
  password?: PasswordForm['errors'];
  error?: SecurityError;
  passkeyName?: string;
  /** Default 422 where there is an error, else 200. */
  status?: number;
}

export async function showSecurity(
  visit: Visit,
  area: Area,
  deps: SecurityDependencies,
  shown: Shown = {},
): Promise<FastifyReply> {
  const { user, session, csrf } = visit;
  const { passkeys, secondFactor } = deps.proofs;
  const { notice } = noticeOf(visit, NOTICES);
  const [known, sessions, codesLeft] = await Promise.all([
    passkeys.list(user.id),
    deps.userSessions.of(user.id),
    user.secondFactor ? secondFactor.codesLeft(user.id) : 0,
  ]);
  const html = area.pages.render('dashboard/security/overview', {
    frame: frameOf(visit, area.platform, { section: 'security', csrf, notice }),
    sessions: sessions.map((each) => toRow(each, session.uid, csrf)),
    ...(sessions.some(({ uid }) => uid !== session.uid)
      ? { endOthers: { action: `${SECURITY}/sessions/end-others`, csrf } }
      : {}),
    password: {
      ...{ action: `${SECURITY}/password`, csrf },
      ...(shown.password ? { errors: shown.password } : {}),
    },
    passkeys: known.map((passkey) => ({
      ...{ name: passkey.name, since: passkey.createdAt, backedUp: passkey.backedUp },
      ...(passkey.lastUsedAt ? { lastUsed: passkey.lastUsedAt } : {}),
      editUrl: `${SECURITY}/passkeys/${passkey.id}`,
    })),
    secondFactor: { on: user.secondFactor, codesLeft },
    passkeysPossible: passkeys.isPossible,
    ...(isFresh(visit, area)
      ? { change: await changesOf(visit, area, deps, known.length > 0) }
      : { confirmUrl: CONFIRM_URL }),
    ...(shown.error ? { error: shown.error } : {}),
    ...(shown.passkeyName ? { passkeyName: shown.passkeyName } : {}),
  });
  const failed = shown.error || shown.password;
  return sendPage(visit.reply, html, shown.status ?? (failed ? 422 : 200));
}

/** What may be done, each with its form. */
async function changesOf(
  { user, session, csrf }: Visit,
  { sentForms }: Area,
  { proofs: { passkeys } }: SecurityDependencies,
  hasPasskey: boolean,
): Promise<NonNullable<SecurityPage['change']>> {
  const form = (path: string) => ({ action: `${SECURITY}/${path}`, csrf });
  const once = (path: string) => ({ ...form(path), form: sentForms.newToken() });
  const options =
    passkeys.isPossible && JSON.stringify(await passkeys.newPasskeyOptions(user, session.uid));
  return {
    ...(options ? { add: { ...form('passkeys'), options } } : {}),
    ...(user.secondFactor
      ? { turnOff: form('second-step/off'), renewCodes: once('recovery-codes') }
      : {}),
    ...(!user.secondFactor && hasPasskey ? { turnOn: once('second-step/on') } : {}),
  };
}

function toRow(session: UserSession, currentUid: string, csrf: string): SessionRow {
  const { uid, signedInAt: since, address, userAgent, lastSeenAt } = session;
  const isCurrent = uid === currentUid;
  return {
    ...(userAgent ? readUserAgent(userAgent) : {}),
    ...(address ? { address } : {}),
    since,
    ...(lastSeenAt && !isCurrent ? { lastSeen: lastSeenAt } : {}),
    ...(isCurrent ? {} : { end: { action: `${SECURITY}/sessions/${uid}/end`, csrf } }),
  };
}
