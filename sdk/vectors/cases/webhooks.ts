import { createHmac } from 'node:crypto';
import { signatureHeaders } from '../../../src/webhooks/signatures.ts';

const secretOf = (text: string) => `whsec_${Buffer.from(text.padEnd(32, '.')).toString('base64')}`;
const SECRET = secretOf('the first secret');
const NEXT = secretOf('the second secret');
const OTHER = secretOf('of somebody else');

const AT = 1795219200;
const ID = 'msg_01999999';
const BODY = '{"type":"observation.created","data":{"id":"obs_1","note":"Grüße, 世界"}}';
const HEADER = 'X-Kliq-Signature';

const ABOUT =
  'Deliveries. payload is the exact body, UTF-8 (payloadBase64: the same, for bytes that are no text); header and style ' +
  'are those of the platform. Where webhook-signature is present, Standard Webhooks counts and nothing else; otherwise ' +
  'the header of the platform. timestamped: t=<seconds>,v1=<hex> over "<t>.<body>"; plain: sha256=<hex> over the body. ' +
  'Versions that are not known are passed over. Header names are case-insensitive. now and timestamps are seconds; a ' +
  'timestamp exactly toleranceSeconds (default 300) away is taken. expect.valid with id and timestamp (null where the ' +
  'style has none), or expect.error: missing_signature (no header that counts, or one of its companions absent), ' +
  'malformed_signature (cannot be read, or no signature of a known version), timestamp_out_of_tolerance, ' +
  'signature_mismatch; configuration: a ConfigurationError. A signature is checked before its timestamp.';

interface Delivery {
  readonly payload?: string;
  readonly payloadBase64?: string;
  readonly headers: Record<string, string>;
  readonly secrets?: readonly string[];
  readonly style?: 'timestamped' | 'plain';
  readonly toleranceSeconds?: number;
  readonly now?: number;
}

/** What Gatehouse itself would send. */
const signed = (
  style: 'timestamped' | 'plain',
  secrets: readonly string[] = [SECRET],
  timestamp = AT,
) =>
  signatureHeaders({ id: ID, timestamp, body: BODY }, secrets, {
    signatureHeader: HEADER,
    signatureStyle: style,
  });

function only(headers: Record<string, string>, which: 'own' | 'standard'): Record<string, string> {
  const isOwn = (name: string) => name === HEADER;
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => isOwn(name) === (which === 'own')),
  );
}

function sample(name: string, input: Delivery, expect: object) {
  const base = { secrets: [SECRET], header: HEADER, style: 'timestamped', now: AT };
  const payload = input.payloadBase64 === undefined ? { payload: BODY } : {};
  return { name, input: { ...payload, ...base, ...input }, expect };
}

const good = (id: string | null = null, timestamp: number | null = AT) => ({
  ...{ valid: true, id, timestamp },
});
const bad = (error: string) => ({ error });

const hmac = (key: string, content: string | Buffer) =>
  createHmac('sha256', Buffer.from(key.slice(6), 'base64')).update(content);

export function webhooks() {
  const own = only(signed('timestamped'), 'own');
  const standard = only(signed('timestamped'), 'standard');
  return {
    about: ABOUT,
    cases: [
      ...bothStyles('standard', standard, good(ID)),
      ...bothStyles('timestamped', own, good()),
      ...plain(),
      ...ownForm(own[HEADER]!),
      ...standardForm(standard),
      ...secrets(own),
    ],
  };
}

/** What both timestamped ways have in common. */
function bothStyles(way: string, headers: Record<string, string>, taken: object) {
  const late = (seconds: number, more: object = {}) => ({ headers, now: AT + seconds, ...more });
  const upper = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
  );
  const rotated = (secrets: readonly string[]) =>
    only(signed('timestamped', secrets), way === 'standard' ? 'standard' : 'own');
  const out = bad('timestamp_out_of_tolerance');
  const mismatch = bad('signature_mismatch');
  return [
    sample(`${way}: as it is sent`, { headers }, taken),
    sample(`${way}: header names in capitals`, { headers: upper }, taken),
    sample(`${way}: another secret`, { headers, secrets: [OTHER] }, mismatch),
    sample(`${way}: a body that was changed`, { headers, payload: `${BODY} ` }, mismatch),
    sample(`${way}: an empty body`, { headers, payload: '' }, mismatch),
    sample(`${way}: 300 s old`, late(300), taken),
    sample(`${way}: 301 s old`, late(301), out),
    sample(`${way}: 300 s ahead`, late(-300), taken),
    sample(`${way}: 301 s ahead`, late(-301), out),
    sample(`${way}: 11 s old with a tolerance of 10`, late(11, { toleranceSeconds: 10 }), out),
    sample(`${way}: old and wrongly signed`, late(900, { secrets: [OTHER] }), mismatch),
    sample(`${way}: the receiver knows both secrets`, { headers, secrets: [NEXT, SECRET] }, taken),
    sample(`${way}: the sender signs with both`, { headers: rotated([NEXT, SECRET]) }, taken),
    sample(`${way}: signed by two others`, { headers: rotated([NEXT, OTHER]) }, mismatch),
  ];
}

function plain() {
  const headers = only(signed('plain'), 'own');
  const twice = only(signed('plain', [NEXT, SECRET]), 'own');
  const style = 'plain';
  const taken = good(null, null);
  const of = (value: string) => ({ headers: { [HEADER]: value }, style }) as const;
  const hex = headers[HEADER]!.slice('sha256='.length);
  return [
    sample('plain: as it is sent', { headers, style }, taken),
    sample('plain: with no time, any is good', { headers, style, now: AT + 9e6 }, taken),
    sample('plain: the sender signs with both', { headers: twice, style }, taken),
    sample('plain: another body', { headers, style, payload: 'x' }, bad('signature_mismatch')),
    sample('plain: another algorithm', of(`sha1=${hex}`), bad('malformed_signature')),
    sample('plain: without its name', of(hex), bad('malformed_signature')),
    sample('plain: cut short', of(`sha256=${hex.slice(0, 62)}`), bad('signature_mismatch')),
    sample('plain: under a timestamped platform', { headers }, bad('malformed_signature')),
    sample(
      'plain: bytes that are no text',
      {
        payloadBase64: Buffer.from([0xff, 0x00, 0x80]).toString('base64'),
        ...of(`sha256=${hmac(SECRET, Buffer.from([0xff, 0x00, 0x80])).digest('hex')}`),
      },
      taken,
    ),
  ];
}

function ownForm(value: string) {
  const of = (text: string) => ({ headers: { [HEADER]: text } });
  const [time, signature] = value.split(',') as [string, string];
  const malformed = bad('malformed_signature');
  return [
    sample('timestamped: no header at all', { headers: {} }, bad('missing_signature')),
    sample('timestamped: an empty header', of(''), bad('missing_signature')),
    sample('timestamped: versions to come', of(`${time},v2=abc,${signature}`), good()),
    sample('timestamped: spaces after commas', of(`${time}, ${signature}`), good()),
    sample('timestamped: signature first', of(`${signature},${time}`), good()),
    sample('timestamped: no time', of(signature), malformed),
    sample('timestamped: no signature', of(time), malformed),
    sample('timestamped: only versions to come', of(`${time},v2=abc`), malformed),
    sample('timestamped: two times', of(`${time},t=1,${signature}`), malformed),
    sample('timestamped: a time with a sign', of(`t=+${AT},${signature}`), malformed),
    sample('timestamped: a time with a point', of(`t=${AT}.0,${signature}`), malformed),
    sample(
      'timestamped: a time of thirty digits',
      of(`t=${'9'.repeat(30)},${signature}`),
      malformed,
    ),
    sample('timestamped: no hex', of(`${time},v1=${'z'.repeat(64)}`), bad('signature_mismatch')),
    sample('timestamped: an empty signature', of(`${time},v1=`), bad('signature_mismatch')),
  ];
}

function standardForm(headers: Record<string, string>) {
  const without = (name: string) => {
    const { [name]: _, ...rest } = headers;
    return { headers: rest };
  };
  const withSignature = (text: string) => ({ headers: { ...headers, 'webhook-signature': text } });
  const signature = headers['webhook-signature']!;
  const malformed = bad('malformed_signature');
  const missing = bad('missing_signature');
  const { [HEADER]: own } = signed('timestamped');
  const downgrade = { headers: { ...withSignature('v1,AAAA').headers, [HEADER]: own! } };
  const time = (text: string) => ({ headers: { ...headers, 'webhook-timestamp': text } });
  return [
    sample('standard: beside the platform’s own', { headers: signed('timestamped') }, good(ID)),
    sample(
      'standard: wrong, beside a good one of the platform',
      downgrade,
      bad('signature_mismatch'),
    ),
    sample('standard: no id', without('webhook-id'), missing),
    sample('standard: no timestamp', without('webhook-timestamp'), missing),
    sample('standard: neither signature', without('webhook-signature'), missing),
    sample(
      'standard: another id',
      { headers: { ...headers, 'webhook-id': 'msg_2' } },
      bad('signature_mismatch'),
    ),
    sample('standard: versions to come', withSignature(`v1a,AAAA ${signature}`), good(ID)),
    sample('standard: only versions to come', withSignature('v1a,AAAA'), malformed),
    sample('standard: no version', withSignature(signature.slice(3)), malformed),
    sample('standard: a time that is none', time('now'), malformed),
    sample('standard: a time with a sign', time(`-${AT}`), malformed),
    sample('standard: no base64', withSignature('v1,%%%'), bad('signature_mismatch')),
  ];
}

function secrets(headers: Record<string, string>) {
  const configuration = bad('configuration');
  return [
    sample('secrets: none', { headers, secrets: [] }, configuration),
    sample('secrets: an empty one', { headers, secrets: [''] }, configuration),
    sample('secrets: without whsec_', { headers, secrets: [SECRET.slice(6)] }, configuration),
    sample('secrets: whsec_ alone', { headers, secrets: ['whsec_'] }, configuration),
    sample('secrets: no base64', { headers, secrets: ['whsec_%%%%'] }, configuration),
    sample('secrets: one of two unusable', { headers, secrets: [SECRET, 'whsec_'] }, configuration),
  ];
}
