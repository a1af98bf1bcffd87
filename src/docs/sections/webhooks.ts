import type { Webhooks } from '../../platform/platform.ts';
import { eventsOf, isOwnEvent } from '../../webhooks/events.ts';
import { type Block, paragraph, type Section, sample, table } from '../document.ts';
import { code, plain } from '../inline.ts';
import type { Topic } from '../topic.ts';

/** How a receiver tells that a delivery is genuine; undefined where there are no webhooks. */
export function webhooks({ t, platform, variable }: Topic): Section | undefined {
  const { webhooks: policy } = platform;
  if (!policy.enabled) return undefined;
  const { signatureHeader: header, signatureStyle: style, toleranceSeconds: seconds } = policy;
  const rate = { limit: policy.deliveryRate.limit, seconds: policy.deliveryRate.windowSeconds };
  const isPublishable = policy.events.some(({ name }) => !isOwnEvent(name));
  const shown = style === 'timestamped' ? 't=1767225600,v1=5257a8...' : 'sha256=5257a8...';
  return {
    id: 'webhooks',
    title: t('docs.webhooks.title'),
    blocks: [paragraph(t('docs.webhooks.lead')), paragraph(t('docs.webhooks.rate', rate))],
    parts: [
      {
        id: 'verifying-webhooks',
        title: t('docs.webhooks.verify_title'),
        blocks: [
          paragraph(t('docs.webhooks.header', { header: code(header) })),
          sample('webhook-signature', 'http', `${header}: ${shown}`),
          paragraph(
            style === 'timestamped'
              ? t('docs.webhooks.timestamped', { seconds })
              : t('docs.webhooks.plain'),
          ),
          verifying(policy, variable('webhook_secret')),
          paragraph(t('docs.webhooks.standard')),
          paragraph(t('docs.webhooks.again')),
        ],
      },
      {
        id: 'webhook-events',
        title: t('docs.webhooks.events_title'),
        blocks: [
          table(
            t('docs.webhooks.events_title'),
            [t('docs.column.event'), t('docs.column.description')],
            eventsOf(platform).map(({ name, description }) => [code(name), plain(description)]),
          ),
          ...(isPublishable ? [paragraph(t('docs.webhooks.publish'))] : []),
        ],
      },
    ],
  };
}

/** Functions of the header's value and the body as received. */
function verifying({ signatureStyle, toleranceSeconds }: Webhooks, secret: string): Block {
  const timestamped = signatureStyle === 'timestamped';
  return {
    kind: 'code',
    name: 'verify-webhook',
    samples: [
      {
        language: 'typescript',
        code: timestamped ? typescript(secret, toleranceSeconds) : typescriptPlain(secret),
      },
      {
        language: 'python',
        code: timestamped ? python(secret, toleranceSeconds) : pythonPlain(secret),
      },
    ],
  };
}

const typescript = (
  secret: string,
  tolerance: number,
) => `import { createHmac, timingSafeEqual } from 'node:crypto';

export function isGenuine(header: string, body: string): boolean {
  const time = /^t=(\\d+),/.exec(header)?.[1] ?? '0';
  if (Math.abs(Date.now() / 1000 - Number(time)) > ${tolerance}) return false;
  const key = Buffer.from(process.env.${secret}!.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(\`\${time}.\${body}\`).digest();
  return [...header.matchAll(/,v1=([0-9a-f]{64})/g)].some(([, signature]) =>
    timingSafeEqual(Buffer.from(signature!, 'hex'), expected),
  );
}`;

const typescriptPlain = (
  secret: string,
) => `import { createHmac, timingSafeEqual } from 'node:crypto';

export function isGenuine(header: string, body: string): boolean {
  const key = Buffer.from(process.env.${secret}!.replace('whsec_', ''), 'base64');
  const expected = createHmac('sha256', key).update(body).digest();
  return [...header.matchAll(/sha256=([0-9a-f]{64})/g)].some(([, signature]) =>
    timingSafeEqual(Buffer.from(signature!, 'hex'), expected),
  );
}`;

const python = (secret: string, tolerance: number) => `import base64, hashlib, hmac, os, re, time


def is_genuine(header: str, body: bytes) -> bool:
    match = re.match(r"t=(\\d+),", header)
    if not match or abs(time.time() - int(match[1])) > ${tolerance}:
        return False
    key = base64.b64decode(os.environ["${secret}"].replace("whsec_", ""))
    signed = match[1].encode() + b"." + body
    expected = hmac.new(key, signed, hashlib.sha256).hexdigest()
    given = re.findall(r",v1=([0-9a-f]{64})", header)
    return any(hmac.compare_digest(one, expected) for one in given)`;

const pythonPlain = (secret: string) => `import base64, hashlib, hmac, os, re


def is_genuine(header: str, body: bytes) -> bool:
    key = base64.b64decode(os.environ["${secret}"].replace("whsec_", ""))
    expected = hmac.new(key, body, hashlib.sha256).hexdigest()
    given = re.findall(r"sha256=([0-9a-f]{64})", header)
    return any(hmac.compare_digest(one, expected) for one in given)`;
