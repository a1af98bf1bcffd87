import type { NamedLimit, Platform, Route } from '../../platform/platform.ts';
import { bullets, paragraph, request, type Section } from '../document.ts';
import { code, plain } from '../inline.ts';
import { presenting, seePricing, type Topic } from '../topic.ts';

/** Keys for strangers; undefined where the platform has none. */
export function playgroundKeys(topic: Topic): Section | undefined {
  const { t, platform, issuer, value } = topic;
  const policy = platform.playgroundKeys;
  if (!policy.enabled) return undefined;
  const { environment, path, identifyBy, issueRate } = policy;
  const issuing = platform.keyEnvironments.find(({ name }) => name === environment);
  const tier = plain(issuing?.tier ?? issuing?.title ?? environment);
  const byFingerprint = identifyBy.includes('fingerprint');
  const open = routesOpenTo(platform, policy.plan);
  const route = open.find(
    ({ methods, segments }) =>
      methods.includes('GET') && segments.every(({ kind }) => kind !== 'parameter'),
  );
  const [way] = topic.presentationsOf('playground_key');
  const quotas = lifetimeQuotas(platform.namedLimits);
  return {
    id: 'playground-keys',
    title: t('docs.playground_keys.title'),
    blocks: [
      paragraph(
        quotas.length > 0
          ? t('docs.playground_keys.offer', { tier, quotas })
          : t('docs.playground_keys.offer_plain', { tier }),
      ),
      paragraph(
        `${identity(topic, byFingerprint, identifyBy.includes('address'))} ${seePricing(topic)}`.trimEnd(),
      ),
      paragraph(
        t('docs.playground_keys.ask', {
          endpoint: code(`POST ${path}`),
          limit: issueRate.limit,
          seconds: issueRate.windowSeconds,
        }),
      ),
      request('playground-key', {
        method: 'POST',
        url: issuer + path,
        ...(byFingerprint ? { body: { json: [['fingerprint', value('fingerprint')]] } } : {}),
      }),
      paragraph(t('docs.playground_keys.routes')),
      bullets(open.map(({ methods, path }) => code(`${methods[0]} ${path}`))),
      ...(way && route
        ? [
            request('call-with-playground-key', {
              ...presenting(topic, way, 'playground_key', {
                route,
                path: route.path.replace(/\/\*$/, ''),
              }),
            }),
          ]
        : []),
    ],
    parts: [],
  };
}

/** What the gate lets playground keys call: beside the route's own word, their plan must have its module. */
const routesOpenTo = ({ plans, routes }: Platform, named: string | undefined): Route[] => {
  const plan = plans.find(({ name }) => name === named);
  return routes.filter(
    ({ playground, module }) =>
      playground && (module === undefined || plan?.modules.includes(module)),
  );
};

const lifetimeQuotas = (limits: readonly NamedLimit[]) =>
  limits.filter(({ per, windowSeconds }) => per === 'identity' && windowSeconds === null);

function identity({ t }: Topic, byFingerprint: boolean, byAddress: boolean): string {
  if (byFingerprint && byAddress) return t('docs.playground_keys.identity_fingerprint_address');
  return t(
    byAddress
      ? 'docs.playground_keys.identity_address'
      : 'docs.playground_keys.identity_fingerprint',
  );
}
