import t from 'tap';
import { openDesk } from './desk.ts';

t.test(
  'a 401 leads to metadata of exactly the API it protects (RFC 9728 §3.3, §5.1)',
  async (t) => {
    const desk = await openDesk(t, 'kaie');
    const { headers } = await desk.decide('GET', '/v1/workflows');
    const address = /resource_metadata="([^"]+)"/.exec(headers['www-authenticate'] ?? '')?.[1];
    t.equal(address, `${desk.gatehouse.issuer}/.well-known/oauth-protected-resource`);
    const answer = await fetch(address!);
    t.equal(answer.status, 200);
    t.match(await answer.json(), {
      resource: desk.gatehouse.platform.api.identifier,
      authorization_servers: [desk.gatehouse.issuer],
      bearer_methods_supported: ['header'],
    });
  },
);

t.test(
  'a page of another origin may read it, with headers of its own (Fetch, CORS protocol)',
  async (t) => {
    const { gatehouse } = await openDesk(t, 'kaie');
    const url = `${gatehouse.issuer}/.well-known/oauth-protected-resource`;
    const asking = { 'access-control-request-method': 'GET' };
    const named = { ...asking, 'access-control-request-headers': 'mcp-protocol-version' };
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', ...named },
    });
    t.equal(preflight.status, 204);
    t.equal(preflight.headers.get('access-control-allow-origin'), '*');
    t.equal(preflight.headers.get('access-control-allow-headers'), 'mcp-protocol-version');
    const answer = await fetch(url, { headers: { origin: 'https://app.example' } });
    t.equal(answer.headers.get('access-control-allow-origin'), '*');
  },
);
