import t from 'tap';
import { parse } from 'yaml';
import { CHECK_PATH } from '../../src/gate/forward-auth.routes.ts';
import { IDENTITY_HEADERS } from '../../src/gate/upstream-identity.ts';
import { readDeployed } from './gated-api.ts';

// deploy/gate-traefik.yml and deploy/gate-envoy.yaml: Debian has neither program, so these are only read.

t.test('configurations that were never run say so', async (t) => {
  for (const name of ['gate-traefik.yml', 'gate-envoy.yaml']) {
    t.match(readDeployed(name), '\n# NOT RUN HERE', name);
  }
  for (const name of ['gate-nginx.conf', 'gate.caddyfile']) {
    t.notMatch(readDeployed(name), 'NOT RUN', name);
  }
});

t.test(
  'Traefik asks at the path for headers, and takes identity from the gate alone',
  async (t) => {
    const { middlewares, routers } = parse(readDeployed('gate-traefik.yml')).http;
    const { forwardAuth } = middlewares.gatehouse;
    t.equal(new URL(forwardAuth.address).pathname, CHECK_PATH, 'without a slash at the end');
    t.equal(forwardAuth.trustForwardHeader, false);
    const pattern = new RegExp(forwardAuth.authResponseHeadersRegex.replace('(?i)', ''), 'i');
    for (const header of IDENTITY_HEADERS) t.match(header, pattern);
    t.match('X_gatehouse_subject', pattern);
    t.notMatch('authorization', pattern);
    const cleared = middlewares['caller-headers'].headers.customRequestHeaders;
    t.match(cleared, { 'X-Original-Method': /^$/, 'X-Original-Uri': /^$/ });
    t.same(routers.api.middlewares, ['caller-headers', 'gatehouse'], 'in this order');
  },
);

t.test(
  'Envoy asks in the path, fails closed, and takes identity from the gate alone',
  async (t) => {
    const [listener] = parse(readDeployed('gate-envoy.yaml')).static_resources.listeners;
    const manager = listener.filter_chains[0].filters[0].typed_config;
    const names = manager.http_filters.map(({ name }: { name: string }) => name);
    t.same(names, ['envoy.filters.http.ext_authz', 'envoy.filters.http.router']);
    const authorization = manager.http_filters[0].typed_config;
    t.equal(authorization.failure_mode_allow, false);
    const { path_prefix, authorization_response } = authorization.http_service;
    t.equal(path_prefix, CHECK_PATH);
    const [{ prefix }] = authorization_response.allowed_upstream_headers.patterns;
    for (const header of IDENTITY_HEADERS) t.ok(header.startsWith(prefix), header);
    t.equal(manager.common_http_protocol_options.headers_with_underscores_action, 'REJECT_REQUEST');
    t.same(manager.upgrade_configs, [{ upgrade_type: 'websocket' }]);
  },
);
