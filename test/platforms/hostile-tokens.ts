import { bodyFor, type HostileRequest } from './hostile-requests.ts';
import {
  BROKEN_BODIES,
  CONTENT_TYPES,
  type Dice,
  HOSTILE_TEXTS,
  hostileValue,
  inHeader,
  METHODS,
  NOT_UTF8,
} from './hostile-values.ts';

// Requests to the endpoints that hand out credentials to whoever asks.

/** A field of a body, or several of the same name in a form. */
type Fields = [name: string, value: unknown][];

const FORM_TYPES = [
  ...Array(6).fill('application/x-www-form-urlencoded'),
  ...['application/x-www-form-urlencoded; charset=utf-16', 'APPLICATION/X-WWW-FORM-URLENCODED;;'],
];

const textOf = (value: unknown) =>
  (typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed();

/** Fields that are right, with some of them lost, doubled, or something else. */
function disturb(dice: Dice, fields: Fields): Fields {
  const disturbed = fields.flatMap(([name, value]): Fields => {
    if (dice.chance(0.04)) return [];
    if (dice.chance(0.05)) return [[name, hostileValue(dice)]];
    if (dice.chance(0.02)) return [[`${name}${dice.oneOf(['[]', '[a]', '.', '\0'])}`, value]];
    return dice.chance(0.02) ? [...fields, [name, value]] : [[name, value]];
  });
  if (dice.chance(0.1)) disturbed.push([dice.oneOf(HOSTILE_TEXTS), hostileValue(dice)]);
  return disturbed;
}

/** A form, mostly; what else comes is no form at all. */
export function formBody(dice: Dice, fields: Fields): Pick<HostileRequest, 'headers' | 'body'> {
  const type = dice.chance(0.92) ? dice.oneOf(FORM_TYPES) : dice.oneOf(CONTENT_TYPES);
  const headers = { 'content-type': type };
  if (dice.chance(0.06)) return { headers, body: dice.oneOf([...BROKEN_BODIES, ...NOT_UTF8]) };
  const pairs = disturb(dice, fields).map(([name, value]): [string, string] => [
    textOf(name),
    textOf(value),
  ]);
  const text = new URLSearchParams(pairs).toString();
  const cut = dice.chance(0.04) ? dice.oneOf(['%', '&&=', '%zz', '%00', '=', '&a=%ff']) : '';
  return { headers, body: Buffer.from(text + cut) };
}

function jsonBody(dice: Dice, fields: Fields) {
  return bodyFor(dice, Object.fromEntries(disturb(dice, fields)));
}

/** From many addresses, so that no throttle ends the run. */
const from = (dice: Dice) => ({
  'x-forwarded-for': `198.51.${dice.below(256)}.${dice.below(256)}`,
});

/** What a browser or a caller may add that such an endpoint has no use for. */
const besides = (dice: Dice): Record<string, string> =>
  dice.chance(0.85)
    ? {}
    : {
        [dice.oneOf(['authorization', 'cookie', 'origin', 'accept', 'x-api-key', 'if-match'])]:
          inHeader(dice.oneOf(HOSTILE_TEXTS)),
      };

/** Mostly POST to the path itself. */
const lineFor = (dice: Dice, path: string) => ({
  method: dice.chance(0.94) ? 'POST' : dice.oneOf(METHODS),
  target: dice.chance(0.95) ? path : `${path}${dice.oneOf(['/', '?a=b', '%20', ';x', '/x'])}`,
});

export interface Person {
  email: string;
  password: string;
  organizationId: string;
}

/**
 * Requests for user tokens by password and by refresh token.
 *
 * @param secrets.newPassword one that is wrong, and can be found again
 */
export function createUserTokenRequests(
  dice: Dice,
  ground: {
    tokenPath: string;
    refreshPath: string;
    people: readonly Person[];
    scopes: readonly string[];
    newPassword(): string;
    /** What the server has handed out so far. */
    refreshTokens: readonly string[];
  },
) {
  const scope = (): Fields =>
    dice.chance(0.3) ? [['scope', dice.oneOf([...ground.scopes, 'openid', 'gate:decide'])]] : [];

  function byPassword(): Fields {
    const { email, password, organizationId } = dice.oneOf(ground.people);
    const organization = dice.oneOf([organizationId, dice.oneOf(ground.people).organizationId]);
    return [
      ['email', dice.chance(0.85) ? email : `${dice.below(1e6)}@example.com`],
      ['password', dice.chance(0.6) ? password : ground.newPassword()],
      ...(dice.chance(0.3) ? ([['organizationId', organization]] as Fields) : []),
      ...scope(),
    ];
  }

  function byRefreshToken(): Fields {
    const known = ground.refreshTokens.at(-1) ?? '';
    const token = dice.oneOf([
      ...[known, known, known, dice.oneOf([...ground.refreshTokens, ''])],
      ...[`${known.slice(0, -3)}${dice.below(1e3)}`, `${known}\0`, ` ${known}`],
    ]);
    return [['refreshToken', token], ...scope()];
  }

  return function next(): HostileRequest {
    const byToken = dice.chance(0.5);
    const fields = byToken ? byRefreshToken() : byPassword();
    const { headers, body } = dice.chance(0.6) ? jsonBody(dice, fields) : formBody(dice, fields);
    return {
      ...lineFor(dice, byToken ? ground.refreshPath : ground.tokenPath),
      ...{ headers: { ...besides(dice), ...headers, ...from(dice) }, body },
    };
  };
}

/** Requests for playground keys, by strangers with some fingerprint. */
export function createPlaygroundKeyRequests(dice: Dice, path: string) {
  return function next(): HostileRequest {
    const fingerprint = dice.oneOf([
      ...[`browser-${'x'.repeat(10)}-${dice.below(30)}`, `browser-${'x'.repeat(10)}-1`],
      ...[
        'x'.repeat(200),
        'x'.repeat(201),
        'x'.repeat(15),
        '👩‍👩‍👧'.repeat(3),
        `\0${'a'.repeat(20)}`,
      ],
      ...[`\ud800${'a'.repeat(20)}`, 'constructor'.repeat(2), `%00${'\u202e'.repeat(20)}`],
    ]);
    const { headers, body } = dice.chance(0.95)
      ? jsonBody(dice, [['fingerprint', fingerprint]])
      : formBody(dice, [['fingerprint', fingerprint]]);
    const { method, target } = lineFor(dice, path);
    return { method, target, headers: { ...besides(dice), ...headers, ...from(dice) }, body };
  };
}
