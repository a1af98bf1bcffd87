/** A browser without scripts: cookies with their paths, redirects one by one, forms as they stand. */
export interface UserAgent {
  get(url: string): Promise<Page>;
  submit(page: Page, form: Form, changes?: Record<string, string | string[]>): Promise<Page>;
  /** The cookies it would send there. */
  cookiesFor(url: string): string;
  setCookie(cookie: string, url: string): void;
  /** Follows redirects as long as they stay on the page's own origin. */
  follow(page: Page): Promise<Page>;
}

export interface Page {
  url: string;
  status: number;
  headers: Headers;
  body: string;
  forms: Form[];
}

export interface Form {
  action: string;
  method: string;
  fields: [name: string, value: string][];
}

interface Cookie {
  name: string;
  value: string;
  path: string;
}

/** Between browser and server: TLS ends there, and everything goes on in the clear. */
export interface TlsProxy {
  /** What the browser believes to talk to, e.g. https://auth.example.test. */
  readonly origin: string;
  /** Where the server really listens, e.g. http://127.0.0.1:3000. */
  readonly address: string;
}

/** A fetch whose requests to the proxy's origin arrive at the server as the proxy would send them. */
export function fetchThrough(proxy: TlsProxy | undefined): typeof fetch {
  return (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (!proxy || url.origin !== proxy.origin) return fetch(request, init);
    const headers = new Headers(request.headers);
    headers.set('host', url.host);
    headers.set('x-forwarded-host', url.host);
    headers.set('x-forwarded-proto', 'https');
    headers.set('x-forwarded-for', '203.0.113.9');
    return fetch(`${proxy.address}${url.pathname}${url.search}`, { ...init, headers });
  };
}

/**
 * @param proxy stands before the server, so that the browser speaks https
 * @param language what it sends as Accept-Language; default `*`
 */
export function createUserAgent(proxy?: TlsProxy, language = '*'): UserAgent {
  const cookies: Cookie[] = [];
  const send = fetchThrough(proxy);

  const cookiesFor = (url: string) => {
    const { pathname } = new URL(url);
    return cookies
      .filter(({ path }) => path === '/' || pathname === path || pathname.startsWith(`${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  };

  function setCookie(header: string, url: string): void {
    const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
    const separator = pair.indexOf('=');
    const name = pair.slice(0, separator);
    const value = pair.slice(separator + 1);
    const attribute = (wanted: string) =>
      attributes
        .find((one) => one.toLowerCase().startsWith(`${wanted}=`))
        ?.slice(wanted.length + 1);
    const path = attribute('path') ?? new URL(url).pathname;
    refuseBrokenCookie(header, name, attributes, path, url);
    const known = cookies.findIndex((one) => one.name === name && one.path === path);
    if (known >= 0) cookies.splice(known, 1);
    const expires = attribute('expires');
    const isGone = attribute('max-age') === '0' || (expires && Date.parse(expires) < Date.now());
    if (!isGone && value !== '') cookies.push({ name, value, path });
  }

  async function request(url: string, init: RequestInit): Promise<Page> {
    const response = await send(url, {
      ...init,
      redirect: 'manual',
      headers: {
        ...{ accept: 'text/html,*/*;q=0.8', 'accept-language': language },
        cookie: cookiesFor(url),
        ...init.headers,
      },
    });
    for (const header of response.headers.getSetCookie()) setCookie(header, url);
    const body = await response.text();
    return {
      url,
      status: response.status,
      headers: response.headers,
      body,
      forms: readForms(body, url),
    };
  }

  const agent: UserAgent = {
    cookiesFor,
    setCookie,
    get: (url) => request(url, { method: 'GET' }),
    async submit(page, form, changes = {}) {
      const values = new URLSearchParams(
        form.fields.filter(([name]) => !Object.hasOwn(changes, name)),
      );
      for (const [name, value] of Object.entries(changes)) {
        for (const one of [value].flat()) values.append(name, one);
      }
      return request(form.action, {
        method: 'POST',
        body: values.toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          origin: new URL(page.url).origin,
        },
      });
    },
    async follow(page) {
      let here = page;
      for (let hops = 0; hops < 10; hops += 1) {
        const location = here.headers.get('location');
        if (!location) return here;
        const next = new URL(location, here.url);
        if (next.origin !== new URL(here.url).origin) return here;
        if (next.pathname === '/demo/callback') return here;
        here = await agent.get(next.href);
      }
      throw new Error(`too many redirects, the last to ${here.url}`);
    },
  };
  return agent;
}

/** A cookie that a browser would drop in silence is a mistake of the server (RFC 6265bis §5.7). */
function refuseBrokenCookie(
  header: string,
  name: string,
  attributes: readonly string[],
  path: string,
  url: string,
): void {
  const has = (wanted: RegExp) => attributes.some((one) => wanted.test(one));
  const secure = has(/^secure$/i);
  const isHttps = url.startsWith('https:');
  const broken =
    (secure && !isHttps) ||
    (/^__(Host|Secure)-/.test(name) && !secure) ||
    (name.startsWith('__Host-') && (path !== '/' || has(/^domain=/i)));
  if (broken) throw new Error(`a browser would refuse this cookie at ${url}: ${header}`);
}

/** Where a page sends the browser to next, resolved. */
export const locationOf = (page: Page): URL =>
  new URL(page.headers.get('location') ?? 'nowhere:', page.url);

const unescapeHtml = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

function readForms(html: string, base: string): Form[] {
  return Array.from(
    html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g),
    ([, tag = '', inner = '']) => ({
      action: new URL(attributeOf(tag, 'action') ?? base, base).href,
      method: (attributeOf(tag, 'method') ?? 'get').toLowerCase(),
      fields: Array.from(inner.matchAll(/<input\b([^>]*)>/g), ([, input = '']) => input)
        .filter((input) => {
          const type = attributeOf(input, 'type');
          const isChoice = type === 'checkbox' || type === 'radio';
          return !isChoice || /\schecked\b/.test(input);
        })
        .map((input): [string, string] => [
          attributeOf(input, 'name') ?? '',
          attributeOf(input, 'value') ?? '',
        ])
        .filter(([name]) => name !== ''),
    }),
  );
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : unescapeHtml(value);
}
